#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "graphql/coerce.h"
#include "graphql/validate.h"

namespace runstone::graphql {
namespace {

// A list whose length the document leaves open is taken for one of this length.
constexpr std::uint64_t kOpenPage = 100;

// Counts the fields of the longest answer that a valid document can have. A fragment costs the same
// wherever it is spread, so each is walked once.
class Complexity {
 public:
  Complexity(const Schema& schema, const ExecutableDocument& document, const Dict& variables,
             const Limits& limits, std::vector<Problem>& problems)
      : schema_(schema),
        document_(document),
        variables_(variables),
        limits_(limits),
        problems_(problems) {}

  void operation(const Operation& operation) {
    const auto cost = selections(operation.selections, *schema_.root(operation.kind));
    if (problems_.empty() && cost > limits_.complexity_max) {
      problems_.push_back(
          {"Document could answer more than the " + std::to_string(limits_.complexity_max) +
               " fields allowed. Ask for shorter pages, or for lists inside lists one by one.",
           kBadUserInput,
           {operation.location},
           {}});
    }
  }

 private:
  std::uint64_t selections(const std::vector<Selection>& list, const NamedType& type) {
    std::uint64_t total = 0;
    for (const auto& selection : list) {
      if (!problems_.empty()) return total;
      total = std::min(total + one(selection, type), limits_.complexity_max + 1);
    }
    return total;
  }

  std::uint64_t one(const Selection& selection, const NamedType& type) {
    if (selection.kind == Selection::Kind::kSpread) {
      const auto* fragment = document_.fragment(selection.name);
      if (const auto known = known_.find(fragment); known != known_.end()) return known->second;
      const auto* inner = schema_.type(fragment->type_condition);
      return known_[fragment] = selections(fragment->selections, *inner);
    }
    if (selection.kind == Selection::Kind::kInline) {
      const auto* inner =
          selection.type_condition.empty() ? &type : schema_.type(selection.type_condition);
      return selections(selection.selections, *inner);
    }
    const auto* field = find_field(schema_, type, selection.name);
    const auto length = page_length(*field, selection);
    if (selection.selections.empty() || !problems_.empty()) return 1;
    const auto inner = selections(selection.selections, *field->named);
    if (inner != 0 && length > limits_.complexity_max / inner) return limits_.complexity_max + 1;
    return 1 + length * inner;
  }

  /// How many elements the field asks for; 1 if it is no paged list.
  std::uint64_t page_length(const Field& field, const Selection& selection) {
    if (field.argument("first") == nullptr && field.argument("last") == nullptr) return 1;
    const auto arguments = coerce_arguments(field.arguments, selection.arguments, variables_);
    if (!arguments) return 1;  // execution says what is wrong with them
    for (const auto* name : {"first", "last"}) {
      const auto* given = arguments->find(name);
      if (given == nullptr || !given->is_int()) continue;
      const auto length = given->int_or(0);
      if (length >= 0 && length <= limits_.page_max) return static_cast<std::uint64_t>(length);
      problems_.push_back({"Argument \"" + std::string(name) + "\" of field \"" + field.name +
                               "\" is " + std::to_string(length) + "; a page has 0 to " +
                               std::to_string(limits_.page_max) + " elements.",
                           kBadUserInput,
                           {selection.location},
                           {}});
      return 1;
    }
    return kOpenPage;
  }

  const Schema& schema_;
  const ExecutableDocument& document_;
  const Dict& variables_;
  const Limits& limits_;
  std::vector<Problem>& problems_;
  std::unordered_map<const Fragment*, std::uint64_t> known_;
};

}  // namespace

void check_complexity(const Schema& schema, const ExecutableDocument& document,
                      const Operation& operation, const Dict& variables, const Limits& limits,
                      std::vector<Problem>& problems) {
  Complexity(schema, document, variables, limits, problems).operation(operation);
}

}  // namespace runstone::graphql
