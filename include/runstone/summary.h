#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone {

class RunState;

/// A run's summary: each metric's last value or aggregates, and what was set by hand. A view; it
/// lives as long as its Run. Rows already written are in it; the open row is not yet.
class Summary {
 public:
  /// The value at a key (one label), dicts whole; nothing if it is not there.
  std::optional<Value> get(std::string_view key) const { return get(Path{std::string(key)}); }
  std::optional<Value> get(const std::vector<std::string>& path) const;
  /// `get({"val", "acc"})`.
  std::optional<Value> get(std::initializer_list<std::string_view> path) const {
    return get(Path(path.begin(), path.end()));
  }
  Dict all() const;

  /// Replaces what is at the key; null and NaN remove it. Clears the metric's summary operations.
  Result<void> set(std::string_view key, Value value) {
    return set(Path{std::string(key)}, std::move(value));
  }
  Result<void> set(const std::vector<std::string>& path, Value value);
  Result<void> set(std::initializer_list<std::string_view> path, Value value) {
    return set(Path(path.begin(), path.end()), std::move(value));
  }
  /// Top-level keys, each as by set().
  Result<void> update(const Dict& values);
  /// No error if it is not there.
  Result<void> erase(const std::vector<std::string>& path);
  Result<void> erase(std::string_view key) { return erase(Path{std::string(key)}); }
  Result<void> erase(std::initializer_list<std::string_view> path) {
    return erase(Path(path.begin(), path.end()));
  }

 private:
  using Path = std::vector<std::string>;
  friend class Run;
  explicit Summary(RunState* state) : state_(state) {}
  RunState* state_;
};

}  // namespace runstone
