#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/value.h"

namespace runstone::conformance {

// What a scenario says under a key, or what holds where it says nothing.

inline std::string text_at(const Dict& spec, std::string_view key) {
  const Value* value = spec.find(key);
  return std::string(value ? value->string_or("") : "");
}
inline std::optional<std::string> maybe_text(const Dict& spec, std::string_view key) {
  const Value* value = spec.find(key);
  return value && value->is_string() ? std::optional(*value->if_string()) : std::nullopt;
}
inline bool bool_at(const Dict& spec, std::string_view key, bool otherwise) {
  const Value* value = spec.find(key);
  return value ? value->bool_or(otherwise) : otherwise;
}
inline int int_at(const Dict& spec, std::string_view key, int otherwise = 0) {
  const Value* value = spec.find(key);
  return value ? static_cast<int>(value->int_or(otherwise)) : otherwise;
}
/// Empty if it is not there.
inline const List& list_at(const Dict& spec, std::string_view key) {
  static const List kNone;
  const Value* value = spec.find(key);
  return value && value->if_list() ? *value->if_list() : kNone;
}
inline const Dict& dict_at(const Dict& spec, std::string_view key) {
  static const Dict kNone;
  const Value* value = spec.find(key);
  return value && value->if_dict() ? *value->if_dict() : kNone;
}
inline std::vector<std::string> texts_at(const Dict& spec, std::string_view key) {
  std::vector<std::string> texts;
  for (const Value& item : list_at(spec, key)) texts.emplace_back(item.string_or(""));
  return texts;
}
inline std::vector<std::int64_t> ints_at(const Dict& spec, std::string_view key) {
  std::vector<std::int64_t> numbers;
  for (const Value& item : list_at(spec, key)) numbers.push_back(item.int_or(0));
  return numbers;
}
inline std::vector<double> numbers_of(const List& list) {
  std::vector<double> numbers;
  for (const Value& item : list) numbers.push_back(item.number_or(0));
  return numbers;
}
/// Rows of equal length as one array.
inline std::vector<double> flatten(const List& rows, int& columns) {
  std::vector<double> flat;
  for (const Value& row : rows) {
    columns = static_cast<int>(row.if_list()->size());
    for (const Value& number : *row.if_list()) flat.push_back(number.number_or(0));
  }
  return flat;
}

}  // namespace runstone::conformance
