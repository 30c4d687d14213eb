#include "cell_reader.h"

#include <string>

#include "media_list.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
namespace {

using media::CellView;
using media::Node;

nb::object convert(nb::handle object) {
  return nb::module_::import_("runstone.media._table_cells").attr("cell")(object);
}

nb::handle item_of(nb::handle tuple, Py_ssize_t i) { return PyTuple_GET_ITEM(tuple.ptr(), i); }

NumberArray array_of(nb::handle tagged) {
  NumberArray array;
  for (const nb::handle size : item_of(tagged, 1))
    array.shape.push_back(nb::cast<std::int64_t>(size));
  array.dtype = std::string(utf8_of(item_of(tagged, 2)));
  const auto bytes = nb::cast<nb::bytes>(item_of(tagged, 3));
  array.bytes.assign(bytes.c_str(), bytes.size());
  return array;
}

Timestamp moment_of(nb::handle tagged) {
  Timestamp moment;
  moment.unix_us = nb::cast<std::int64_t>(item_of(tagged, 1));
  moment.is_date = nb::cast<bool>(item_of(tagged, 2));
  if (const nb::handle offset = item_of(tagged, 3); !offset.is_none()) {
    moment.utc_offset_secs = nb::cast<std::int32_t>(offset);
  }
  return moment;
}

}  // namespace

void CellReader::clear() {
  nodes_.clear();
  links_.clear();
  object_cells_.clear();
  size_ = 0;
}

bool CellReader::read_scalar(nb::handle object, CellView& cell) {
  PyObject* const ptr = object.ptr();
  if (PyFloat_CheckExact(ptr)) {
    cell.kind = CellView::Kind::kDouble;
    cell.number = PyFloat_AS_DOUBLE(ptr);
  } else if (PyLong_CheckExact(ptr)) {
    const Value number = int_value(object);
    cell.kind = number.is_int() ? CellView::Kind::kInt : CellView::Kind::kDouble;
    cell.integer = number.int_or(0);
    cell.number = number.number_or(0);
  } else if (PyUnicode_CheckExact(ptr)) {
    cell.kind = CellView::Kind::kText;
    cell.text = utf8_of(object);
  } else if (PyBool_Check(ptr)) {
    cell.kind = CellView::Kind::kBool;
    cell.integer = ptr == Py_True ? 1 : 0;
  } else if (ptr != Py_None) {
    return false;
  }
  return true;
}

CellView CellReader::read(nb::handle object) {
  const std::size_t index = size_++;
  CellView cell;
  if (read_scalar(object, cell)) return cell;
  PyObject* const ptr = object.ptr();
  if (PyList_CheckExact(ptr) || PyTuple_CheckExact(ptr) || PyDict_CheckExact(ptr)) {
    nodes_.push_back(read_node(object));
  } else {
    const nb::object converted = convert(object);
    if (read_scalar(converted, cell) && cell.kind != CellView::Kind::kText) return cell;
    if (PyTuple_CheckExact(converted.ptr()) && utf8_of(item_of(converted, 0)) == "link") {
      links_.resize(index + 1);
      const auto& table = nb::cast<const Media&>(item_of(converted, 2));
      links_[index] = {std::static_pointer_cast<media::TableObject>(table.object()),
                       std::string(utf8_of(item_of(converted, 3)))};
      nodes_.push_back(read_node(item_of(converted, 1)));
      return CellView::of(nodes_.back());
    }
    nodes_.push_back(tagged_node(converted));
  }
  const CellView made = CellView::of(nodes_.back());
  if (made.kind == CellView::Kind::kNode) object_cells_.push_back(index);
  return made;
}

Node CellReader::read_node(nb::handle object) {
  const RecursionGuard guard;
  CellView cell;
  if (read_scalar(object, cell)) return cell.to_node();
  PyObject* const ptr = object.ptr();
  if (PyList_CheckExact(ptr) || PyTuple_CheckExact(ptr)) {
    Node::NodeList items;
    items.reserve(static_cast<std::size_t>(PySequence_Fast_GET_SIZE(ptr)));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(ptr); ++i) {
      items.push_back(read_node(PySequence_Fast_GET_ITEM(ptr, i)));
    }
    return Node{std::move(items)};
  }
  if (PyDict_CheckExact(ptr)) {
    Node::NodeDict items;
    PyObject *key = nullptr, *value = nullptr;
    Py_ssize_t position = 0;
    while (PyDict_Next(ptr, &position, &key, &value)) {
      items.emplace_back(to_label(key), read_node(value));
    }
    return Node{std::move(items)};
  }
  return tagged_node(convert(object));
}

// What runstone.media._table.cell() answers: a built-in value, a media, or a tuple that begins with
// what it is.
Node CellReader::tagged_node(nb::handle converted) {
  if (const Media* media = if_media(converted)) return Node{media->object()};
  if (!PyTuple_CheckExact(converted.ptr())) return read_node(converted);
  const std::string_view tag = utf8_of(item_of(converted, 0));
  if (tag == "moment") return Node{moment_of(converted)};
  if (tag == "array") return Node{std::make_shared<const NumberArray>(array_of(converted))};
  if (tag == "link") return read_node(item_of(converted, 1));
  Node::Foreign foreign;
  foreign.class_name = std::string(utf8_of(item_of(converted, 1)));
  foreign.value = std::make_shared<const Node>(read_node(item_of(converted, 2)));
  return Node{std::move(foreign)};
}

nb::object to_python(const CellView& cell) {
  switch (cell.kind) {
    case CellView::Kind::kNull:
      return nb::none();
    case CellView::Kind::kBool:
      return nb::bool_(cell.integer != 0);
    case CellView::Kind::kInt:
      return nb::int_(cell.integer);
    case CellView::Kind::kDouble:
      return nb::float_(cell.number);
    case CellView::Kind::kText:
      return nb::steal(PyUnicode_DecodeUTF8(cell.text.data(),
                                            static_cast<Py_ssize_t>(cell.text.size()), "replace"));
    case CellView::Kind::kNode:
      break;
  }
  return {};
}

}  // namespace runstone::python
