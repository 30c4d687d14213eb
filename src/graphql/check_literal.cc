#include "graphql/coerce.h"
#include "graphql/validate.h"

namespace runstone::graphql {
namespace {

// Inside a custom scalar a variable may have any type.
void note_variables(const Literal& literal, std::vector<VariableUse>& uses) {
  if (literal.kind == Literal::Kind::kVariable) uses.push_back({&literal, TypeRef()});
  for (const auto& item : literal.items) note_variables(item, uses);
  for (const auto& member : literal.members) note_variables(member.value, uses);
}

void check_object(const Literal& literal, TypeRef type, std::vector<VariableUse>& uses,
                  std::vector<Problem>& problems) {
  const auto& input = *type.named;
  for (const auto& member : literal.members) {
    const auto* field = input.input_field(member.name);
    if (field == nullptr) {
      problems.push_back(invalid("Field \"" + std::string(member.name) +
                                     "\" is not defined by type \"" + input.name + "\".",
                                 member.location));
      continue;
    }
    for (const auto& other : literal.members) {
      if (&other == &member) break;
      if (other.name == member.name) {
        problems.push_back(invalid(
            "There can be only one input field named \"" + field->name + "\".", member.location));
      }
    }
    check_literal(member.value, field->type(), field->default_value.has_value(), uses, problems);
  }
  for (const auto& field : input.input_fields) {
    if (!field.required()) continue;
    bool given = false;
    for (const auto& member : literal.members) given = given || member.name == field.name;
    if (!given) {
      problems.push_back(invalid("Field \"" + input.name + "." + field.name +
                                     "\" of required type \"" + field.type().to_string() +
                                     "\" was not provided.",
                                 literal.location));
    }
  }
}

bool is_built_in(const std::string& name) {
  return name == "Int" || name == "Float" || name == "String" || name == "Boolean" || name == "ID";
}

}  // namespace

void check_literal(const Literal& literal, TypeRef type, bool has_default,
                   std::vector<VariableUse>& uses, std::vector<Problem>& problems) {
  if (literal.kind == Literal::Kind::kVariable) {
    uses.push_back({&literal, type, has_default});
    return;
  }
  const auto nullable = type.nullable();
  if (literal.kind == Literal::Kind::kNull) {
    if (type.non_null()) {
      problems.push_back(invalid("Expected value of type \"" + type.to_string() + "\", found null.",
                                 literal.location));
    }
    return;
  }
  if (nullable.list()) {
    if (literal.kind != Literal::Kind::kList) {
      check_literal(literal, nullable.inner(), false, uses, problems);
      return;
    }
    for (const auto& item : literal.items) {
      check_literal(item, nullable.inner(), false, uses, problems);
    }
    return;
  }
  const auto& named = *nullable.named;
  if (named.kind == TypeKind::kInputObject && literal.kind == Literal::Kind::kObject) {
    check_object(literal, nullable, uses, problems);
    return;
  }
  if (named.kind == TypeKind::kScalar && !is_built_in(named.name)) {
    note_variables(literal, uses);
    return;
  }
  // No variable can stand inside what is left, so its value is what will be coerced later.
  if (const auto value = coerce_constant(literal, type); !value) {
    problems.push_back(invalid(value.error().message, literal.location));
  }
}

}  // namespace runstone::graphql
