#include <algorithm>
#include <unordered_map>

#include "graphql/validate.h"

namespace runstone::graphql {
namespace {

struct Extent {
  std::size_t fields = 0;
  std::size_t aliases = 0;
  int depth = 0;
};

// Measures each fragment once. Its recursion is as deep as the levels it counts, so it stops at the
// limit instead of following a chain of ten thousand fragments.
class Measure {
 public:
  Measure(const ExecutableDocument& document, const Limits& limits, std::vector<Problem>& problems)
      : document_(document), limits_(limits), problems_(problems) {}

  void operation(const Operation& operation) {
    const auto extent = selections(operation.selections, 1);
    if (extent.fields > limits_.fields_max) {
      report("Document asks for more than the " + std::to_string(limits_.fields_max) +
                 " fields allowed, counting every fragment where it is spread.",
             operation.location);
    }
    if (extent.aliases > limits_.aliases_max) {
      report("Document has more than the " + std::to_string(limits_.aliases_max) +
                 " aliases allowed. Ask for a list, or in several requests.",
             operation.location);
    }
  }

  void fragment(const Fragment& fragment) { measure(fragment, 1); }

 private:
  Extent selections(const std::vector<Selection>& list, int level) {
    Extent total;
    if (level > limits_.depth_max) {
      report("Document is nested deeper than the " + std::to_string(limits_.depth_max) +
                 " levels allowed.",
             list.front().location);
      return total;
    }
    for (const auto& selection : list) {
      if (!problems_.empty()) return total;
      Extent inner;
      if (selection.kind == Selection::Kind::kSpread) {
        const auto* fragment = document_.fragment(selection.name);
        if (fragment != nullptr) inner = spread(*fragment, selection, level);
      } else if (!selection.selections.empty()) {
        inner = selections(selection.selections, level + 1);
      }
      if (selection.kind == Selection::Kind::kField) {
        ++inner.fields;
        if (!selection.alias.empty() && selection.alias != selection.name) ++inner.aliases;
      }
      total.fields = std::min(total.fields + inner.fields, limits_.fields_max + 1);
      total.aliases = std::min(total.aliases + inner.aliases, limits_.aliases_max + 1);
      total.depth = std::max(total.depth, inner.depth + 1);
    }
    return total;
  }

  Extent spread(const Fragment& fragment, const Selection& selection, int level) {
    const auto open = std::find(stack_.begin(), stack_.end(), &fragment);
    if (open != stack_.end()) {
      std::string message =
          "Cannot spread fragment \"" + std::string(fragment.name) + "\" within itself";
      for (auto via = open + 1; via != stack_.end(); ++via) {
        message += (via == open + 1 ? " via \"" : ", \"") + std::string((*via)->name) + "\"";
      }
      report(message + ".", selection.location);
      return {};
    }
    const auto inner = measure(fragment, level + 1);
    if (level + inner.depth > limits_.depth_max) {
      report("Document is nested deeper than the " + std::to_string(limits_.depth_max) +
                 " levels allowed.",
             selection.location);
    }
    return inner;
  }

  Extent measure(const Fragment& fragment, int level) {
    if (const auto known = known_.find(&fragment); known != known_.end()) return known->second;
    stack_.push_back(&fragment);
    const auto extent = selections(fragment.selections, level);
    stack_.pop_back();
    known_[&fragment] = extent;
    return extent;
  }

  void report(std::string message, Location location) {
    if (problems_.empty()) problems_.push_back(invalid(std::move(message), location));
  }

  const ExecutableDocument& document_;
  const Limits& limits_;
  std::vector<Problem>& problems_;
  std::vector<const Fragment*> stack_;
  std::unordered_map<const Fragment*, Extent> known_;
};

}  // namespace

void check_extent(const ExecutableDocument& document, const Limits& limits,
                  std::vector<Problem>& problems) {
  Measure measure(document, limits, problems);
  for (const auto& operation : document.operations) measure.operation(operation);
  for (const auto& fragment : document.fragments) {
    if (problems.empty()) measure.fragment(fragment);
  }
}

}  // namespace runstone::graphql
