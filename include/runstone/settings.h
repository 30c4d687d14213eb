#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/result.h"
#include "runstone/span.h"
#include "runstone/value.h"

namespace runstone {

enum class SettingType { kBool, kInt, kNumber, kText, kTextList, kAny };

/// One named setting: what it takes, and its value when nobody sets it.
struct SettingField {
  const char* name;
  SettingType type;
  bool nullable;  ///< None/null may be set
  bool computed;  ///< read-only; made by init()
  Value default_value;
};

/// Named, checked values. Holds only what was set; get() gives the default of the rest.
class Settings {
 public:
  Settings() = default;

  /// Errors: kInvalidArgument for an unknown name, a computed one, or a value that is not of its
  /// type.
  Result<void> set(std::string_view name, Value value);
  /// kInvalidArgument for an unknown name.
  Result<Value> get(std::string_view name) const;
  bool is_set(std::string_view name) const { return values_.contains(name); }
  void unset(std::string_view name) { values_.erase(name); }

  /// For init(): sets a computed field. No checks.
  void set_computed(std::string_view name, Value value) { values_.set(name, std::move(value)); }
  /// Takes each value that `over` has set: later sources win.
  void merge(const Settings& over);
  /// Only what was set, in the order in which it was.
  const Dict& values() const { return values_; }
  /// Every field with its value now; what `run.settings` shows.
  Dict all() const;

  /// The names, types and defaults of every setting, in a fixed order.
  static Span<const SettingField> fields();
  static const SettingField* find(std::string_view name);

  // Short forms for typed reading; the name must be one of fields().
  std::string text(std::string_view name) const;  ///< "" if null
  bool flag(std::string_view name) const;         ///< false if null
  double number(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;

 private:
  Dict values_;
};

/// What the environment of this process sets: RUNSTONE_X, else WANDB_X, by the names of fields().
/// Errors: kInvalidArgument naming the variable whose value is not of its setting's type.
Result<Settings> settings_from_environment();
/// The environment is read once, at the first init() of the process; after this it is read anew at
/// the next one.
void forget_environment();
/// `[default]` of an INI file; an absent file sets nothing.
Result<Settings> settings_from_file(const std::string& path);

}  // namespace runstone
