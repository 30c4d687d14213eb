#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

#include "query/run_fields.h"

namespace runstone::query {

/// The values of one run for the fields of a filter.
class FieldValues {
 public:
  virtual ~FieldValues() = default;
  /// By number in Filter::fields(); null where the run has no such field. Good until the next call
  /// for another run.
  virtual const Value* at(std::size_t field) const = 0;
};

/// A parsed filter of the wire's operators ($and, $or, $not, $eq, ..., $regex, $exists).
class Filter {
 public:
  /// kInvalidArgument for an unknown operator or field, a wrong operand, a bad regular expression,
  /// more than 64 levels, 1000 tests or 4 MiB. "", "{}" and "null" pass every run.
  static Result<Filter> parse(std::string_view json);
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  bool passes(const FieldValues& run) const;
  bool passes(const RunFields& run) const;
  bool passes_all() const;
  const std::vector<FieldPath>& fields() const { return fields_; }

  struct Node;

 private:
  Filter(std::unique_ptr<Node> node, std::vector<FieldPath> fields);
  std::unique_ptr<Node> node_;
  std::vector<FieldPath> fields_;
};

/// -1, 0 or 1: numbers by value, texts bytewise, false before true; kinds in the order null, number
/// (NaN first), text, bool, others. For sorting.
int compare_values(const Value* a, const Value* b);

}  // namespace runstone::query
