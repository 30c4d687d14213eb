// What a table holds and how it may change; table_log.cc has how it is logged.
#include "media/table_object.h"

#include <algorithm>
#include <cmath>

#include "base/try.h"

namespace runstone::media {
namespace {

using CellKind = CellView::Kind;

constexpr std::size_t kMaxTextBytes = 0xffffffff;
constexpr std::size_t kShownBytes = 40;

// Bits of Column::fast_kinds.
constexpr unsigned kNull = 1, kBool = 2, kNumber = 4, kText = 8, kNode = 16;

unsigned bit_of(const CellView& cell) {
  switch (cell.kind) {
    case CellKind::kNull:
      return kNull;
    case CellKind::kBool:
      return kBool;
    case CellKind::kInt:
      return kNumber;
    case CellKind::kDouble:
      return std::isnan(cell.number) ? kNull : kNumber;
    case CellKind::kText:
      return kText;
    case CellKind::kNode:
      return kNode;
  }
  return 0;
}

unsigned fast_kinds_of(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kNone:
      return kNull;
    case Type::Kind::kBoolean:
      return kBool;
    case Type::Kind::kNumber:
    case Type::Kind::kForeignIndex:
      return kNumber;
    case Type::Kind::kString:
    case Type::Kind::kPrimaryKey:
    case Type::Kind::kForeignKey:
      return kText;
    case Type::Kind::kAny:
      return kBool | kNumber | kText | kNode;
    case Type::Kind::kUnion: {
      unsigned kinds = 0;
      for (const TypePtr& part : type.parts) kinds |= fast_kinds_of(*part);
      return kinds;
    }
    default:
      return 0;
  }
}

std::string quoted(const Value& name) {
  return name.is_string() ? "'" + *name.if_string() + "'" : std::to_string(name.int_or(0));
}

std::string shown(const CellView& cell) {
  JsonText text(JsonText::Form::kCompact);
  text.add_value(plain_value(cell.to_node()));
  std::string whole = std::move(text).take();
  if (whole.size() > kShownBytes) whole = whole.substr(0, kShownBytes) + "...";
  return whole + " (" + to_text(type_of(cell.to_node())) + ")";
}

Result<LogMode> log_mode_of(const std::string& name) {
  if (name == "IMMUTABLE") return LogMode::kImmutable;
  if (name == "MUTABLE") return LogMode::kMutable;
  if (name == "INCREMENTAL") return LogMode::kIncremental;
  return fail(ErrorCode::kOutOfRange,
              "log_mode must be IMMUTABLE, MUTABLE or INCREMENTAL, not '" + name + "'");
}

bool is_key(const Type& type) {
  return type.kind == Type::Kind::kPrimaryKey || type.kind == Type::Kind::kForeignKey ||
         type.kind == Type::Kind::kForeignIndex;
}

bool same_cell(const CellView& a, const CellView& b) {
  const Node x = a.to_node(), y = b.to_node();
  if (const auto* object = x.if_is<std::shared_ptr<Object>>()) {
    const auto* other = y.if_is<std::shared_ptr<Object>>();
    return other != nullptr && (*object == *other || (*object)->same_content(**other));
  }
  return same_value(plain_value(x), plain_value(y));
}

// The type that takes the cell, too. `type` itself where nothing has to be learnt.
Result<TypePtr> learn(const TableObject::Column& column, const CellView& cell) {
  if ((column.fast_kinds & bit_of(cell)) != 0) return column.type;
  TypePtr type = assign(column.type, cell.to_node());
  if (type != nullptr) return type;
  return fail(ErrorCode::kInvalidType, "Data row contained incompatible types: column " +
                                           quoted(column.name) + " takes " + to_text(column.type) +
                                           ", not " + shown(cell));
}

}  // namespace

Result<std::shared_ptr<TableObject>> TableObject::create(const List& columns,
                                                         const TableOptions& options) {
  RUNSTONE_TRY(const LogMode mode, log_mode_of(options.log_mode));
  auto table = std::make_shared<TableObject>(mode);
  for (const Value& name : columns) {
    if (!name.is_string() && !name.is_int()) {
      return fail(ErrorCode::kOutOfRange, "a table's columns are named by text or integers");
    }
    if (table->find(name)) {
      return fail(ErrorCode::kOutOfRange, "a table cannot have two columns named " + quoted(name));
    }
    Column column;
    column.name = name;
    column.key = name.is_string() ? *name.if_string() : std::to_string(*name.if_int());
    table->columns_.push_back(std::move(column));
  }
  const auto per_column = [&](const auto& given, std::size_t i) {
    return given[given.size() == 1 ? 0 : i];
  };
  for (const std::size_t given : {options.types.size(), options.optional.size()}) {
    if (given > 1 && given != columns.size()) {
      return fail(ErrorCode::kOutOfRange, "a table of " + std::to_string(columns.size()) +
                                              " columns was given the types of " +
                                              std::to_string(given));
    }
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    TypePtr type = Type::of(options.allow_mixed_types ? Type::Kind::kAny : Type::Kind::kUnknown);
    if (!options.allow_mixed_types && !options.types.empty()) {
      type = per_column(options.types, i).type();
    }
    const bool optional = options.optional.empty() || per_column(options.optional, i);
    RUNSTONE_TRY(table->set_type(table->columns_[i], std::move(type), optional));
  }
  return table;
}

std::string_view TableObject::type() const {
  return log_mode_ == LogMode::kIncremental ? "incremental-table-file" : "table-file";
}

Result<std::size_t> TableObject::find(const Value& column) const {
  const std::scoped_lock lock(data_mutex_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == column) return i;
  }
  return fail(ErrorCode::kOutOfRange, "the table has no column " + quoted(column));
}

void TableObject::changed() { ++changes_; }

bool TableObject::take_change_warning() {
  const std::scoped_lock lock(data_mutex_);
  const bool tells = log_mode_ == LogMode::kImmutable && was_logged_ && !change_told_ &&
                     changes_ != logged_changes_;
  if (tells) change_told_ = true;
  return tells;
}

// --- rows

Failure TableObject::wrong_width(std::size_t found) const {
  std::string names;
  for (const Column& column : columns_) names += (names.empty() ? "" : ", ") + quoted(column.name);
  return fail(ErrorCode::kInvalidArgument, "This table expects " + std::to_string(columns_.size()) +
                                               " columns: [" + names + "], found " +
                                               std::to_string(found));
}

Result<void> TableObject::add_row(Span<const CellView> row, Span<const Link> links) {
  const std::scoped_lock lock(data_mutex_);
  if (row.size() != columns_.size()) return wrong_width(row.size());
  RUNSTONE_TRY(learn_row(row, links));
  for (std::size_t i = 0; i < row.size(); ++i) columns_[i].cells.add(row[i]);
  ++rows_;
  changed();
  return {};
}

// The columns' types with the row in them, or, if one of its cells does not fit, as they were.
Result<void> TableObject::learn_row(Span<const CellView> row, Span<const Link> links) {
  struct Before {
    std::size_t column;
    TypePtr type;
    unsigned fast_kinds;
  };
  std::vector<Before> before;
  const auto learn_cell = [&](std::size_t i) -> Result<void> {
    Column& column = columns_[i];
    if (row[i].kind == CellKind::kText && row[i].text.size() > kMaxTextBytes) {
      return fail(ErrorCode::kInvalidArgument, "a cell's text is at most 4 GiB");
    }
    const bool is_link = i < links.size() && links[i].table != nullptr;
    if (!is_link && (column.fast_kinds & bit_of(row[i])) != 0) return {};
    before.push_back({i, column.type, column.fast_kinds});
    if (is_link) {
      const Link& link = links[i];
      RUNSTONE_TRY(set_type(column,
                            link.column.empty() ? Type::foreign_index(link.table)
                                                : Type::foreign_key(link.table, link.column),
                            false));
    }
    RUNSTONE_TRY(column.type, learn(column, row[i]));
    column.fast_kinds = fast_kinds_of(*column.type);
    return {};
  };
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (auto learnt = learn_cell(i); !learnt) {
      for (auto& [column, type, fast_kinds] : before) {
        columns_[column].type = std::move(type);
        columns_[column].fast_kinds = fast_kinds;
      }
      return learnt;
    }
  }
  return {};
}

Result<TypePtr> TableObject::type_with(const Column& column, const ColumnCells& more) {
  Column probe;
  probe.name = column.name;
  probe.type = column.type;
  probe.fast_kinds = column.fast_kinds;
  const auto take = [&](const CellView& cell) -> Result<void> {
    if ((probe.fast_kinds & bit_of(cell)) != 0) return {};
    RUNSTONE_TRY(probe.type, learn(probe, cell));
    probe.fast_kinds = fast_kinds_of(*probe.type);
    return {};
  };
  CellView number;
  number.kind = CellKind::kDouble;
  for (const double value : more.doubles) {
    number.number = value;
    RUNSTONE_TRY(take(number));
  }
  number.kind = CellKind::kInt;
  if (!more.integers.empty()) RUNSTONE_TRY(take(number));
  for (const CellView& cell : more.cells) RUNSTONE_TRY(take(cell));
  return probe.type;
}

Result<void> TableObject::add_cells(Span<const ColumnCells> columns) {
  const std::scoped_lock lock(data_mutex_);
  if (columns.size() != columns_.size()) return wrong_width(columns.size());
  const std::size_t rows = columns.empty() ? 0 : columns[0].size();
  std::vector<TypePtr> types;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].size() != rows) {
      return fail(ErrorCode::kInvalidArgument, "the columns of a table are of one length");
    }
    RUNSTONE_TRY(TypePtr type, type_with(columns_[i], columns[i]));
    types.push_back(std::move(type));
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    CellStore& store = columns_[i].cells;
    columns_[i].fast_kinds = fast_kinds_of(*types[i]);
    columns_[i].type = std::move(types[i]);
    store.add_numbers(columns[i].doubles);
    store.add_integers(columns[i].integers);
    for (const CellView& cell : columns[i].cells) store.add(cell);
  }
  rows_ += rows;
  changed();
  return {};
}

void TableObject::reserve(std::size_t rows) {
  const std::scoped_lock lock(data_mutex_);
  for (Column& column : columns_) column.cells.reserve(rows);
}

// --- columns

Result<void> TableObject::check_not_incremental(const char* method) const {
  if (log_mode_ != LogMode::kIncremental) return {};
  return fail(ErrorCode::kFailedPrecondition,
              std::string("Operation '") + method +
                  "' is not supported for tables with log_mode='INCREMENTAL'. Use a different log "
                  "mode like 'MUTABLE' or 'IMMUTABLE'.");
}

Result<void> TableObject::start_column(std::string_view name, std::size_t cells) {
  RUNSTONE_TRY(check_not_incremental("add_column"));
  if (find(Value(name))) {
    return fail(ErrorCode::kOutOfRange,
                "the table has a column '" + std::string(name) + "' already");
  }
  if (!columns_.empty() && cells != rows_) {
    return fail(ErrorCode::kOutOfRange, "Expected length " + std::to_string(rows_) + ", found " +
                                            std::to_string(cells) + " cells for column '" +
                                            std::string(name) + "'");
  }
  Column column;
  column.name = Value(name);
  column.key = std::string(name);
  column.type = Type::of(Type::Kind::kUnknown);
  columns_.push_back(std::move(column));
  return {};
}

// The new column's type from its cells; without one there is no such column.
Result<void> TableObject::learn_column(bool optional, bool is_first) {
  auto typed = set_type(columns_.back(), Type::of(Type::Kind::kUnknown), optional);
  if (!typed) {
    columns_.pop_back();
    return typed;
  }
  if (is_first) rows_ = columns_.back().cells.size();
  changed();
  return {};
}

Result<void> TableObject::add_column(std::string_view name, Span<const CellView> cells,
                                     bool optional) {
  const std::scoped_lock lock(data_mutex_);
  const bool is_first = columns_.empty();
  RUNSTONE_TRY(start_column(name, cells.size()));
  CellStore& store = columns_.back().cells;
  store.reserve(cells.size());
  for (const CellView& cell : cells) store.add(cell);
  return learn_column(optional, is_first);
}

Result<void> TableObject::add_column(std::string_view name, Span<const double> numbers,
                                     bool optional) {
  const std::scoped_lock lock(data_mutex_);
  const bool is_first = columns_.empty();
  RUNSTONE_TRY(start_column(name, numbers.size()));
  columns_.back().cells.add_numbers(numbers);
  return learn_column(optional, is_first);
}

// --- types and keys

Result<void> TableObject::check_keys(const Column& column, const TypePtr& type,
                                     bool optional) const {
  const bool was_key = column.type != nullptr && is_key(*column.type);
  if (was_key && !same_type(column.type, type)) {
    return fail(ErrorCode::kOutOfRange, "Cannot unset the key of column " + quoted(column.name));
  }
  if (!is_key(*type)) return {};
  if (optional) {
    return fail(ErrorCode::kOutOfRange,
                "Primary keys, foreign keys, and foreign indexes cannot be optional.");
  }
  if (type->table.get() == this) {
    return fail(ErrorCode::kOutOfRange, "Cannot set a foreign table reference to same table.");
  }
  if (type->kind != Type::Kind::kPrimaryKey) return {};
  for (const Column& other : columns_) {
    if (&other == &column || other.type == nullptr || other.type->kind != Type::Kind::kPrimaryKey) {
      continue;
    }
    return fail(ErrorCode::kOutOfRange, "Cannot have multiple primary keys - " +
                                            quoted(other.name) +
                                            " is already set as the primary key.");
  }
  return {};
}

Result<void> TableObject::set_type(Column& column, TypePtr type, bool optional) {
  RUNSTONE_TRY(check_keys(column, type, optional));
  if (optional) type = Type::optional(std::move(type));
  Column probe;
  probe.type = std::move(type);
  probe.fast_kinds = fast_kinds_of(*probe.type);
  for (std::size_t row = 0; row < column.cells.size(); ++row) {
    const CellView cell = column.cells.at(row);
    if ((probe.fast_kinds & bit_of(cell)) != 0) continue;
    TypePtr next = assign(probe.type, cell.to_node());
    if (next == nullptr) {
      return fail(ErrorCode::kInvalidType, "Existing data " + shown(cell) + " of column " +
                                               quoted(column.name) + " cannot be cast to " +
                                               to_text(probe.type));
    }
    if (next == probe.type) continue;
    probe.type = std::move(next);
    probe.fast_kinds = fast_kinds_of(*probe.type);
  }
  column.type = std::move(probe.type);
  column.fast_kinds = probe.fast_kinds;
  return {};
}

Result<void> TableObject::cast(const Value& name, TypePtr type, bool optional) {
  const std::scoped_lock lock(data_mutex_);
  RUNSTONE_TRY(const std::size_t column, find(name));
  RUNSTONE_TRY(set_type(columns_[column], std::move(type), optional));
  changed();
  return {};
}

Result<void> TableObject::set_foreign_key(const Value& column,
                                          const std::shared_ptr<TableObject>& table,
                                          std::string_view other_column) {
  RUNSTONE_TRY(table->find(Value(other_column)));
  return cast(column, Type::foreign_key(table, std::string(other_column)), false);
}

// --- reading

void TableObject::set_limits(std::size_t max_rows, std::size_t max_artifact_rows) {
  const std::scoped_lock lock(data_mutex_);
  max_rows_ = max_rows;
  max_artifact_rows_ = max_artifact_rows;
}

std::size_t TableObject::row_count() const {
  const std::scoped_lock lock(data_mutex_);
  return rows_;
}

List TableObject::column_names() const {
  const std::scoped_lock lock(data_mutex_);
  List names;
  for (const Column& column : columns_) names.push_back(column.name);
  return names;
}

std::vector<std::pair<std::string, TypePtr>> TableObject::column_types() const {
  const std::scoped_lock lock(data_mutex_);
  std::vector<std::pair<std::string, TypePtr>> types;
  for (const Column& column : columns_) types.emplace_back(column.key, column.type);
  return types;
}

bool TableObject::same_table(const TableObject& other) const {
  if (this == &other) return true;
  const std::scoped_lock lock(data_mutex_, other.data_mutex_);
  if (rows_ != other.rows_ || columns_.size() != other.columns_.size()) return false;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column &a = columns_[i], &b = other.columns_[i];
    if (a.name != b.name || !same_type(a.type, b.type)) return false;
    for (std::size_t row = 0; row < rows_; ++row) {
      if (!same_cell(a.cells.at(row), b.cells.at(row))) return false;
    }
  }
  return true;
}

TypePtr array_type_of(const TypePtr& type) {
  if (type->kind == Type::Kind::kArray) return type;
  if (type->kind != Type::Kind::kUnion) return nullptr;
  for (const TypePtr& part : type->parts) {
    if (part->kind == Type::Kind::kArray) return part;
  }
  return nullptr;
}

TypePtr artifact_column_type(const TypePtr& type) {
  constexpr std::int64_t kMaxListed =
      150;  // an embedding; longer ones and further axes are in a file
  const TypePtr array = array_type_of(type);
  if (array == nullptr || array->shape.size() != 1 || array->shape[0] > kMaxListed) return type;
  return Type::list(Type::of(Type::Kind::kNumber), array->shape[0]);
}

}  // namespace runstone::media
