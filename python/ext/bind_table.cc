// Tables: rows of Python objects into columns of the core, and back. The class that users see is in
// python/runstone/media/_table.py; it keeps the objects that are no number or text, so that the
// interpreter's collector sees them.
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bind.h"
#include "cell_reader.h"
#include "errors.h"
#include "runstone/plot.h"
#include "runstone/table.h"
#include "to_python.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
using namespace nb::literals;
namespace {

using media::CellView;
using media::TableObject;

template <typename T>
using Numbers = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename T>
T checked(Result<T> result) {
  return value_or_throw(std::move(result), ErrorFamily::kTable);
}
void checked(Result<void> result) { value_or_throw(std::move(result), ErrorFamily::kTable); }

List names_of(nb::handle names) {
  List list;
  for (const nb::handle name : names) list.push_back(to_value(name, kPlainConversion));
  return list;
}

Value name_of(nb::handle name) { return to_value(name, kPlainConversion); }

ColumnType type_of(nb::handle json) {
  if (json.is_none()) return {};
  return checked(ColumnType::from_json(to_value(json, kPlainConversion)));
}

void make_table(Table* self, nb::handle columns, nb::handle types,
                const std::vector<bool>& optional, bool allow_mixed_types,
                const std::string& log_mode) {
  TableOptions options;
  for (const nb::handle type : types) options.types.push_back(type_of(type));
  options.optional = optional;
  options.allow_mixed_types = allow_mixed_types;
  options.log_mode = log_mode;
  new (self) Table(checked(Table::create(names_of(columns), options)));
}

/// The objects of one row that are more than numbers or texts: into `objects`, a dict per column.
void keep_objects(const CellReader& reader, nb::handle row, nb::list& objects, std::size_t index) {
  for (const std::size_t i : reader.object_cells()) {
    const nb::object key = nb::int_(index);
    if (PyDict_SetItem(PyList_GET_ITEM(objects.ptr(), static_cast<Py_ssize_t>(i)), key.ptr(),
                       PySequence_Fast_GET_ITEM(row.ptr(), static_cast<Py_ssize_t>(i))) != 0) {
      throw nb::python_error();
    }
  }
}

void add_row(TableObject& table, nb::handle given, nb::list& objects, CellReader& reader,
             std::vector<CellView>& cells) {
  const nb::object row = nb::steal(PySequence_Fast(given.ptr(), "a row of a table is a list"));
  if (!row.is_valid()) throw nb::python_error();
  reader.clear();
  cells.clear();
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(row.ptr());
  for (Py_ssize_t i = 0; i < size; ++i) {
    cells.push_back(reader.read(PySequence_Fast_GET_ITEM(row.ptr(), i)));
  }
  const std::size_t index = table.row_count();
  checked(table.add_row(cells, reader.links()));
  keep_objects(reader, row, objects, index);
}

void add_rows(const Table& self, nb::handle rows, nb::list objects) {
  CellReader reader;
  std::vector<CellView> cells;
  TableObject& table = self.table();
  if (PyList_CheckExact(rows.ptr())) {
    table.reserve(table.row_count() + static_cast<std::size_t>(PyList_GET_SIZE(rows.ptr())));
  }
  for (const nb::handle row : rows) add_row(table, row, objects, reader, cells);
}

/// Columns of equal length, each an array of float64 or int64 or a list.
void add_columns(const Table& self, nb::list columns, nb::list objects) {
  TableObject& table = self.table();
  const std::size_t first_row = table.row_count();
  std::vector<TableObject::ColumnCells> given(columns.size());
  std::deque<CellReader> readers;
  std::deque<std::vector<CellView>> cells;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const nb::handle column = columns[i];
    Numbers<double> doubles;
    Numbers<std::int64_t> integers;
    if (nb::try_cast(column, doubles, false)) {
      given[i].doubles = {doubles.data(), doubles.size()};
    } else if (nb::try_cast(column, integers, false)) {
      given[i].integers = {integers.data(), integers.size()};
    } else {
      auto& views = cells.emplace_back();
      auto& reader = readers.emplace_back();
      std::size_t index = first_row;
      for (const nb::handle one : column) {
        const std::size_t objects_before = reader.object_cells().size();
        views.push_back(reader.read(one));
        if (reader.object_cells().size() > objects_before) objects[i][nb::int_(index)] = one;
        ++index;
      }
      given[i].cells = views;
    }
  }
  checked(table.add_cells(given));
}

void add_column(const Table& self, std::string_view name, nb::handle data, bool optional,
                nb::dict objects) {
  CellReader reader;
  std::vector<CellView> cells;
  nb::dict kept;
  for (const nb::handle one : data) {
    const std::size_t objects_before = reader.object_cells().size();
    cells.push_back(reader.read(one));
    if (reader.object_cells().size() > objects_before) kept[nb::int_(cells.size() - 1)] = one;
  }
  checked(self.table().add_column(name, Span<const CellView>(cells), optional));
  objects.update(kept);
}

void add_number_column(Table& self, std::string_view name, const Numbers<double>& numbers,
                       bool optional) {
  checked(self.add_column(name, Span<const double>(numbers.data(), numbers.size()), optional));
}

nb::object cell_object(const CellView& cell, nb::handle objects, std::size_t row) {
  nb::object value = to_python(cell);
  if (value.is_valid()) return value;
  const nb::object key = nb::int_(row);
  PyObject* const kept = PyDict_GetItemWithError(objects.ptr(), key.ptr());
  if (kept == nullptr) throw nb::key_error("a table's object is lost");
  return nb::borrow(kept);
}

/// Rows as lists made by `make_row` of a list, or plain lists.
nb::list rows_of(const Table& self, nb::list objects, std::size_t first, std::size_t count) {
  return self.table().with([&](const auto& columns, std::size_t rows) {
    const std::size_t begin = std::min(first, rows), end = std::min(begin + count, rows);
    const nb::list out = nb::steal<nb::list>(PyList_New(static_cast<Py_ssize_t>(end - begin)));
    for (std::size_t row = begin; row < end; ++row) {
      const nb::list cells =
          nb::steal<nb::list>(PyList_New(static_cast<Py_ssize_t>(columns.size())));
      for (std::size_t i = 0; i < columns.size(); ++i) {
        nb::object cell =
            cell_object(columns[i].cells.at(row),
                        PyList_GET_ITEM(objects.ptr(), static_cast<Py_ssize_t>(i)), row);
        PyList_SET_ITEM(cells.ptr(), static_cast<Py_ssize_t>(i), cell.release().ptr());
      }
      PyList_SET_ITEM(out.ptr(), static_cast<Py_ssize_t>(row - begin),
                      nb::borrow(cells).release().ptr());
    }
    return out;
  });
}

nb::list column_of(const Table& self, nb::handle name, nb::handle objects) {
  const std::size_t at = checked(self.table().find(name_of(name)));
  return self.table().with([&](const auto& columns, std::size_t rows) {
    nb::list out;
    for (std::size_t row = 0; row < rows; ++row) {
      out.append(cell_object(columns[at].cells.at(row), objects, row));
    }
    return out;
  });
}

/// The JSON form of a column's type, and for a key what it links to: (type, table or None, column).
nb::tuple column_type(const Table& self, nb::handle name) {
  const ColumnType type = self.column_type(name_of(name));
  const auto& facts = *type.type();
  nb::object table = nb::none();
  if (facts.table != nullptr) table = nb::cast(Table(facts.table));
  return nb::make_tuple(to_python(type.to_json()), table, nb::str(facts.name.c_str()));
}

}  // namespace

void bind_table(nb::module_& module) {
  nb::class_<Table, Media>(module, "Table")
      .def("__init__", make_table, "columns"_a, "types"_a, "optional"_a, "allow_mixed_types"_a,
           "log_mode"_a)
      .def("add_rows", add_rows, "rows"_a, "objects"_a)
      .def("add_columns", add_columns, "columns"_a, "objects"_a)
      .def("add_column", add_column, "name"_a, "data"_a, "optional"_a, "objects"_a)
      .def("add_number_column", add_number_column, "name"_a, "numbers"_a, "optional"_a)
      .def("check_not_incremental",
           [](const Table& self, const std::string& method) {
             checked(self.table().check_not_incremental(method.c_str()));
           })
      .def("cast",
           [](Table& self, nb::handle column, nb::handle type, bool optional) {
             checked(self.cast(name_of(column), type_of(type), optional));
           })
      .def("set_pk", [](Table& self, nb::handle column) { checked(self.set_pk(name_of(column))); })
      .def("set_fk",
           [](Table& self, nb::handle column, const Table& other, std::string_view other_column) {
             checked(self.set_fk(name_of(column), other, other_column));
           })
      .def("column_type", column_type)
      .def("rows", rows_of, "objects"_a, "first"_a, "count"_a)
      .def("column", column_of, "name"_a, "objects"_a)
      .def("set_limits", &Table::set_limits)
      .def("take_change_warning",
           [](const Table& self) { return self.table().take_change_warning(); })
      .def("same_object",
           [](const Table& self, const Table& other) { return self.object() == other.object(); })
      .def_prop_ro("row_count", &Table::row_count)
      .def_prop_ro("columns", [](const Table& self) { return to_python(Value(self.columns())); })
      .def_prop_ro("log_mode", &Table::log_mode)
      .def("__eq__", [](const Table& a, const Table& b) { return a == b; });
  module.def("classes", [](nb::handle class_set) {
    return static_cast<Media>(checked(Classes::create(names_of(class_set))));
  });
  module.def("joined_table", [](nb::handle first, nb::handle second,
                                const std::vector<std::string>& keys) {
    const auto part = [](nb::handle given) -> JoinedTable::Part {
      if (PyUnicode_Check(given.ptr())) return std::string(utf8_of(given));
      return nb::cast<const Table&>(given);
    };
    return static_cast<Media>(checked(JoinedTable::create(part(first), part(second), keys)));
  });
}

}  // namespace runstone::python
