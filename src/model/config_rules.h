#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone {

/// A run's config and who may change it. No I/O, one thread at a time.
class ConfigTable {
 public:
  /// `changed` is called with each top-level key that got another value.
  using Changed = std::function<void(const std::string& key)>;
  using Warn = std::function<void(const std::string& text)>;

  const Dict& values() const { return values_; }
  /// Whether existing keys may always change (init(allow_val_change=True), notebooks).
  void allow_all_changes(bool allow) { allow_all_ = allow; }

  /// All or nothing. kConfigLocked "Attempted to change value of key ..." without permission.
  Result<void> update(const Dict& values, bool allow_val_change, const Changed& changed,
                      const Warn& warn);
  void set_defaults(const Dict& values, const Changed& changed);
  void update_locked(const Dict& values, std::string_view user, const Changed& changed);
  /// A value below a top-level key, dicts made on the way; nobody is asked.
  void set_path(const std::vector<std::string>& path, Value value);

 private:
  Dict values_;
  std::map<std::string, std::string, std::less<>> locked_by_;
  bool allow_all_ = false;
};

/// A key without its leading and trailing `-`.
std::string_view clean_config_key(std::string_view key);
/// A value as it is stored: NaN is null, at any depth.
Value to_config_value(Value value);
/// {"lr": 0.1} as {"lr": {"value": 0.1}}, the form of the server and of config.yaml.
Dict wrap_config(const Dict& config);
/// The config in a YAML text: `key: value`, or `key: {value: v, desc: ...}`; a `wandb_version: 1`
/// may stand beside. A text that holds nothing is an empty config. Errors   kConfigLocked: no YAML,
/// no mapping, another version.
Result<Dict> parse_config_yaml(std::string_view text);
/// config.yaml of a (wrapped or plain-by-key) tree: keys sorted, 4 spaces, what YAML 1.1 would read
/// as another type is quoted; empty dicts are left out.
std::string to_config_yaml(const Dict& wrapped);

}  // namespace runstone
