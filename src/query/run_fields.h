#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runstone/error.h"
#include "runstone/value.h"

#include "store/records.h"

namespace runstone::query {

/// A field of runs as filters and orders name it: `config.lr`, `config.lr.value`,
/// `summary_metrics.loss`, `state`, `tags`, `created_at`, ...
struct FieldPath {
  enum class Source { kColumn, kConfig, kSummary };
  using Column = Value (*)(const store::RunInfo& run);

  Source source = Source::kColumn;
  std::string text;  ///< the whole path as it was written
  std::string key;   ///< of config and summary: the path in there
  Column column = nullptr;

  /// Nothing for a field that runs do not have; a key of config or summary is never unknown.
  static std::optional<FieldPath> parse(std::string_view path);
  /// What to answer then; names the fields that there are.
  static Error unknown(std::string_view path);
  store::RunColumns columns() const;  ///< what it needs of config and summary
};

/// One run's fields, straight from its row. Config and summary are parsed on first use.
class RunFields {
 public:
  explicit RunFields(const store::RunInfo& run) : run_(run) {}
  /// Null where the run has no such field. The pointer lives as long as this object.
  const Value* find(std::string_view path) const;
  const Value* find(const FieldPath& field) const;

 private:
  const store::RunInfo& run_;
  mutable std::unique_ptr<Value> config_, summary_;
  mutable std::map<std::string, Value, std::less<>> columns_;
};

/// Whether the field is a time; its values are microseconds since 1970 here.
bool is_time_field(std::string_view path);

}  // namespace runstone::query
