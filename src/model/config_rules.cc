#include "model/config_rules.h"

#include <cmath>
#include <utility>

#include "base/json.h"

namespace runstone {

std::string_view clean_config_key(std::string_view key) {
  while (!key.empty() && key.front() == '-') key.remove_prefix(1);
  while (!key.empty() && key.back() == '-') key.remove_suffix(1);
  return key;
}

Value to_config_value(Value value) {
  if (const double* number = value.if_double(); number != nullptr && std::isnan(*number)) {
    return nullptr;
  }
  if (List* list = value.if_list()) {
    for (Value& item : *list) item = to_config_value(std::move(item));
  } else if (Dict* dict = value.if_dict()) {
    for (auto& [key, item] : *dict) item = to_config_value(std::move(item));
  }
  return value;
}

Result<void> ConfigTable::update(const Dict& values, bool allow_val_change, const Changed& changed,
                                 const Warn& warn) {
  const bool allowed = allow_val_change || allow_all_;
  if (!allowed) {
    for (const auto& [raw_key, raw_value] : values) {
      const std::string_view key = clean_config_key(raw_key);
      const Value* old = values_.find(key);
      if (old == nullptr || locked_by_.find(key) != locked_by_.end()) continue;
      const Value value = to_config_value(raw_value);
      if (same_value(*old, value)) continue;
      return fail(ErrorCode::kConfigLocked,
                  "Attempted to change value of key \"" + std::string(key) + "\" from " +
                      json::to_text(*old) + " to " + json::to_text(value) +
                      ". If you really want to do this, pass allow_val_change=True to "
                      "config.update()");
    }
  }
  for (const auto& [raw_key, raw_value] : values) {
    const std::string_view key = clean_config_key(raw_key);
    if (const auto lock = locked_by_.find(key); lock != locked_by_.end()) {
      if (warn) {
        warn("Config item '" + std::string(key) + "' was locked by '" + lock->second +
             "' (ignored update).");
      }
      continue;
    }
    Value value = to_config_value(raw_value);
    const Value* old = values_.find(key);
    if (old != nullptr && *old == value) continue;
    values_.set(key, std::move(value));
    changed(std::string(key));
  }
  return {};
}

void ConfigTable::set_defaults(const Dict& values, const Changed& changed) {
  for (const auto& [raw_key, value] : values) {
    const std::string_view key = clean_config_key(raw_key);
    if (values_.contains(key)) continue;
    values_.set(key, to_config_value(value));
    changed(std::string(key));
  }
}

void ConfigTable::update_locked(const Dict& values, std::string_view user, const Changed& changed) {
  for (const auto& [raw_key, value] : values) {
    const std::string key(clean_config_key(raw_key));
    values_.set(key, to_config_value(value));
    locked_by_[key] = user.empty() ? "config" : std::string(user);
    changed(key);
  }
}

void ConfigTable::set_path(const std::vector<std::string>& path, Value value) {
  if (path.empty()) return;
  Value* at = &values_[path[0]];
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (!at->is_dict()) *at = Dict();
    at = &(*at->if_dict())[path[i]];
  }
  *at = to_config_value(std::move(value));
}

Dict wrap_config(const Dict& config) {
  Dict wrapped;
  wrapped.reserve(config.size());
  for (const auto& [key, value] : config) {
    Dict item;
    item.set("value", value);
    wrapped.set(key, Value(std::move(item)));
  }
  return wrapped;
}

}  // namespace runstone
