#include "graphql/validate.h"

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "graphql/coerce.h"

namespace runstone::graphql {

Problem invalid(std::string message, Location location) {
  Problem problem{std::move(message), kValidationFailed, {}, {}};
  if (location.line != 0) problem.locations.push_back(location);
  return problem;
}

const Field* find_field(const Schema& schema, const NamedType& parent, std::string_view name) {
  if (const auto* field = parent.field(name)) return field;
  return schema.meta_field(parent, name);
}

namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

class Validator {
 public:
  Validator(const Schema& schema, const ExecutableDocument& document, const Limits& limits,
            std::vector<Problem>& problems)
      : schema_(schema), document_(document), limits_(limits), problems_(problems) {}

  void run() {
    names();
    for (const auto& fragment : document_.fragments) check(fragment);
    for (const auto& operation : document_.operations) check(operation);
  }

 private:
  // What one operation or fragment holds itself, without what it spreads.
  struct Body {
    std::vector<VariableUse> uses;
    std::vector<std::string_view> spreads;
  };

  void report(std::string message, Location location) {
    if (!full()) problems_.push_back(invalid(std::move(message), location));
  }
  bool full() const { return problems_.size() >= limits_.errors_max; }

  void names() {
    std::unordered_set<std::string_view> operations;
    for (const auto& operation : document_.operations) {
      if (operation.name.empty()) {
        if (document_.operations.size() > 1) {
          report("This anonymous operation must be the only defined operation.",
                 operation.location);
        }
      } else if (!operations.insert(operation.name).second) {
        report("There can be only one operation named " + quoted(operation.name) + ".",
               operation.location);
      }
    }
    std::unordered_set<std::string_view> fragments;
    for (const auto& fragment : document_.fragments) {
      if (!fragments.insert(fragment.name).second) {
        report("There can be only one fragment named " + quoted(fragment.name) + ".",
               fragment.location);
      }
    }
  }

  void check(const Fragment& fragment) {
    auto& body = bodies_[&fragment];
    body_ = &body;
    directives(fragment.directives, "FRAGMENT_DEFINITION");
    const auto* type = condition(fragment.type_condition, fragment.location, fragment.name);
    if (type != nullptr) selections(fragment.selections, *type);
  }

  void check(const Operation& operation) {
    Body body;
    body_ = &body;
    const auto* root = schema_.root(operation.kind);
    if (root == nullptr) {
      report(std::string("Schema is not configured to execute ") + to_string(operation.kind) +
                 " operation.",
             operation.location);
      return;
    }
    std::string place = to_string(operation.kind);
    for (char& c : place) c = static_cast<char>(c - 'a' + 'A');
    directives(operation.directives, place);
    selections(operation.selections, *root);
    variables(operation, body);
  }

  // ---- selections

  const NamedType* condition(std::string_view name, Location location, std::string_view fragment) {
    const auto* type = schema_.type(name);
    if (type == nullptr) {
      report("Unknown type " + quoted(name) + ".", location);
      return nullptr;
    }
    if (!type->composite()) {
      report("Fragment " + (fragment.empty() ? "" : quoted(fragment) + " ") +
                 "cannot condition on non composite type " + quoted(name) + ".",
             location);
      return nullptr;
    }
    return type;
  }

  void selections(const std::vector<Selection>& list, const NamedType& parent) {
    for (const auto& selection : list) {
      if (full()) return;
      switch (selection.kind) {
        case Selection::Kind::kField:
          field(selection, parent);
          break;
        case Selection::Kind::kSpread:
          spread(selection, parent);
          break;
        case Selection::Kind::kInline:
          inline_fragment(selection, parent);
          break;
      }
    }
  }

  void field(const Selection& selection, const NamedType& parent) {
    directives(selection.directives, "FIELD");
    const auto* field = find_field(schema_, parent, selection.name);
    if (field == nullptr) {
      report(
          "Cannot query field " + quoted(selection.name) + " on type " + quoted(parent.name) + ".",
          selection.location);
      return;
    }
    arguments(selection, *field, parent);
    const auto& type = *field->named;
    if (type.leaf()) {
      if (!selection.selections.empty()) {
        report("Field " + quoted(selection.name) + " must not have a selection since type " +
                   quoted(field->type().to_string()) + " has no subfields.",
               selection.location);
      }
      return;
    }
    if (selection.selections.empty()) {
      report("Field " + quoted(selection.name) + " of type " + quoted(field->type().to_string()) +
                 " must have a selection of subfields. Did you mean \"" +
                 std::string(selection.name) + " { ... }\"?",
             selection.location);
      return;
    }
    selections(selection.selections, type);
  }

  static bool overlap(const NamedType& a, const NamedType& b) {
    if (a.may_be(b) || b.may_be(a)) return true;
    for (const auto* object : a.possible_types) {
      if (b.may_be(*object)) return true;
    }
    return false;
  }

  void spread(const Selection& selection, const NamedType& parent) {
    directives(selection.directives, "FRAGMENT_SPREAD");
    const auto* fragment = document_.fragment(selection.name);
    if (fragment == nullptr) {
      report("Unknown fragment " + quoted(selection.name) + ".", selection.location);
      return;
    }
    body_->spreads.push_back(selection.name);
    const auto* type = schema_.type(fragment->type_condition);
    if (type != nullptr && type->composite() && !overlap(parent, *type)) {
      report("Fragment " + quoted(selection.name) + " cannot be spread here as objects of type " +
                 quoted(parent.name) + " can never be of type " + quoted(type->name) + ".",
             selection.location);
    }
  }

  void inline_fragment(const Selection& selection, const NamedType& parent) {
    directives(selection.directives, "INLINE_FRAGMENT");
    const auto* type = &parent;
    if (!selection.type_condition.empty()) {
      type = condition(selection.type_condition, selection.location, "");
      if (type == nullptr) return;
      if (!overlap(parent, *type)) {
        report("Fragment cannot be spread here as objects of type " + quoted(parent.name) +
                   " can never be of type " + quoted(type->name) + ".",
               selection.location);
      }
    }
    selections(selection.selections, *type);
  }

  // ---- arguments and directives

  void arguments(const Selection& selection, const Field& field, const NamedType& parent) {
    given(selection.arguments, field.arguments, [&](std::string_view name) {
      return "Unknown argument " + quoted(name) + " on field \"" + parent.name + "." + field.name +
             "\".";
    });
    for (const auto& definition : field.arguments) {
      if (definition.required() && !has(selection.arguments, definition.name)) {
        report("Field " + quoted(field.name) + " argument " + quoted(definition.name) +
                   " of type " + quoted(definition.type().to_string()) +
                   " is required, but it was not provided.",
               selection.location);
      }
    }
  }

  static bool has(const std::vector<Argument>& arguments, std::string_view name) {
    for (const auto& argument : arguments) {
      if (argument.name == name) return true;
    }
    return false;
  }

  template <typename Unknown>
  void given(const std::vector<Argument>& arguments, const std::vector<InputValue>& definitions,
             Unknown unknown) {
    std::unordered_set<std::string_view> seen;
    for (const auto& argument : arguments) {
      if (!seen.insert(argument.name).second) {
        report("There can be only one argument named " + quoted(argument.name) + ".",
               argument.location);
      }
      const InputValue* definition = nullptr;
      for (const auto& candidate : definitions) {
        if (candidate.name == argument.name) definition = &candidate;
      }
      if (definition == nullptr) {
        report(unknown(argument.name), argument.location);
      } else if (!full()) {
        check_literal(argument.value, definition->type(), definition->default_value.has_value(),
                      body_->uses, problems_);
      }
    }
  }

  void directives(const std::vector<Directive>& list, const std::string& place) {
    std::unordered_set<std::string_view> seen;
    for (const auto& directive : list) {
      const auto* definition = schema_.directive(directive.name);
      const auto at_name = "\"@" + std::string(directive.name) + "\"";
      if (definition == nullptr) {
        report("Unknown directive " + at_name + ".", directive.location);
        continue;
      }
      bool allowed = false;
      for (const auto& location : definition->locations) allowed = allowed || location == place;
      if (!allowed) {
        report("Directive " + at_name + " may not be used on " + place + ".", directive.location);
      }
      if (!seen.insert(directive.name).second && !definition->repeatable) {
        report("The directive " + at_name + " can only be used once at this location.",
               directive.location);
      }
      given(directive.arguments, definition->arguments, [&](std::string_view name) {
        return "Unknown argument " + quoted(name) + " on directive " + at_name + ".";
      });
      for (const auto& argument : definition->arguments) {
        if (argument.required() && !has(directive.arguments, argument.name)) {
          report("Directive " + at_name + " argument " + quoted(argument.name) + " of type " +
                     quoted(argument.type().to_string()) + " is required, but it was not provided.",
                 directive.location);
        }
      }
    }
  }

  // ---- variables

  void variables(const Operation& operation, const Body& body) {
    std::unordered_map<std::string_view, const VariableDefinition*> defined;
    for (const auto& variable : operation.variables) {
      if (!defined.emplace(variable.name, &variable).second) {
        report("There can be only one variable named \"$" + std::string(variable.name) + "\".",
               variable.location);
      }
      definition(variable);
    }
    std::unordered_set<const Fragment*> reached;
    std::vector<const Body*> open = {&body};
    while (!open.empty()) {
      const auto* current = open.back();
      open.pop_back();
      for (const auto& use : current->uses) this->use(use, operation, defined);
      for (const auto name : current->spreads) {
        const auto* fragment = document_.fragment(name);
        if (reached.insert(fragment).second) open.push_back(&bodies_[fragment]);
      }
    }
  }

  void definition(const VariableDefinition& variable) {
    const auto type = resolve_type(variable.type, schema_);
    if (type.named == nullptr) {
      report("Unknown type " + quoted(variable.type.name) + ".", variable.type.location);
      return;
    }
    if (!type.named->input()) {
      report("Variable \"$" + std::string(variable.name) + "\" cannot be non-input type " +
                 quoted(type.to_string()) + ".",
             variable.location);
      return;
    }
    if (!variable.has_default) return;
    if (const auto value = coerce_constant(variable.default_value, type); !value) {
      report(value.error().message, variable.default_value.location);
    }
  }

  void use(const VariableUse& use, const Operation& operation,
           const std::unordered_map<std::string_view, const VariableDefinition*>& defined) {
    const auto found = defined.find(use.literal->text);
    if (found == defined.end()) {
      report("Variable \"$" + use.literal->text + "\" is not defined" +
                 (operation.name.empty() ? "" : " by operation " + quoted(operation.name)) + ".",
             use.literal->location);
      return;
    }
    if (use.type.named == nullptr) return;
    const auto& variable = *found->second;
    auto type = resolve_type(variable.type, schema_);
    if (type.named == nullptr || fits(type, use, variable)) return;
    report("Variable \"$" + use.literal->text + "\" of type " + quoted(type.to_string()) +
               " used in position expecting type " + quoted(use.type.to_string()) + ".",
           use.literal->location);
  }

  // A default, on either side, fills in for a variable that is left out.
  static bool fits(TypeRef type, const VariableUse& use, const VariableDefinition& variable) {
    auto expected = use.type;
    if (expected.non_null() && !type.non_null()) {
      const bool variable_default =
          variable.has_default && variable.default_value.kind != Literal::Kind::kNull;
      if (!variable_default && !use.has_default) return false;
      expected = expected.inner();
    }
    while (true) {
      if (type.non_null() && !expected.non_null()) type = type.inner();
      if (type.non_null() != expected.non_null()) return false;
      if (type.wraps.empty() || expected.wraps.empty()) break;
      if (type.wraps.front() != expected.wraps.front()) return false;
      type = type.inner();
      expected = expected.inner();
    }
    return type == expected;
  }

  const Schema& schema_;
  const ExecutableDocument& document_;
  const Limits& limits_;
  std::vector<Problem>& problems_;
  std::unordered_map<const Fragment*, Body> bodies_;
  Body* body_ = nullptr;
};

}  // namespace

std::vector<Problem> validate(const Schema& schema, const ExecutableDocument& document,
                              const Limits& limits) {
  std::vector<Problem> problems;
  if (document.operations.empty()) {
    problems.push_back(invalid("Document contains no operation.", {}));
    return problems;
  }
  check_extent(document, limits, problems);
  if (!problems.empty()) return problems;
  Validator(schema, document, limits, problems).run();
  if (problems.empty()) check_overlaps(schema, document, problems);
  if (problems.size() > limits.errors_max) problems.resize(limits.errors_max);
  return problems;
}

}  // namespace runstone::graphql
