#include <unordered_map>
#include <unordered_set>

#include "graphql/validate.h"

// Two selections under one response key must mean the same. Comparing every pair, as the
// specification words it, takes the square of the document; here the selections of one key are put
// together and compared with their first, level by level, which is linear in each level.
namespace runstone::graphql {
namespace {

// A document can still spread one fragment under many merged parents; past this it is refused.
constexpr std::size_t kStepsMax = 2'000'000;

struct Entry {
  const Selection* selection;
  const NamedType* parent;  ///< of the selection set it stands in
  const Field* field;
};
using Entries = std::vector<Entry>;

class Overlaps {
 public:
  Overlaps(const Schema& schema, const ExecutableDocument& document, std::vector<Problem>& problems)
      : schema_(schema), document_(document), problems_(problems) {}

  void check(const std::vector<Selection>& selections, const NamedType& parent) {
    Entries entries;
    std::unordered_set<const Fragment*> seen;
    collect(selections, &parent, entries, seen);
    check_shapes(entries);
    check_same(entries);
  }

 private:
  bool spent() {
    if (++steps_ == kStepsMax) {
      problems_.push_back(invalid("Document is too complex to check for conflicting fields.", {}));
    }
    return steps_ >= kStepsMax || !problems_.empty();
  }

  void collect(const std::vector<Selection>& selections, const NamedType* parent, Entries& entries,
               std::unordered_set<const Fragment*>& seen) {
    for (const auto& selection : selections) {
      if (spent()) return;
      if (selection.kind == Selection::Kind::kField) {
        const auto* field = find_field(schema_, *parent, selection.name);
        if (field != nullptr) entries.push_back({&selection, parent, field});
        continue;
      }
      const auto* inner = &selection.selections;
      auto condition = selection.type_condition;
      if (selection.kind == Selection::Kind::kSpread) {
        const auto* fragment = document_.fragment(selection.name);
        if (fragment == nullptr || !seen.insert(fragment).second) continue;
        inner = &fragment->selections;
        condition = fragment->type_condition;
      }
      const auto* type = condition.empty() ? parent : schema_.type(condition);
      if (type != nullptr) collect(*inner, type, entries, seen);
    }
  }

  std::vector<Entries> by_key(const Entries& entries) {
    std::vector<Entries> groups;
    std::unordered_map<std::string_view, std::size_t> index;
    for (const auto& entry : entries) {
      const auto [found, fresh] = index.emplace(entry.selection->response_key(), groups.size());
      if (fresh) groups.emplace_back();
      groups[found->second].push_back(entry);
    }
    return groups;
  }

  Entries children(const Entries& group) {
    Entries entries;
    std::unordered_set<const Fragment*> seen;
    for (const auto& entry : group) {
      if (entry.field->named->composite()) {
        collect(entry.selection->selections, entry.field->named, entries, seen);
      }
    }
    return entries;
  }

  // Whatever the runtime types are, what stands under a key must have one shape.
  void check_shapes(const Entries& entries) {
    for (const auto& group : by_key(entries)) {
      for (const auto& entry : group) {
        if (spent()) return;
        if (!same_shape(group.front().field->type(), entry.field->type())) {
          conflict(group.front(), entry,
                   "they return conflicting types \"" + group.front().field->type().to_string() +
                       "\" and \"" + entry.field->type().to_string() + "\"");
          return;
        }
      }
      if (group.size() > 1 || !group.front().selection->selections.empty()) {
        check_shapes(children(group));
      }
    }
  }

  static bool same_shape(const TypeRef& a, const TypeRef& b) {
    if (a.wraps != b.wraps) return false;
    if (a.named->leaf() || b.named->leaf()) return a.named == b.named;
    return true;
  }

  // Selections that can apply to one object must be the same field with the same arguments. Objects
  // of different types are different objects; an interface's selections apply to each of them.
  void check_same(const Entries& entries) {
    for (const auto& group : by_key(entries)) {
      Entries common;
      std::unordered_map<const NamedType*, Entries> by_object;
      for (const auto& entry : group) {
        if (entry.parent->kind == TypeKind::kObject) {
          by_object[entry.parent].push_back(entry);
        } else {
          common.push_back(entry);
        }
      }
      if (by_object.empty()) check_group(common);
      for (auto& [object, own] : by_object) {
        own.insert(own.end(), common.begin(), common.end());
        check_group(own);
      }
      if (spent()) return;
    }
  }

  void check_group(const Entries& group) {
    for (const auto& entry : group) {
      if (spent()) return;
      const auto& first = *group.front().selection;
      if (entry.selection->name != first.name) {
        conflict(group.front(), entry,
                 "\"" + std::string(first.name) + "\" and \"" + std::string(entry.selection->name) +
                     "\" are different fields");
        return;
      }
      if (!same_arguments(first.arguments, entry.selection->arguments)) {
        conflict(group.front(), entry, "they have differing arguments");
        return;
      }
    }
    if (!group.empty()) check_same(children(group));
  }

  static bool same_arguments(const std::vector<Argument>& a, const std::vector<Argument>& b) {
    if (a.size() != b.size()) return false;
    for (const auto& argument : a) {
      const Argument* other = nullptr;
      for (const auto& candidate : b) {
        if (candidate.name == argument.name) other = &candidate;
      }
      if (other == nullptr || to_string(other->value) != to_string(argument.value)) return false;
    }
    return true;
  }

  void conflict(const Entry& a, const Entry& b, const std::string& why) {
    Problem problem = invalid("Fields \"" + std::string(a.selection->response_key()) +
                                  "\" conflict because " + why +
                                  ". Use different aliases on the fields to fetch both if this "
                                  "was intentional.",
                              a.selection->location);
    problem.locations.push_back(b.selection->location);
    problems_.push_back(std::move(problem));
  }

  const Schema& schema_;
  const ExecutableDocument& document_;
  std::vector<Problem>& problems_;
  std::size_t steps_ = 0;
};

}  // namespace

void check_overlaps(const Schema& schema, const ExecutableDocument& document,
                    std::vector<Problem>& problems) {
  for (const auto& operation : document.operations) {
    std::vector<Problem> found;
    const auto* root = schema.root(operation.kind);
    if (root != nullptr) Overlaps(schema, document, found).check(operation.selections, *root);
    problems.insert(problems.end(), found.begin(), found.end());
  }
}

}  // namespace runstone::graphql
