#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "runstone/value.h"

namespace runstone::public_api {

// Reading GraphQL answers. What is missing or of another type reads as empty: servers of this API
// differ in what they leave out.

inline const Value* at(const Value* node, std::string_view key) {
  return node != nullptr ? node->get(key) : nullptr;
}
template <typename... Rest>
const Value* at(const Value* node, std::string_view key, Rest... rest) {
  return at(at(node, key), rest...);
}
inline std::string text_at(const Value* node, std::string_view key) {
  const Value* found = at(node, key);
  return found != nullptr ? std::string(found->string_or("")) : std::string();
}
/// Also of a text of digits, as some servers write large numbers.
inline std::int64_t int_at(const Value* node, std::string_view key, std::int64_t fallback) {
  const Value* found = at(node, key);
  if (found == nullptr) return fallback;
  if (found->is_int()) return found->int_or(fallback);
  if (found->is_double()) return static_cast<std::int64_t>(found->number_or(0));
  const auto parsed = json::parse(found->string_or(""));
  return parsed && parsed->is_int() ? parsed->int_or(fallback) : fallback;
}
inline std::vector<std::string> texts_at(const Value* node, std::string_view key) {
  std::vector<std::string> texts;
  const Value* found = at(node, key);
  if (found != nullptr && found->if_list() != nullptr) {
    for (const Value& item : *found->if_list()) texts.emplace_back(item.string_or(""));
  }
  return texts;
}
/// The object in a JSON text, or the object itself; empty if there is none.
inline Dict dict_at(const Value* node, std::string_view key) {
  const Value* found = at(node, key);
  if (found == nullptr) return {};
  if (found->if_dict() != nullptr) return *found->if_dict();
  auto parsed = json::parse(found->string_or(""));
  if (!parsed || parsed->if_dict() == nullptr) return {};
  return std::move(*parsed->if_dict());
}
/// The nodes of a connection: edges[].node.
inline std::vector<const Value*> nodes_of(const Value* connection) {
  std::vector<const Value*> nodes;
  const Value* edges = at(connection, "edges");
  if (edges == nullptr || edges->if_list() == nullptr) return nodes;
  for (const Value& edge : *edges->if_list()) {
    if (const Value* node = edge.get("node"); node != nullptr && node->is_dict()) {
      nodes.push_back(node);
    }
  }
  return nodes;
}

}  // namespace runstone::public_api
