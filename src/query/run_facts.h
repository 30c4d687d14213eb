#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runstone/value.h"

namespace runstone::query {

/// The paths of a project's configs (or summaries), numbered: "net.layers", labels joined by dots
/// as filters write them.
class PathTable {
 public:
  /// The number of the path, given now if it is new. `hint` is the one that came before it in the
  /// same text: runs of a project mostly have their keys in one order, which spares the look-up.
  std::uint32_t intern(std::string_view path, std::uint32_t hint);
  /// All numbers that a filter's key may mean, most likely first: the path itself and, for configs,
  /// the path without the `value` that wraps a config's entry on the wire.
  std::vector<std::uint32_t> find(std::string_view key, bool config) const;
  std::int64_t memory_bytes() const { return bytes_; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
  std::vector<const std::string*> names_;  // keys of numbers_, which do not move
  std::vector<std::uint32_t> next_;        // what followed each path the last time
  std::int64_t bytes_ = 0;
};

/// One config or summary, flat and packed: 16 bytes a leaf and the texts. Dicts are there twice, by
/// their leaves and whole, as JSON; lists as JSON.
class RunFacts {
 public:
  /// Reads a config (`{"lr":{"value":0.1}}`, whose wrapping is taken off; without `_wandb`) or a
  /// summary. Text that is no JSON object has no facts.
  static RunFacts of_config(std::string_view json, PathTable& paths);
  static RunFacts of_summary(std::string_view json, PathTable& paths);

  bool has(std::uint32_t path) const { return find(path) != nullptr; }
  /// Whether the path is there; then `out` is its value (a JSON null too).
  bool get(std::uint32_t path, Value& out) const;
  std::int64_t memory_bytes() const;

 private:
  enum class Kind : std::uint8_t { kNull, kFalse, kTrue, kInt, kDouble, kText, kJson };
  struct Fact {
    std::uint32_t path = 0;
    Kind kind = Kind::kNull;
    std::uint64_t bits = 0;  // the number, or offset << 32 | size of a text
  };
  class Reader;

  static RunFacts read(std::string_view json, PathTable& paths, bool config);
  const Fact* find(std::uint32_t path) const;

  std::vector<Fact> facts_;  // by path
  std::string texts_;
};

}  // namespace runstone::query
