#include "graphql/execute.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "graphql/coerce.h"
#include "graphql/serialize.h"

namespace runstone::graphql {
namespace {

/// All selections that answer under one response key, for one type of object.
struct Group {
  std::string_view key;
  const Field* field;
  std::vector<const Selection*> selections;
};
using Groups = std::vector<Group>;

/// Where in the response we are: a list of keys and indexes on the stack, written out for errors.
struct PathStep {
  const PathStep* before;
  std::string_view key;  ///< empty for an index
  std::size_t index = 0;

  List to_list() const {
    List path;
    for (const auto* step = this; step != nullptr; step = step->before) {
      path.push_back(step->key.empty() ? Value(step->index) : Value(step->key));
    }
    std::reverse(path.begin(), path.end());
    return path;
  }
};

class Execution {
 public:
  Execution(const Schema& schema, const ExecutableDocument& document, const Dict& variables,
            const Limits& limits, Context& context)
      : schema_(schema),
        document_(document),
        variables_(variables),
        limits_(limits),
        context_(context) {}

  Value run(const Operation& operation) {
    const auto& root = *schema_.root(operation.kind);
    Collected collected;
    collect(operation.selections, root, collected);
    Value data;
    const Value nothing = Dict();
    if (!object(root, Node::borrow(nothing), collected.groups, nullptr, data)) data = Value();
    Dict response;
    response.set("data", std::move(data));
    if (!problems_.empty()) {
      List errors;
      for (const auto& problem : problems_) errors.push_back(to_value(problem));
      response.set("errors", std::move(errors));
    }
    return response;
  }

 private:
  struct Collected {
    Groups groups;
    std::unordered_map<std::string_view, std::size_t> index;
    std::unordered_set<const Fragment*> seen;
  };
  /// The groups below one field for each type of object that was met there.
  using Below = std::unordered_map<const NamedType*, Groups>;

  bool included(const std::vector<Directive>& directives) const {
    for (const auto& directive : directives) {
      const bool skip = directive.name == "skip";
      if (!skip && directive.name != "include") continue;
      const auto arguments = coerce_arguments(schema_.directive(directive.name)->arguments,
                                              directive.arguments, variables_);
      const auto* condition = arguments ? arguments->find("if") : nullptr;
      if (condition != nullptr && condition->bool_or(false) == skip) return false;
    }
    return true;
  }

  void collect(const std::vector<Selection>& selections, const NamedType& type,
               Collected& collected) const {
    for (const auto& selection : selections) {
      if (!included(selection.directives)) continue;
      if (selection.kind == Selection::Kind::kField) {
        const auto key = selection.response_key();
        const auto [found, fresh] = collected.index.emplace(key, collected.groups.size());
        if (fresh) {
          collected.groups.push_back({key, find_field(type, selection.name), {}});
        }
        collected.groups[found->second].selections.push_back(&selection);
        continue;
      }
      auto condition = selection.type_condition;
      const auto* inner = &selection.selections;
      if (selection.kind == Selection::Kind::kSpread) {
        const auto* fragment = document_.fragment(selection.name);
        if (!collected.seen.insert(fragment).second) continue;
        condition = fragment->type_condition;
        inner = &fragment->selections;
        if (!included(fragment->directives)) continue;
      }
      if (!condition.empty() && !schema_.type(condition)->may_be(type)) continue;
      collect(*inner, type, collected);
    }
  }

  const Field* find_field(const NamedType& type, std::string_view name) const {
    const auto* field = type.field(name);
    return field != nullptr ? field : schema_.meta_field(type, name);
  }

  // False: a field that must not be null failed, so the object is null to whoever holds it.
  bool object(const NamedType& type, const Node& node, const Groups& groups, const PathStep* path,
              Value& out) {
    Dict dict;
    dict.reserve(groups.size());
    for (const auto& group : groups) {
      const PathStep step{path, group.key};
      Value value;
      if (!field(type, node, group, step, value)) return false;
      dict.set(group.key, std::move(value));
    }
    out = Value(std::move(dict));
    return true;
  }

  bool field(const NamedType& parent, const Node& node, const Group& group, const PathStep& path,
             Value& out) {
    const auto& field = *group.field;
    if (group.selections.front()->name == "__typename") {
      out = parent.name;
      return true;
    }
    Dict arguments;
    if (!field.arguments.empty()) {
      auto coerced =
          coerce_arguments(field.arguments, group.selections.front()->arguments, variables_);
      if (!coerced) {
        report(coerced.error().message, kBadUserInput, group, path);
        return !field.type().non_null();
      }
      arguments = *std::move(coerced);
    }
    Below below;
    if (!field.resolver) {
      const auto* properties = node.if_a<Value>();
      const auto* value = properties != nullptr ? properties->get(field.name) : nullptr;
      if (value == nullptr) return null(field.type(), group, path);
      return plain(field.type(), *value, nullptr, group, below, path, out);
    }
    const FieldCall call(node, arguments, context_, group.selections, document_);
    auto resolved = field.resolver(call);
    if (!resolved) {
      const auto& error = resolved.error();
      report(error.message, extension_code(error.code), group, path);
      return !field.type().non_null();
    }
    return complete(field.type(), *resolved, group, below, path, out);
  }

  bool null(TypeRef type, const Group& group, const PathStep& path) {
    if (!type.non_null()) return true;
    report("Cannot return null for non-nullable field " + group.field->name + ".",
           "INTERNAL_SERVER_ERROR", group, path);
    return false;
  }

  bool complete(TypeRef type, Resolved& resolved, const Group& group, Below& below,
                const PathStep& path, Value& out) {
    if (auto* value = resolved.if_value()) {
      return plain(type, *value, value, group, below, path, out);
    }
    if (type.non_null()) {
      return complete(type.inner(), resolved, group, below, path, out) && !lost(out, type);
    }
    if (auto* list = resolved.if_list()) {
      if (!type.list()) return mismatch(type, group, path);
      List items;
      items.reserve(list->size());
      for (std::size_t i = 0; i < list->size(); ++i) {
        const PathStep step{&path, {}, i};
        Value item;
        if (!complete(type.inner(), (*list)[i], group, below, step, item)) return keep_null(out);
        items.push_back(std::move(item));
      }
      out = Value(std::move(items));
      return true;
    }
    if (type.list()) return mismatch(type, group, path);
    return composite(type, *resolved.if_node(), group, below, path, out);
  }

  // A list or object that turned null below a non-null mark: the error is reported already.
  static bool lost(const Value& out, TypeRef) { return out.is_null(); }
  static bool keep_null(Value& out) {
    out = Value();
    return true;
  }

  // A plain value; `owned` is the same one where it may be moved out of.
  bool plain(TypeRef type, const Value& value, Value* owned, const Group& group, Below& below,
             const PathStep& path, Value& out) {
    if (value.is_null()) return null(type, group, path);
    if (type.non_null()) {
      return plain(type.inner(), value, owned, group, below, path, out) && !lost(out, type);
    }
    if (type.list()) {
      const auto* list = value.if_list();
      if (list == nullptr) return mismatch(type, group, path);
      List items;
      items.reserve(list->size());
      for (std::size_t i = 0; i < list->size(); ++i) {
        const PathStep step{&path, {}, i};
        Value* item_owned = owned != nullptr ? &(*owned->if_list())[i] : nullptr;
        Value item;
        if (!plain(type.inner(), (*list)[i], item_owned, group, below, step, item)) {
          return keep_null(out);
        }
        items.push_back(std::move(item));
      }
      out = Value(std::move(items));
      return true;
    }
    if (type.named->composite()) {
      if (!value.is_dict()) return mismatch(type, group, path);
      return composite(type, Node::borrow(value), group, below, path, out);
    }
    auto leaf = serialize(*type.named, owned != nullptr ? std::move(*owned) : Value(value));
    if (!leaf) {
      report(leaf.error().message, "INTERNAL_SERVER_ERROR", group, path);
      return true;
    }
    out = *std::move(leaf);
    return true;
  }

  bool mismatch(TypeRef type, const Group& group, const PathStep& path) {
    report("The answer to field " + group.field->name + " is not of type \"" + type.to_string() +
               "\".",
           "INTERNAL_SERVER_ERROR", group, path);
    return true;
  }

  bool composite(TypeRef type, const Node& node, const Group& group, Below& below,
                 const PathStep& path, Value& out) {
    if (node.empty()) return true;
    if (type.named->leaf()) return mismatch(type, group, path);
    const auto* object_type = type.named;
    if (type.named->abstract()) {
      object_type = schema_.type(runtime_name(node));
      if (object_type == nullptr || !type.named->may_be(*object_type)) {
        return mismatch(type, group, path);
      }
    }
    auto found = below.find(object_type);
    if (found == below.end()) {
      Collected collected;
      for (const auto* selection : group.selections) {
        collect(selection->selections, *object_type, collected);
      }
      found = below.emplace(object_type, std::move(collected.groups)).first;
    }
    if (!object(*object_type, node, found->second, &path, out)) out = Value();
    return true;
  }

  static std::string_view runtime_name(const Node& node) {
    if (!node.type_name().empty()) return node.type_name();
    const auto* properties = node.if_a<Value>();
    const auto* name = properties != nullptr ? properties->get("__typename") : nullptr;
    return name != nullptr ? name->string_or("") : "";
  }

  void report(std::string message, std::string code, const Group& group, const PathStep& path) {
    if (problems_.size() >= limits_.errors_max) return;
    problems_.push_back({std::move(message),
                         std::move(code),
                         {group.selections.front()->location},
                         path.to_list()});
  }

  const Schema& schema_;
  const ExecutableDocument& document_;
  const Dict& variables_;
  const Limits& limits_;
  Context& context_;
  std::vector<Problem> problems_;
};

}  // namespace

Value execute(const Schema& schema, const ExecutableDocument& document, const Operation& operation,
              const Dict& variables, const Limits& limits, Context& context) {
  return Execution(schema, document, variables, limits, context).run(operation);
}

}  // namespace runstone::graphql
