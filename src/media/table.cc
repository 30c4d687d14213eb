#include "runstone/table.h"

#include <deque>
#include <limits>

#include "base/try.h"
#include "media/classes.h"
#include "media/joined_table.h"
#include "media/table_object.h"

namespace runstone {

using media::CellView;
using media::Node;
using media::TableObject;

namespace {

// A cell as columns take it. What has no view of its own is kept in `nodes`.
Result<CellView> view_of(const Cell& cell, std::deque<Node>& nodes) {
  CellView view;
  const auto keep = [&](Node node) {
    nodes.push_back(std::move(node));
    return CellView::of(nodes.back());
  };
  switch (cell.kind()) {
    case Cell::Kind::kTimestamp:
      return keep(Node{*static_cast<const Timestamp*>(cell.other())});
    case Cell::Kind::kArray: {
      auto array =
          std::make_shared<const NumberArray>(*static_cast<const NumberArray*>(cell.other()));
      RUNSTONE_TRY(media::check_array(*array));
      return keep(Node{std::move(array)});
    }
    case Cell::Kind::kNode:
      return CellView::of(*static_cast<const Node*>(cell.other()));
    case Cell::Kind::kValue:
      break;
  }
  const ValueRef& value = cell.value();
  switch (value.kind()) {
    case ValueRef::Kind::kNull:
      return view;
    case ValueRef::Kind::kBool:
      view.kind = CellView::Kind::kBool;
      view.integer = value.as_bool() ? 1 : 0;
      return view;
    case ValueRef::Kind::kInt:
      view.kind = CellView::Kind::kInt;
      view.integer = value.as_int();
      return view;
    case ValueRef::Kind::kDouble:
      view.kind = CellView::Kind::kDouble;
      view.number = value.as_double();
      return view;
    case ValueRef::Kind::kText:
    case ValueRef::Kind::kJson:
      view.kind = CellView::Kind::kText;
      view.text = value.text();
      return view;
    case ValueRef::Kind::kValue:
      return keep(Node::of(value.value()));
    case ValueRef::Kind::kError:
      return fail(value.error());
    case ValueRef::Kind::kMedia:
    case ValueRef::Kind::kMediaList:
      break;
  }
  Node::NodeList objects;
  for (const Media& one : value.media()) {
    if (!one) return fail(ErrorCode::kInvalidArgument, "a media in a cell holds nothing");
    objects.push_back(Node{one.object()});
  }
  if (value.kind() == ValueRef::Kind::kMedia) return keep(std::move(objects[0]));
  return keep(Node{std::move(objects)});
}

struct Views {
  std::deque<Node> nodes;
  std::vector<CellView> cells;
  std::vector<TableObject::Link> links;
};

Result<Views> views_of(Span<const Cell> cells) {
  Views views;
  views.cells.reserve(cells.size());
  bool has_links = false;
  for (const Cell& cell : cells) {
    RUNSTONE_TRY(const CellView view, view_of(cell, views.nodes));
    views.cells.push_back(view);
    has_links = has_links || cell.link() != nullptr;
  }
  if (!has_links) return views;
  for (const Cell& cell : cells) {
    views.links.push_back({cell.link(), std::string(cell.link_column())});
  }
  return views;
}

Value value_of(const CellView& cell) { return media::plain_value(cell.to_node()); }

}  // namespace

media::TableObject& Table::table() const { return static_cast<TableObject&>(*object()); }

Result<Table> Table::create(const List& columns, const TableOptions& options) {
  RUNSTONE_TRY(auto table, TableObject::create(columns, options));
  return Table(std::shared_ptr<media::Object>(std::move(table)));
}
Result<Table> Table::create(std::initializer_list<const char*> columns,
                            const TableOptions& options) {
  return create(List(columns.begin(), columns.end()), options);
}

Result<Table> Table::of(const Media& media) {
  if (media && media.object()->kind() == media::Kind::kTable) return Table(media.object());
  return fail(ErrorCode::kInvalidType,
              media ? "a table was expected, but this is of the type " + std::string(media.type())
                    : "a table was expected, but there is nothing");
}

Result<void> Table::add_data(Span<const Cell> row) {
  RUNSTONE_TRY(const Views views, views_of(row));
  return table().add_row(views.cells, views.links);
}
Result<void> Table::add_numbers(Span<const Span<const double>> columns) {
  std::vector<TableObject::ColumnCells> cells(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) cells[i].doubles = columns[i];
  return table().add_cells(cells);
}
Result<void> Table::add_column(std::string_view name, Span<const Cell> cells, bool optional) {
  RUNSTONE_TRY(const Views views, views_of(cells));
  return table().add_column(name, Span<const CellView>(views.cells), optional);
}
Result<void> Table::add_column(std::string_view name, Span<const double> numbers, bool optional) {
  return table().add_column(name, numbers, optional);
}
Result<void> Table::add_column(std::string_view name, Span<const std::string> texts,
                               bool optional) {
  std::vector<CellView> cells(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    cells[i].kind = CellView::Kind::kText;
    cells[i].text = texts[i];
  }
  return table().add_column(name, Span<const CellView>(cells), optional);
}

Result<void> Table::add_computed_columns(
    const std::function<Dict(std::size_t, const Dict&)>& make) {
  RUNSTONE_TRY(table().check_not_incremental("add_computed_columns"));
  std::vector<std::pair<std::string, std::deque<Node>>> made;
  const std::size_t rows = row_count();
  for (std::size_t i = 0; i < rows; ++i) {
    RUNSTONE_TRY(const Dict known, row(i));
    for (const auto& [name, value] : make(i, known)) {
      auto column = std::find_if(made.begin(), made.end(),
                                 [&, &key = name](const auto& one) { return one.first == key; });
      if (column == made.end()) column = made.insert(made.end(), {name, {}});
      column->second.push_back(Node::of(value));
    }
  }
  for (const auto& [name, nodes] : made) {
    std::vector<CellView> cells;
    for (const Node& node : nodes) cells.push_back(CellView::of(node));
    RUNSTONE_TRY(table().add_column(name, Span<const CellView>(cells), false));
  }
  return {};
}

Result<void> Table::cast(const Value& column, const ColumnType& type, bool optional) {
  return table().cast(column, type.type(), optional);
}
Result<void> Table::set_pk(const Value& column) {
  return table().cast(column, media::Type::of(media::Type::Kind::kPrimaryKey), false);
}
Result<void> Table::set_fk(const Value& column, const Table& other, std::string_view other_column) {
  return table().set_foreign_key(column, std::static_pointer_cast<TableObject>(other.object()),
                                 other_column);
}

std::size_t Table::row_count() const { return table().row_count(); }
List Table::columns() const { return table().column_names(); }
std::string Table::log_mode() const {
  switch (table().log_mode()) {
    case media::LogMode::kImmutable:
      return "IMMUTABLE";
    case media::LogMode::kMutable:
      return "MUTABLE";
    case media::LogMode::kIncremental:
      break;
  }
  return "INCREMENTAL";
}

ColumnType Table::column_type(const Value& column) const {
  const auto at = table().find(column);
  if (!at) return {};
  return table().with(
      [&](const auto& columns, std::size_t) { return ColumnType(columns[*at].type); });
}

Result<List> Table::get_column(const Value& column) const {
  RUNSTONE_TRY(const std::size_t at, table().find(column));
  return table().with([&](const auto& columns, std::size_t rows) {
    List values;
    values.reserve(rows);
    for (std::size_t i = 0; i < rows; ++i) values.push_back(value_of(columns[at].cells.at(i)));
    return Result<List>(std::move(values));
  });
}

Result<std::vector<double>> Table::get_numbers(const Value& column) const {
  RUNSTONE_TRY(const std::size_t at, table().find(column));
  return table().with([&](const auto& columns, std::size_t rows) -> Result<std::vector<double>> {
    std::vector<double> numbers(rows, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < rows; ++i) {
      const CellView cell = columns[at].cells.at(i);
      if (cell.kind == CellView::Kind::kDouble) {
        numbers[i] = cell.number;
      } else if (cell.kind == CellView::Kind::kInt || cell.kind == CellView::Kind::kBool) {
        numbers[i] = static_cast<double>(cell.integer);
      } else if (cell.kind != CellView::Kind::kNull) {
        return fail(ErrorCode::kInvalidType,
                    "the cell in row " + std::to_string(i) + " is no number");
      }
    }
    return numbers;
  });
}

Result<Dict> Table::row(std::size_t index) const {
  return table().with([&](const auto& columns, std::size_t rows) -> Result<Dict> {
    if (index >= rows) {
      return fail(ErrorCode::kOutOfRange, "the table has " + std::to_string(rows) +
                                              " rows, none of the index " + std::to_string(index));
    }
    Dict row;
    for (const auto& column : columns) row.set(column.key, value_of(column.cells.at(index)));
    return row;
  });
}

Media Table::media_at(std::size_t row, const Value& column) const {
  const auto at = table().find(column);
  if (!at) return {};
  return table().with([&](const auto& columns, std::size_t rows) {
    if (row >= rows) return Media();
    const CellView cell = columns[*at].cells.at(row);
    const auto* object =
        cell.node == nullptr ? nullptr : cell.node->if_is<std::shared_ptr<media::Object>>();
    return object == nullptr ? Media() : Media(*object);
  });
}

void Table::set_limits(std::size_t max_rows, std::size_t max_artifact_rows) {
  table().set_limits(max_rows, max_artifact_rows);
}

bool operator==(const Table& a, const Table& b) { return a.table().same_table(b.table()); }

// --- beside tables

Result<Classes> Classes::create(const List& class_set) {
  for (const Value& one : class_set) {
    if (one.get("id") == nullptr || one.get("name") == nullptr) {
      return fail(ErrorCode::kOutOfRange,
                  "a class set is a list of {\"id\": number, \"name\": text}");
    }
  }
  return Classes(std::make_shared<media::ClassesObject>(class_set));
}

Result<JoinedTable> JoinedTable::create(const Part& first, const Part& second,
                                        const std::vector<std::string>& keys) {
  if (keys.empty() || keys.size() > 2) {
    return fail(ErrorCode::kInvalidArgument,
                "JoinedTable join_key should be one column's name or a list of two");
  }
  const std::string_view end = ".table.json";
  for (const Part* part : {&first, &second}) {
    const bool is_path = part->path.size() > end.size() &&
                         part->path.compare(part->path.size() - end.size(), end.size(), end) == 0;
    if (part->table || is_path) continue;
    return fail(ErrorCode::kInvalidArgument,
                "JoinedTable takes tables, or paths in an artifact that end in .table.json");
  }
  Value join_key = keys.size() == 1 ? Value(keys[0]) : Value(List(keys.begin(), keys.end()));
  return JoinedTable(
      std::make_shared<media::JoinedTableObject>(first, second, std::move(join_key)));
}

}  // namespace runstone
