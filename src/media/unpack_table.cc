// A table from the entry that describes it: its columns' types say how its cells are to be read.
#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/try.h"
#include "media/node.h"
#include "media/read_npz.h"
#include "media/table_object.h"
#include "media/unpack.h"

namespace runstone::media {
namespace {

constexpr double kLargestUnixMs = 9e15;  // as microseconds they are whole numbers of 64 bits

Failure wrong(const std::string& what) {
  return fail(ErrorCode::kCorrupt, "a stored table " + what);
}

std::string name_of(const Value& column) {
  return column.is_string() ? *column.if_string() : std::to_string(column.int_or(0));
}

std::string_view wb_type(const Value& type) {
  const Value* name = type.get("wb_type");
  return name == nullptr ? "" : name->string_or("");
}

const Value* param(const Value& type, const char* name) {
  const Value* params = type.get("params");
  return params == nullptr ? nullptr : params->get(name);
}

/// The alternatives of a union; of another type that one.
std::vector<const Value*> alternatives(const Value& type) {
  const Value* allowed = wb_type(type) == "union" ? param(type, "allowed_types") : nullptr;
  if (allowed == nullptr || !allowed->is_list()) return {&type};
  std::vector<const Value*> types;
  for (const Value& one : *allowed->if_list()) types.push_back(&one);
  return types;
}

/// Whether a part of the type is one that only values tell: a key, an object of Python.
bool is_told_by_values(const Value& type) {
  constexpr std::string_view kByValue[] = {
      "foreignKey", "foreignIndex", "primaryKey", "pythonObject", "table", "invalid", "classesId"};
  const std::string_view name = wb_type(type);
  if (std::find(std::begin(kByValue), std::end(kByValue), name) != std::end(kByValue)) return true;
  const auto any = [](const Value& part) { return is_told_by_values(part); };
  if (const List* list = type.if_list()) return std::any_of(list->begin(), list->end(), any);
  const Dict* dict = type.if_dict();
  if (dict == nullptr) return false;
  return std::any_of(dict->begin(), dict->end(), [&](const auto& one) { return any(one.second); });
}

Result<ColumnType> declared_type(const Value* type) {
  if (type == nullptr || is_told_by_values(*type)) return ColumnType::optional(ColumnType());
  return ColumnType::from_json(*type).transform_error([](Error error) {
    error.code = ErrorCode::kCorrupt;
    return error;
  });
}

Node moment_of(const Value& stored) {
  const double unix_ms = stored.is_number() ? stored.number_or(0) : kLargestUnixMs * 2;
  if (!(std::abs(unix_ms) <= kLargestUnixMs)) return Node::of(stored);
  Timestamp moment;
  moment.unix_us = static_cast<std::int64_t>(std::llround(unix_ms * 1000));
  moment.utc_offset_secs = 0;
  return Node{moment};
}

Result<Node> row_of(const NumberArray& stacked, std::size_t row) {
  const std::size_t rows = stacked.shape.empty() ? 0 : static_cast<std::size_t>(stacked.shape[0]);
  if (row >= rows) return wrong("has fewer arrays than rows");
  auto array = std::make_shared<NumberArray>();
  array->shape.assign(stacked.shape.begin() + 1, stacked.shape.end());
  array->dtype = stacked.dtype;
  const std::size_t size = stacked.bytes.size() / rows;
  array->bytes = stacked.bytes.substr(row * size, size);
  return Node{std::shared_ptr<const NumberArray>(std::move(array))};
}

/// How the cells of one column are stored.
class ColumnReader {
 public:
  static Result<ColumnReader> of(StoredPackage& package, const Value* type) {
    ColumnReader reader;
    if (type == nullptr) return reader;
    for (const Value* one : alternatives(*type)) {
      const std::string_view name = wb_type(*one);
      if (name == "timestamp") {
        reader.form_ = Form::kMoment;
        return reader;
      }
      if (name == "foreignIndex") {
        RUNSTONE_TRY(reader.linked_, linked_table(package, *one));
        return reader;
      }
      const Value* place = name == "ndarray" ? param(*one, "serialization_path") : nullptr;
      if (place != nullptr && place->is_dict()) {
        RUNSTONE_TRY(reader.arrays_, arrays_at(package, *place));
        reader.form_ = Form::kArray;
        return reader;
      }
    }
    return reader;
  }

  Result<Node> read(StoredPackage& package, const Value& stored, std::size_t row) const {
    if (form_ == Form::kArray) return row_of(arrays_, row);
    if (form_ == Form::kMoment) return moment_of(stored);
    return unpack_cell(package, stored);
  }
  Cell cell_of(const Node& node) const {
    const Cell cell(node);
    if (!linked_) return cell;
    return cell.linked_to(std::static_pointer_cast<TableObject>(linked_.object()), "");
  }

  static Result<Table> linked_table(StoredPackage& package, const Value& type) {
    const Value* path = param(type, "table");
    const std::string name(path == nullptr ? "" : path->string_or(""));
    RUNSTONE_TRY(const Media found, package.object(name));
    if (!found) return wrong("links to the table '" + name + "', which is not there");
    return Table::of(found);
  }

 private:
  enum class Form { kPlain, kMoment, kArray };

  static Result<NumberArray> arrays_at(StoredPackage& package, const Value& place) {
    const Value* path = place.get("path");
    const Value* key = place.get("key");
    if (path == nullptr || key == nullptr) return wrong("does not say where its arrays are");
    RUNSTONE_TRY(const std::string bytes, package.text(std::string(path->string_or(""))));
    return read_npz(bytes, std::string(key->string_or("")));
  }

  Form form_ = Form::kPlain;
  NumberArray arrays_;
  Table linked_;
};

/// `<number>-<ms>.<key>.table.json`: the order of increments.
std::pair<std::uint64_t, std::uint64_t> increment_order(const std::string& path) {
  const std::string front = path.substr(0, path.find('.'));
  const std::size_t dash = std::min(front.find('-'), front.size());
  const std::string ms = dash < front.size() ? front.substr(dash + 1) : "";
  return {std::strtoull(front.substr(0, dash).c_str(), nullptr, 10),
          std::strtoull(ms.c_str(), nullptr, 10)};
}

/// The entries of all increments, each with rows of its own.
Result<std::vector<std::string>> increments_of(StoredPackage& package) {
  constexpr std::string_view kEnd = ".table.json";
  std::vector<std::string> paths;
  for (const std::string& path : package.paths()) {
    if (path.size() >= kEnd.size() && path.substr(path.size() - kEnd.size()) == kEnd) {
      paths.push_back(path);
    }
  }
  std::stable_sort(paths.begin(), paths.end(), [](const auto& a, const auto& b) {
    return increment_order(a) < increment_order(b);
  });
  RUNSTONE_TRY(package.bring(paths));
  return paths;
}

const Value* type_map_of(const Value& stored) {
  const Value* types = stored.get("column_types");
  if (types != nullptr) types = param(*types, "type_map");
  return types != nullptr && types->is_dict() && !types->if_dict()->empty() ? types : nullptr;
}

/// The rows of one entry; arrays of an increment are counted from its own first row.
Result<void> add_rows(Table& table, StoredPackage& package, const Value& stored) {
  const Value* columns = stored.get("columns");
  const Value* data = stored.get("data");
  if (columns == nullptr || !columns->is_list()) return wrong("has no list of columns");
  if (data == nullptr || !data->is_list()) return wrong("has no list of rows");
  const Value* types = type_map_of(stored);
  std::vector<ColumnReader> readers;
  for (const Value& column : *columns->if_list()) {
    RUNSTONE_TRY(
        auto reader,
        ColumnReader::of(package, types == nullptr ? nullptr : types->get(name_of(column))));
    readers.push_back(std::move(reader));
  }
  const List& rows = *data->if_list();
  std::vector<Node> nodes(readers.size());
  std::vector<Cell> cells(readers.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const List* stored = rows[row].if_list();
    if (stored == nullptr || stored->size() != readers.size()) {
      return wrong("has a row that is not of its columns");
    }
    for (std::size_t i = 0; i < readers.size(); ++i) {
      RUNSTONE_TRY(nodes[i], readers[i].read(package, (*stored)[i], row));
      cells[i] = readers[i].cell_of(nodes[i]);
    }
    RUNSTONE_TRY(table.add_data(Span<const Cell>(cells)));
  }
  return {};
}

Result<void> set_keys(Table& table, StoredPackage& package, const Value& column,
                      const Value* type) {
  if (type == nullptr) return {};
  if (wb_type(*type) == "primaryKey") return table.set_pk(column);
  if (wb_type(*type) != "foreignKey") return {};
  RUNSTONE_TRY(const Table linked, ColumnReader::linked_table(package, *type));
  const Value* other = param(*type, "col_name");
  return table.set_fk(column, linked, other == nullptr ? "" : other->string_or(""));
}

}  // namespace

Result<Table> unpack_table(StoredPackage& package, const Value& stored) {
  const Value* names = stored.get("columns");
  if (names == nullptr || !names->is_list()) return wrong("has no list of columns");
  const List& columns = *names->if_list();
  const Value* types = type_map_of(stored);
  TableOptions options;
  options.optional = {types == nullptr};
  if (const Value* mode = stored.get("log_mode")) options.log_mode = mode->string_or("IMMUTABLE");
  for (const Value& column : columns) {
    if (types == nullptr) break;
    RUNSTONE_TRY(auto type, declared_type(types->get(name_of(column))));
    options.types.push_back(std::move(type));
  }
  RUNSTONE_TRY(Table table, Table::create(columns, options));
  if (options.log_mode != "INCREMENTAL") {
    RUNSTONE_TRY(add_rows(table, package, stored));
    for (const Value& column : columns) {
      if (types == nullptr) break;
      RUNSTONE_TRY(set_keys(table, package, column, types->get(name_of(column))));
    }
    return table;
  }
  RUNSTONE_TRY(const auto increments, increments_of(package));
  for (const std::string& path : increments) {
    RUNSTONE_TRY(const std::string text, package.text(path));
    const auto increment = json::parse(text);
    if (!increment) return wrong("has an increment that is no JSON: " + path);
    RUNSTONE_TRY(bring_files_of(package, *increment));
    RUNSTONE_TRY(add_rows(table, package, *increment));
  }
  return table;
}

}  // namespace runstone::media
