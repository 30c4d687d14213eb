#include "graphql/coerce.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/json.h"
#include "base/try.h"

namespace runstone::graphql {
namespace {

constexpr std::int64_t kIntMin = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kIntMax = std::numeric_limits<std::int32_t>::max();

Failure expected(const TypeRef& type, const std::string& found) {
  return fail(ErrorCode::kInvalidArgument,
              "Expected value of type \"" + type.to_string() + "\", found " + found + ".");
}

Failure out_of_32_bits(const std::string& found) {
  return fail(ErrorCode::kInvalidArgument,
              "Int cannot represent non 32-bit signed integer value: " + found);
}

Value parse_number(const Literal& literal) {
  std::int64_t whole = 0;
  const char* begin = literal.text.data();
  const char* end = begin + literal.text.size();
  if (literal.kind == Literal::Kind::kInt) {
    const auto [stop, error] = std::from_chars(begin, end, whole);
    if (error == std::errc() && stop == end) return whole;
  }
  double number = 0;
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (error == std::errc::result_out_of_range) {
    // from_chars leaves the value alone; huge magnitudes have a digit before a large exponent.
    const bool tiny = literal.text.find("e-") != std::string::npos ||
                      literal.text.find("E-") != std::string::npos;
    number = tiny ? 0.0 : HUGE_VAL;
    if (literal.text.front() == '-') number = -number;
  }
  return number;
}

// What a literal says without a type: for custom scalars.
Value untyped(const Literal& literal, const Dict& variables) {
  switch (literal.kind) {
    case Literal::Kind::kVariable: {
      const Value* value = variables.find(literal.text);
      return value != nullptr ? *value : Value();
    }
    case Literal::Kind::kInt:
    case Literal::Kind::kFloat:
      return parse_number(literal);
    case Literal::Kind::kString:
    case Literal::Kind::kEnum:
      return literal.text;
    case Literal::Kind::kBool:
      return literal.text == "true";
    case Literal::Kind::kNull:
      return {};
    case Literal::Kind::kList: {
      List list;
      for (const auto& item : literal.items) list.push_back(untyped(item, variables));
      return list;
    }
    case Literal::Kind::kObject: {
      Dict dict;
      for (const auto& member : literal.members) {
        dict.set(member.name, untyped(member.value, variables));
      }
      return dict;
    }
  }
  return {};
}

Result<Value> coerce_literal(const Literal& literal, TypeRef type, const Dict& variables);

Result<Value> literal_scalar(const Literal& literal, const TypeRef& type, const Dict& variables) {
  const auto& name = type.named->name;
  const auto kind = literal.kind;
  if (name == "Int") {
    if (kind != Literal::Kind::kInt) return expected(type, to_string(literal));
    const Value number = parse_number(literal);
    const auto* whole = number.if_int();
    if (whole == nullptr || *whole < kIntMin || *whole > kIntMax) {
      return out_of_32_bits(literal.text);
    }
    return number;
  }
  if (name == "Float") {
    if (kind != Literal::Kind::kInt && kind != Literal::Kind::kFloat) {
      return expected(type, to_string(literal));
    }
    return parse_number(literal).number_or(0);
  }
  if (name == "String" || name == "ID") {
    const bool whole_id = name == "ID" && kind == Literal::Kind::kInt;
    if (kind != Literal::Kind::kString && !whole_id) return expected(type, to_string(literal));
    return literal.text;
  }
  if (name == "Boolean") {
    if (kind != Literal::Kind::kBool) return expected(type, to_string(literal));
    return literal.text == "true";
  }
  return untyped(literal, variables);
}

Result<Value> literal_object(const Literal& literal, const TypeRef& type, const Dict& variables) {
  if (literal.kind != Literal::Kind::kObject) return expected(type, to_string(literal));
  Dict object;
  for (const auto& member : literal.members) {
    const auto* field = type.named->input_field(member.name);
    if (field == nullptr) {
      return fail(ErrorCode::kInvalidArgument, "Field \"" + std::string(member.name) +
                                                   "\" is not defined by type \"" +
                                                   type.named->name + "\".");
    }
    const auto& value = member.value;
    if (value.kind == Literal::Kind::kVariable && !variables.contains(value.text)) continue;
    RUNSTONE_TRY(auto coerced, coerce_literal(value, field->type(), variables));
    object.set(field->name, std::move(coerced));
  }
  for (const auto& field : type.named->input_fields) {
    if (object.contains(field.name)) continue;
    if (field.default_value) {
      object.set(field.name, *field.default_value);
    } else if (field.required()) {
      return fail(ErrorCode::kInvalidArgument,
                  "Field \"" + type.named->name + "." + field.name + "\" of required type \"" +
                      field.type().to_string() + "\" was not provided.");
    }
  }
  return Value(std::move(object));
}

Result<Value> coerce_literal(const Literal& literal, TypeRef type, const Dict& variables) {
  if (literal.kind == Literal::Kind::kVariable) {
    const Value* value = variables.find(literal.text);
    if ((value == nullptr || value->is_null()) && type.non_null()) {
      return fail(ErrorCode::kInvalidArgument, "Variable \"$" + literal.text +
                                                   "\" must not be null where type \"" +
                                                   type.to_string() + "\" is expected.");
    }
    if (value == nullptr) return Value();
    // Its own type was checked against this one; only a single item may still need its list.
    const auto nullable = type.nullable();
    if (nullable.list() && !value->is_list() && !value->is_null()) return Value(List{*value});
    return *value;
  }
  if (literal.kind == Literal::Kind::kNull) {
    if (type.non_null()) return expected(type, "null");
    return Value();
  }
  if (type.non_null()) return coerce_literal(literal, type.inner(), variables);
  if (type.list()) {
    List list;
    if (literal.kind != Literal::Kind::kList) {
      RUNSTONE_TRY(auto item, coerce_literal(literal, type.inner(), variables));
      list.push_back(std::move(item));
      return Value(std::move(list));
    }
    for (const auto& item : literal.items) {
      RUNSTONE_TRY(auto coerced, coerce_literal(item, type.inner(), variables));
      list.push_back(std::move(coerced));
    }
    return Value(std::move(list));
  }
  if (type.named->kind == TypeKind::kInputObject) return literal_object(literal, type, variables);
  if (type.named->kind == TypeKind::kEnum) {
    if (literal.kind != Literal::Kind::kEnum) {
      return fail(ErrorCode::kInvalidArgument,
                  "Enum \"" + type.named->name +
                      "\" cannot represent non-enum value: " + to_string(literal) + ".");
    }
    if (type.named->value(literal.text) == nullptr) {
      return fail(
          ErrorCode::kInvalidArgument,
          "Value \"" + literal.text + "\" does not exist in \"" + type.named->name + "\" enum.");
    }
    return Value(literal.text);
  }
  return literal_scalar(literal, type, variables);
}

std::string shown(const Value& value) {
  auto text = json::to_text(value);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

Failure wrong_json(const std::string& where, const Value& value, const std::string& why) {
  return fail(ErrorCode::kInvalidArgument,
              "Variable " + where + " got invalid value " + shown(value) + "; " + why);
}

Result<Value> json_scalar(const Value& value, const TypeRef& type, const std::string& where) {
  const auto& name = type.named->name;
  if (name == "Int") {
    const bool integral = value.is_double() && std::trunc(value.number_or(0)) == value.number_or(0);
    if (!value.is_int() && !integral) {
      return wrong_json(where, value, "Int cannot represent non-integer value: " + shown(value));
    }
    const double number = value.number_or(0);
    if (number < static_cast<double>(kIntMin) || number > static_cast<double>(kIntMax)) {
      return wrong_json(where, value,
                        "Int cannot represent non 32-bit signed integer value: " + shown(value));
    }
    return Value(static_cast<std::int64_t>(number));
  }
  if (name == "Float") {
    if (!value.is_number() || !std::isfinite(value.number_or(0))) {
      return wrong_json(where, value, "Float cannot represent non numeric value: " + shown(value));
    }
    return Value(value.number_or(0));
  }
  if (name == "String" && !value.is_string()) {
    return wrong_json(where, value, "String cannot represent a non string value: " + shown(value));
  }
  if (name == "ID") {
    if (value.is_int()) return Value(shown(value));
    if (!value.is_string())
      return wrong_json(where, value, "ID cannot represent value: " + shown(value));
  }
  if (name == "Boolean" && !value.is_bool()) {
    return wrong_json(where, value,
                      "Boolean cannot represent a non boolean value: " + shown(value));
  }
  return value;
}

Result<Value> json_object(const Value& value, const TypeRef& type, const std::string& where) {
  const auto* given = value.if_dict();
  if (given == nullptr) {
    return wrong_json(where, value, "Expected type \"" + type.named->name + "\" to be an object.");
  }
  Dict object;
  for (const auto& [key, item] : *given) {
    const auto* field = type.named->input_field(key);
    if (field == nullptr) {
      return wrong_json(
          where, value,
          "Field \"" + key + "\" is not defined by type \"" + type.named->name + "\".");
    }
    RUNSTONE_TRY(auto coerced, coerce_json(item, field->type(), where));
    object.set(key, std::move(coerced));
  }
  for (const auto& field : type.named->input_fields) {
    if (object.contains(field.name)) continue;
    if (field.default_value) {
      object.set(field.name, *field.default_value);
    } else if (field.required()) {
      return wrong_json(where, value,
                        "Field \"" + field.name + "\" of required type \"" +
                            field.type().to_string() + "\" was not provided.");
    }
  }
  return Value(std::move(object));
}

}  // namespace

Result<Value> coerce_constant(const Literal& literal, TypeRef type) {
  return coerce_literal(literal, type, Dict());
}

Result<Value> coerce_json(const Value& value, TypeRef type, const std::string& where) {
  if (value.is_null()) {
    if (type.non_null()) {
      return wrong_json(where, value,
                        "Expected non-nullable type \"" + type.to_string() + "\" not to be null.");
    }
    return value;
  }
  if (type.non_null()) return coerce_json(value, type.inner(), where);
  if (type.list()) {
    List list;
    if (const auto* items = value.if_list()) {
      list.reserve(items->size());
      for (const auto& item : *items) {
        RUNSTONE_TRY(auto coerced, coerce_json(item, type.inner(), where));
        list.push_back(std::move(coerced));
      }
    } else {
      RUNSTONE_TRY(auto coerced, coerce_json(value, type.inner(), where));
      list.push_back(std::move(coerced));
    }
    return Value(std::move(list));
  }
  if (type.named->kind == TypeKind::kInputObject) return json_object(value, type, where);
  if (type.named->kind == TypeKind::kEnum) {
    const auto* name = value.if_string();
    if (name == nullptr || type.named->value(*name) == nullptr) {
      return wrong_json(
          where, value,
          "Value " + shown(value) + " does not exist in \"" + type.named->name + "\" enum.");
    }
    return value;
  }
  return json_scalar(value, type, where);
}

TypeRef resolve_type(const TypeText& text, const Schema& schema) {
  return {schema.type(text.name), text.wraps};
}

Dict coerce_variables(const Operation& operation, const Value& given, const Schema& schema,
                      std::vector<Problem>& problems) {
  Dict variables;
  for (const auto& definition : operation.variables) {
    const std::string name(definition.name);
    const auto type = resolve_type(definition.type, schema);
    const Value* value = given.get(name);
    const auto report = [&](std::string message) {
      problems.push_back({std::move(message), kBadUserInput, {definition.location}, {}});
    };
    if (value == nullptr) {
      if (definition.has_default) {
        if (auto constant = coerce_constant(definition.default_value, type)) {
          variables.set(name, *std::move(constant));
        }
      } else if (type.non_null()) {
        report("Variable \"$" + name + "\" of required type \"" + type.to_string() +
               "\" was not provided.");
      }
      continue;
    }
    if (value->is_null() && type.non_null()) {
      report("Variable \"$" + name + "\" of non-null type \"" + type.to_string() +
             "\" must not be null.");
      continue;
    }
    auto coerced = coerce_json(*value, type, "\"$" + name + "\"");
    if (coerced) {
      variables.set(name, *std::move(coerced));
    } else {
      report(coerced.error().message);
    }
  }
  return variables;
}

Result<Dict> coerce_arguments(const std::vector<InputValue>& definitions,
                              const std::vector<Argument>& given, const Dict& variables) {
  Dict arguments;
  for (const auto& definition : definitions) {
    const Argument* argument = nullptr;
    for (const auto& candidate : given) {
      if (candidate.name == definition.name) argument = &candidate;
    }
    const bool absent = argument == nullptr || (argument->value.kind == Literal::Kind::kVariable &&
                                                !variables.contains(argument->value.text));
    if (absent) {
      if (definition.default_value) {
        arguments.set(definition.name, *definition.default_value);
      } else if (definition.required()) {
        return fail(ErrorCode::kInvalidArgument,
                    "Argument \"" + definition.name + "\" of required type \"" +
                        definition.type().to_string() + "\" was not provided.");
      }
      continue;
    }
    auto value = coerce_literal(argument->value, definition.type(), variables);
    if (!value) {
      return fail(std::move(value).error().with_context("Argument \"" + definition.name + "\""));
    }
    arguments.set(definition.name, *std::move(value));
  }
  return arguments;
}

}  // namespace runstone::graphql
