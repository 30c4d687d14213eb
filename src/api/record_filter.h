#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::api {

/// A filter in the wire's operators over records that are no runs: collections, versions,
/// registries. {"$and": [{"name": {"$regex": "^a"}}, {"tag": "prod"}]}.
class RecordFilter {
 public:
  /// A record's value of a field; nothing if records of its kind have no such field. A list stands
  /// for any of its elements (tags, aliases).
  using Field = std::function<std::optional<Value>(std::string_view name)>;

  /// kInvalidArgument for unreadable JSON, unknown operators, wrong operands, a bad regular
  /// expression, more than 64 levels or 1000 tests. "", "{}" and "null" pass everything.
  static Result<RecordFilter> parse(std::string_view json);
  RecordFilter(RecordFilter&&) noexcept;
  ~RecordFilter();

  bool passes_all() const;
  /// kInvalidArgument if it names a field that there is not.
  Result<bool> passes(const Field& field) const;

  struct Node;

 private:
  explicit RecordFilter(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;
};

/// "name", "+created_at", "-version_index": one field and its direction.
struct RecordOrder {
  std::string field;
  bool descending = false;
};
/// Nothing for "". kInvalidArgument if it is not among `fields`.
Result<std::optional<RecordOrder>> parse_order(std::string_view text,
                                               const std::vector<std::string>& fields);
/// -1, 0, 1: nulls first, then numbers, texts bytewise.
int compare_records(const Value& a, const Value& b);

}  // namespace runstone::api
