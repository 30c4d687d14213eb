#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone {

class Artifact;
class RunState;

/// The config of a YAML file: `key: value`, or `key: {value: v, desc: ...}`; a `wandb_version: 1`
/// may stand beside. Errors: kConfigLocked (no such file, or of another form; at most 1 MiB).
Result<Dict> read_config_file(const std::string& path);

/// A run's configuration: what went into it. A view; it lives as long as its Run.
/// Top-level keys are replaced whole. Values are stored as Value; NaN becomes null.
class Config {
 public:
  /// The value of a key; nothing if it is not set.
  std::optional<Value> get(std::string_view key) const;
  /// Every key not starting with `_`, in the order of first setting.
  Dict all() const;
  /// The same with the keys that start with `_`.
  Dict all_with_private() const;

  /// kConfigLocked if the key holds another value and changes are not allowed;
  /// kFailedPrecondition once the run is finished.
  Result<void> set(std::string_view key, Value value);
  /// An artifact as a value: the run uses it, and the config says which version it was. Waits for a
  /// draft to be logged. Errors: those of Run::use_artifact(), too.
  Result<void> set(std::string_view key, const Artifact& artifact);
  /// All or nothing.
  Result<void> update(const Dict& values, bool allow_val_change = false);
  /// Sets only what is missing.
  Result<void> set_defaults(const Dict& values);
  /// Sets and locks: later writes of these keys are ignored with a warning.
  Result<void> update_locked(const Dict& values, std::string_view user);
  /// Sets a value below `_wandb`: ("visualize", K) and the like. No permission is asked.
  Result<void> set_private(const std::vector<std::string>& path, Value value);
  /// Sends everything again.
  Result<void> persist();

 private:
  friend class Run;
  explicit Config(RunState* state) : state_(state) {}
  RunState* state_;
};

}  // namespace runstone
