#include "graphql/serialize.h"

#include <cmath>
#include <limits>

#include "base/json.h"

namespace runstone::graphql {
namespace {

Failure cannot(const NamedType& type, const Value& value) {
  auto shown = json::to_text(value);
  if (shown.size() > 80) shown = shown.substr(0, 77) + "...";
  return fail(ErrorCode::kInternal, type.name + " cannot represent value: " + shown);
}

void spell_non_finite(Value& value) {
  if (const auto* number = value.if_double()) {
    if (std::isnan(*number)) {
      value = Value("NaN");
    } else if (std::isinf(*number)) {
      value = Value(*number > 0 ? "Infinity" : "-Infinity");
    }
  } else if (auto* list = value.if_list()) {
    for (auto& item : *list) spell_non_finite(item);
  } else if (auto* dict = value.if_dict()) {
    for (auto& [key, item] : *dict) spell_non_finite(item);
  }
}

Result<Value> serialize_int(const NamedType& type, const Value& value) {
  double number = value.number_or(std::nan(""));
  if (const auto* flag = value.if_bool()) number = *flag ? 1 : 0;
  const bool fits = number >= std::numeric_limits<std::int32_t>::min() &&
                    number <= std::numeric_limits<std::int32_t>::max();
  if (!fits || std::trunc(number) != number) return cannot(type, value);
  return Value(static_cast<std::int64_t>(number));
}

Result<Value> serialize_text(const NamedType& type, Value value) {
  if (value.is_string()) return value;
  if (value.is_list() || value.is_dict()) return cannot(type, value);
  return Value(json::to_text(value));
}

}  // namespace

Result<Value> serialize(const NamedType& leaf, Value value) {
  if (leaf.kind == TypeKind::kEnum) {
    const auto* name = value.if_string();
    if (name == nullptr || leaf.value(*name) == nullptr) return cannot(leaf, value);
    return value;
  }
  if (leaf.name == "String" || leaf.name == "ID") return serialize_text(leaf, std::move(value));
  if (leaf.name == "Int") return serialize_int(leaf, value);
  if (leaf.name == "Float") {
    const double number = value.number_or(std::nan(""));
    if (!std::isfinite(number)) return cannot(leaf, value);
    return value;
  }
  if (leaf.name == "Boolean") {
    if (!value.is_bool()) return cannot(leaf, value);
    return value;
  }
  spell_non_finite(value);
  return value;
}

}  // namespace runstone::graphql
