#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runstone/result.h"
#include "runstone/value.h"

#include "store/records.h"

namespace runstone::query {

/// A run's fields by the names that filters and orders use: `config.lr`, `config.lr.value`,
/// `summary_metrics.loss`, `state`, `tags`, `created_at`, ... Config and summary are parsed on
/// first use.
class RunFields {
 public:
  explicit RunFields(const store::RunInfo& run) : run_(run) {}
  /// Null where the run has no such field. The pointer lives as long as this object.
  const Value* find(std::string_view path) const;

 private:
  const store::RunInfo& run_;
  mutable std::unique_ptr<Value> config_, summary_;
  mutable Dict plain_;
};

/// Whether the field is a time; its values are microseconds since 1970 here.
bool is_time_field(std::string_view path);
/// What of config and summary a path needs.
store::RunColumns columns_of(std::string_view path);

/// A parsed filter of the wire's operators ($and, $or, $not, $eq, ..., $regex, $exists).
class Filter {
 public:
  /// kInvalidArgument for an unknown operator, a wrong operand or a bad regular expression. "",
  /// "{}" and "null" pass every run.
  static Result<Filter> parse(std::string_view json);
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  bool passes(const RunFields& run) const;
  bool passes_all() const;
  store::RunColumns columns() const;

  struct Node;

 private:
  explicit Filter(std::unique_ptr<Node> node);
  std::unique_ptr<Node> node_;
};

/// -1, 0 or 1: numbers by value, texts bytewise, false before true; kinds in the order null, number
/// (NaN first), text, bool, others. For sorting.
int compare_values(const Value* a, const Value* b);

}  // namespace runstone::query
