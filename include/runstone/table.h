#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runstone/media.h"
#include "runstone/result.h"
#include "runstone/row.h"
#include "runstone/span.h"
#include "runstone/value.h"

namespace runstone {

namespace media {
class TableObject;
struct Node;
struct Type;
}  // namespace media

class Table;

/// A moment in a cell.
struct Timestamp {
  std::int64_t unix_us =
      0;                 ///< microseconds since 1970-01-01; UTC, or local time if it has no zone
  bool is_date = false;  ///< shown without the time of day
  std::optional<std::int32_t> utc_offset_secs;  ///< of its zone, for people to read
};

/// Numbers of any shape in a cell, C order. One axis of at most 150 is stored as a list, others in
/// a file beside the table.
struct NumberArray {
  std::vector<std::int64_t> shape;
  std::string dtype;  ///< as numpy writes it: "<f8", "<f4", "<i8", "|u1", "|b1"
  std::string bytes;  ///< the elements, little endian

  static NumberArray of(Span<const double> values, std::vector<std::int64_t> shape);
  static NumberArray of(Span<const float> values, std::vector<std::int64_t> shape);
  static NumberArray of(Span<const std::int64_t> values, std::vector<std::int64_t> shape);
};

/// What the cells of a column may be. Columns learn it from their first values; give it to have
/// it checked from the start.
class ColumnType {
 public:
  ColumnType();  ///< unknown: the first value decides
  static ColumnType any();
  static ColumnType number();
  static ColumnType string();
  static ColumnType boolean();
  static ColumnType timestamp();
  static ColumnType list_of(const ColumnType& element);
  static ColumnType one_of(const std::vector<ColumnType>& types);
  static ColumnType optional(const ColumnType& type);  ///< or null
  static ColumnType media(std::string_view type);      ///< "image-file", "audio-file", ...
  /// From the form that tables in artifacts have: {"wb_type": "number"}.
  /// Errors: kInvalidArgument.
  static Result<ColumnType> from_json(const Value& json);

  Value to_json() const;
  std::string to_text() const;  ///< "None or Number"
  friend bool operator==(const ColumnType& a, const ColumnType& b);
  friend bool operator!=(const ColumnType& a, const ColumnType& b) { return !(a == b); }

  explicit ColumnType(std::shared_ptr<const media::Type> type) : type_(std::move(type)) {}
  const std::shared_ptr<const media::Type>& type() const { return type_; }

 private:
  std::shared_ptr<const media::Type> type_;
};

/// One value of a row, borrowed until the call that takes it returns: whatever log() takes, media
/// and lists of them included, and moments, arrays and rows of other tables.
class Cell {
 public:
  enum class Kind : std::uint8_t { kValue, kTimestamp, kArray, kNode };

  Cell() = default;
  /// Borrows what is borrowed by a ValueRef, for the call that the cell is given to.
  template <typename T, std::enable_if_t<std::is_convertible_v<const T&, ValueRef>, int> = 0>
  Cell(const T& value) noexcept : value_(value) {}
  Cell(List list) : kept_(std::make_shared<const Value>(std::move(list))), value_(*kept_) {}
  Cell(Dict dict) : kept_(std::make_shared<const Value>(std::move(dict))), value_(*kept_) {}
  Cell(const Timestamp& moment) noexcept : kind_(Kind::kTimestamp), other_(&moment) {}
  Cell(const NumberArray& array) noexcept : kind_(Kind::kArray), other_(&array) {}
  /// For the library: a value with media, moments or arrays inside.
  Cell(const media::Node& node) noexcept : kind_(Kind::kNode), other_(&node) {}

  Kind kind() const noexcept { return kind_; }
  const ValueRef& value() const noexcept { return value_; }
  const void* other() const noexcept { return other_; }
  /// Says that it is a row's number, or a key, of that table: the column becomes a link to it.
  Cell linked_to(std::shared_ptr<media::TableObject> table, std::string_view column) const {
    Cell linked = *this;
    linked.link_ = std::move(table);
    linked.link_column_ = column;
    return linked;
  }
  const std::shared_ptr<media::TableObject>& link() const noexcept { return link_; }
  std::string_view link_column() const noexcept { return link_column_; }

 private:
  std::shared_ptr<const Value> kept_;
  Kind kind_ = Kind::kValue;
  ValueRef value_;
  const void* other_ = nullptr;
  std::shared_ptr<media::TableObject> link_;
  std::string_view link_column_;
};

struct TableOptions {
  std::vector<ColumnType> types;  ///< one for all columns, or one each; empty: found out
  std::vector<bool> optional;  ///< whether null is allowed: one for all, or one each; true if empty
  bool allow_mixed_types = false;  ///< nothing is checked
  /// IMMUTABLE: logged once, later logs show that state. MUTABLE: logged anew after a change.
  /// INCREMENTAL: each log stores the rows that are new.
  std::string log_mode = "IMMUTABLE";
};

/// Rows and columns of numbers, text, moments, lists, arrays and media. A handle: copies share one
/// table. Any thread. Logging stores the first kMaxRows rows, media as their class's name, in a
/// file of the run, and up to kMaxArtifactRows with everything in an artifact of the type
/// run_table.
///
///   auto table = runstone::Table::create({"epoch", "loss", "sample"});
///   table->add_data({1, 0.5, Image::from_rgb(pixels, height, width)});
///   run.log({{"predictions", *table}});
///
/// Errors of all that change it: kInvalidType (a value that its column does not take),
/// kInvalidArgument (names and lengths), kFailedPrecondition (not in this log mode); nothing has
/// changed then.
class Table : public Media {
 public:
  static constexpr std::size_t kMaxRows = 10'000;
  static constexpr std::size_t kMaxArtifactRows = 200'000;
  using Media::Media;

  /// Columns have names (text) or numbers (integers), each once.
  static Result<Table> create(const List& columns, const TableOptions& options = {});
  static Result<Table> create(std::initializer_list<const char*> columns,
                              const TableOptions& options = {});

  /// The table that a handle holds: of an artifact's object, of a cell. Errors: kInvalidType.
  static Result<Table> of(const Media& media);

  Result<void> add_data(Span<const Cell> row);
  Result<void> add_data(std::initializer_list<Cell> row) {
    return add_data(Span<const Cell>(row.begin(), row.size()));
  }
  /// Many rows at once, column beside column: `columns[c][r]`. The shortest road for numbers.
  Result<void> add_numbers(Span<const Span<const double>> columns);
  /// A further column of as many cells as there are rows; the first one makes the rows.
  Result<void> add_column(std::string_view name, Span<const Cell> cells, bool optional = false);
  Result<void> add_column(std::string_view name, Span<const double> numbers, bool optional = false);
  Result<void> add_column(std::string_view name, Span<const std::string> texts,
                          bool optional = false);
  /// New columns from what `make` gives for each row: {"sum": ...}, the same names for every row.
  Result<void> add_computed_columns(
      const std::function<Dict(std::size_t index, const Dict& row)>& make);

  /// Makes the column's values be of that type. kInvalidType, with the value, if one is not.
  Result<void> cast(const Value& column, const ColumnType& type, bool optional = false);
  /// The column's values name this table's rows; one such column.
  Result<void> set_pk(const Value& column);
  /// The column's values are those of `other`'s column.
  Result<void> set_fk(const Value& column, const Table& other, std::string_view other_column);

  std::size_t row_count() const;
  List columns() const;  ///< names and numbers
  std::string log_mode() const;
  ColumnType column_type(const Value& column) const;  ///< unknown if there is no such column
  /// The values of a column; media as their class's name, moments as ISO 8601 text.
  Result<List> get_column(const Value& column) const;
  /// The numbers of a column, null as NaN. kInvalidType if one is none.
  Result<std::vector<double>> get_numbers(const Value& column) const;
  /// One row's values, as get_column() gives them.
  Result<Dict> row(std::size_t index) const;
  /// The media in a cell; empty if there is none.
  Media media_at(std::size_t row, const Value& column) const;

  /// Other limits than kMaxRows and kMaxArtifactRows for this table.
  void set_limits(std::size_t max_rows, std::size_t max_artifact_rows);

  /// The same columns, types and cells.
  friend bool operator==(const Table& a, const Table& b);
  friend bool operator!=(const Table& a, const Table& b) { return !(a == b); }

  media::TableObject& table() const;
};

/// Names of classes, to store beside images in an artifact.
class Classes : public Media {
 public:
  using Media::Media;
  /// [{"id": 0, "name": "road"}, ...]. kInvalidArgument for another form.
  static Result<Classes> create(const List& class_set);
};

/// Two tables of an artifact, shown as one: the rows whose values of the key columns are equal.
class JoinedTable : public Media {
 public:
  using Media::Media;
  /// A table, or the path of one in the artifact that this is added to (ending in .table.json).
  struct Part {
    Part(const Table& t) : table(t) {}
    Part(std::string p) : path(std::move(p)) {}
    Table table;
    std::string path;
  };
  /// `keys`: one column name, or one of each table. kInvalidArgument for others.
  static Result<JoinedTable> create(const Part& first, const Part& second,
                                    const std::vector<std::string>& keys);
};

}  // namespace runstone
