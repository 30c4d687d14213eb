#include "row_reader.h"

#include "media_list.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
namespace {

[[noreturn]] void raise_invalid_data(const char* format, nb::handle object) {
  const nb::object type = nb::module_::import_("runstone.errors").attr("InvalidDataError");
  PyErr_Format(type.ptr(), format, Py_TYPE(object.ptr())->tp_name);
  throw nb::python_error();
}

}  // namespace

void RowReader::clear() {
  row_.clear();
  values_.clear();
  objects_.clear();
  media_.clear();
  media_lists_.clear();
  owned_.clear();
}

Span<const Field> RowReader::owned() {
  for (Field field : row_.fields()) {
    field.key = row_.copy(field.key);
    if (field.value.kind() == ValueRef::Kind::kText) field.value = row_.copy(field.value.text());
    owned_.push_back(field);
  }
  return {owned_.data(), owned_.size()};
}

Span<const Field> RowReader::read(nb::handle data) {
  clear();
  current_key_ = nullptr;
  try {
    if (PyDict_Check(data.ptr())) {
      read_dict(data, true);
    } else {
      objects_.push_back(nb::module_::import_("runstone._convert").attr("mapping")(data));
      read_dict(objects_.back(), true);
    }
  } catch (nb::python_error& error) {
    // A row may have a hundred keys: an error about a value says whose it is.
    if (current_key_ != nullptr) {
      nb::module_::import_("runstone._convert")
          .attr("name_key")(nb::borrow(error.value()), nb::handle(current_key_));
    }
    throw;
  }
  return row_.fields();
}

void RowReader::read_dict(nb::handle dict, bool top) {
  const RecursionGuard guard;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t position = 0;
  while (PyDict_Next(dict.ptr(), &position, &key, &value)) {
    if (PyUnicode_Check(key)) {
      if (top) current_key_ = key;
      read_item(utf8_of(key), value, false);
    } else if (top) {
      current_key_ = nullptr;
      raise_invalid_data("a key given to log() must be a str, not %s", key);
    } else {
      read_item(row_.copy(to_label(key)), value, false);
    }
  }
}

void RowReader::read_item(std::string_view key, nb::handle value, bool converted) {
  PyObject* const ptr = value.ptr();
  if (PyFloat_CheckExact(ptr)) {
    row_.add(key, PyFloat_AS_DOUBLE(ptr));
  } else if (PyLong_CheckExact(ptr)) {
    const Value number = int_value(value);
    number.is_int() ? row_.add(key, *number.if_int()) : row_.add(key, *number.if_double());
  } else if (PyBool_Check(ptr)) {
    row_.add(key, ptr == Py_True);
  } else if (ptr == Py_None) {
    row_.add(key, nullptr);
  } else if (PyUnicode_CheckExact(ptr)) {
    row_.add(key, utf8_of(value));
  } else if (PyDict_CheckExact(ptr)) {
    row_.begin_dict(key);
    read_dict(value, false);
    row_.end_dict();
  } else if (PyList_CheckExact(ptr) || PyTuple_CheckExact(ptr)) {
    if (read_media_list(key, value)) return;
    values_.push_back(to_value(value, kLogItemConversion));
    row_.add(key, ValueRef(values_.back()));
  } else if (const Media* media = converted ? if_media(value) : nullptr) {
    row_.add(key, media_.emplace_back(*media));
  } else if (!converted) {
    objects_.push_back(convert_by(kLogConversion, value));
    read_item(key, nb::object(objects_.back()), true);
  } else {
    raise_invalid_data("a value of type %s cannot be logged", value);
  }
}

// A list that begins with something of no built-in type may be one of media.
bool RowReader::read_media_list(std::string_view key, nb::handle list) {
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(list.ptr());
  PyObject* const first = size > 0 ? PySequence_Fast_GET_ITEM(list.ptr(), 0) : Py_None;
  if (PyFloat_CheckExact(first) || PyLong_CheckExact(first) || PyUnicode_CheckExact(first) ||
      PyBool_Check(first) || first == Py_None || PyList_CheckExact(first) ||
      PyTuple_CheckExact(first) || PyDict_CheckExact(first)) {
    return false;
  }
  const nb::object converted = nb::module_::import_("runstone._convert").attr("media_list")(list);
  if (converted.is_none()) return false;
  auto& media = media_lists_.emplace_back();
  for (const nb::handle one : converted) media.push_back(*if_media(one));
  row_.add(key, media);
  return true;
}

}  // namespace runstone::python
