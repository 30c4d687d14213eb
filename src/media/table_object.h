#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "media/cell_store.h"
#include "media/object.h"
#include "media/table_type.h"
#include "runstone/table.h"

namespace runstone::media {

enum class LogMode { kImmutable, kMutable, kIncremental };

/// What is behind a Table. Its cells have a lock of their own, so that a row can be added while the
/// table is being logged; what is logged then are the rows that it had at the start.
class TableObject final : public Object {
 public:
  struct Column {
    Value name;       // text or an integer
    std::string key;  // the name as text
    TypePtr type;
    CellStore cells;
    unsigned fast_kinds = 0;  // kinds of cells that the type takes without changing
  };
  /// The next cells of a column, in one of three forms.
  struct ColumnCells {
    Span<const double> doubles;
    Span<const std::int64_t> integers;
    Span<const CellView> cells;
    std::size_t size() const { return doubles.size() + integers.size() + cells.size(); }
  };
  /// A cell that names a row or key of another table.
  struct Link {
    std::shared_ptr<TableObject> table;
    std::string column;  // empty: of a row's number
  };

  static Result<std::shared_ptr<TableObject>> create(const List& columns,
                                                     const TableOptions& options);

  runstone::media::Kind kind() const override { return runstone::media::Kind::kTable; }
  std::string_view type() const override;
  std::string_view artifact_type() const override { return "table"; }
  Result<Value> bind(Sink& sink, const Place& place) override;
  Result<std::string> artifact_json(Package& package) override;

  Result<void> add_row(Span<const CellView> row, Span<const Link> links = {});
  /// Many rows at once, column beside column, all of one length.
  Result<void> add_cells(Span<const ColumnCells> columns);
  Result<void> add_column(std::string_view name, Span<const CellView> cells, bool optional);
  Result<void> add_column(std::string_view name, Span<const double> numbers, bool optional);
  Result<void> cast(const Value& column, TypePtr type, bool optional);
  Result<void> set_foreign_key(const Value& column, const std::shared_ptr<TableObject>& table,
                               std::string_view other_column);
  /// kFailedPrecondition for a table whose rows are logged bit by bit.
  Result<void> check_not_incremental(const char* method) const;
  void reserve(std::size_t rows);
  void set_limits(std::size_t max_rows, std::size_t max_artifact_rows);

  std::size_t row_count() const;
  List column_names() const;
  std::vector<std::pair<std::string, TypePtr>> column_types() const;
  LogMode log_mode() const { return log_mode_; }
  /// Calls `read(columns, rows)` while nothing changes.
  template <typename F>
  auto with(F&& read) const {
    const std::scoped_lock lock(data_mutex_);
    return read(columns_, rows_);
  }
  /// Where the column is; kOutOfRange if there is none.
  Result<std::size_t> find(const Value& column) const;
  bool same_table(const TableObject& other) const;
  /// Told once, when an IMMUTABLE table changes after it was logged.
  bool take_change_warning();

  explicit TableObject(LogMode log_mode) : log_mode_(log_mode) {}

 protected:
  Result<Value> encode(Sink& sink, const Place& place) override;

 private:
  struct Rows {
    std::size_t first = 0, count = 0;
  };
  static Result<TypePtr> type_with(const Column& column, const ColumnCells& more);
  Failure wrong_width(std::size_t found) const;
  Result<void> learn_row(Span<const CellView> row, Span<const Link> links);
  Result<void> set_type(Column& column, TypePtr type, bool optional);
  Result<void> check_keys(const Column& column, const TypePtr& type, bool optional) const;
  Result<void> start_column(std::string_view name, std::size_t cells);
  Result<void> learn_column(bool optional, bool is_first);
  void changed();

  Result<Value> encode_increment(Sink& sink, const Place& place);
  void continue_increments(const Sink& sink, const std::string& key);
  Dict run_fields(const StoredFile& file, const Sink::Address& address, const std::string& entry,
                  std::size_t rows) const;
  std::string file_text(Rows rows) const;
  Result<void> write_for_artifact(JsonText& text, Package& package, Rows rows, const Dict& more);
  Result<void> add_to_artifact(Package& package, const std::string& path, Rows rows,
                               const Dict& more);
  Result<Rows> rows_of_artifact(Package& package, Rows rows) const;

  const LogMode log_mode_;
  mutable std::recursive_mutex data_mutex_;
  std::vector<Column> columns_;
  std::size_t rows_ = 0;
  std::size_t max_rows_ = Table::kMaxRows, max_artifact_rows_ = Table::kMaxArtifactRows;
  std::uint64_t changes_ = 0;         // counts them
  std::uint64_t logged_changes_ = 0;  // as many as there were when it was last logged
  bool was_logged_ = false, change_told_ = false;

  // INCREMENTAL; under the lock of bind()
  std::string increments_run_;
  std::optional<std::int64_t> increment_;
  std::size_t logged_rows_ = 0;
  List previous_paths_;
  Value last_value_;
};

/// The name of an artifact without the characters that no artifact's name has, kept apart from
/// others by a checksum of the whole. Source: data-formats 4.7.
std::string own_artifact_name(const std::string& name);
/// The column's type as it will be after logging: an axis of numbers is a list of them there.
TypePtr artifact_column_type(const TypePtr& type);
/// The type of an array among the types that a column takes; null if there is none.
TypePtr array_type_of(const TypePtr& type);

}  // namespace runstone::media
