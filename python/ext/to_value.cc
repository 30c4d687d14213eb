#include "to_value.h"

#include <limits>

namespace runstone::python {
namespace nb = nanobind;
namespace {

List to_list(nb::handle sequence, Conversion conversion) {
  const RecursionGuard guard;
  const nb::object fast =
      nb::steal(PySequence_Fast(sequence.ptr(), "a list or a tuple is needed here"));
  if (!fast.is_valid()) throw nb::python_error();
  const auto size = PySequence_Fast_GET_SIZE(fast.ptr());
  List list;
  list.reserve(static_cast<std::size_t>(size));
  for (Py_ssize_t i = 0; i < size; ++i) {
    list.push_back(to_value(PySequence_Fast_GET_ITEM(fast.ptr(), i), conversion));
  }
  return list;
}

/// True if the object was of a built-in type; `converted` tells that no further conversion may
/// come.
bool to_builtin(nb::handle object, Conversion conversion, Value& value) {
  PyObject* const ptr = object.ptr();
  if (ptr == Py_None) {
    value = Value();
  } else if (PyBool_Check(ptr)) {
    value = Value(ptr == Py_True);
  } else if (PyFloat_CheckExact(ptr)) {
    value = Value(PyFloat_AS_DOUBLE(ptr));
  } else if (PyLong_CheckExact(ptr)) {
    value = int_value(object);
  } else if (PyUnicode_CheckExact(ptr)) {
    value = Value(utf8_of(object));
  } else if (PyList_CheckExact(ptr) || PyTuple_CheckExact(ptr)) {
    value = Value(to_list(object, conversion));
  } else if (PyDict_CheckExact(ptr)) {
    value = Value(to_dict(object, conversion));
  } else {
    return false;
  }
  return true;
}

}  // namespace

RecursionGuard::RecursionGuard() {
  if (Py_EnterRecursiveCall(" while converting a value to store")) throw nb::python_error();
}

std::string_view utf8_of(nb::handle str) {
  Py_ssize_t size = 0;
  const char* const data = PyUnicode_AsUTF8AndSize(str.ptr(), &size);
  if (data == nullptr) throw nb::python_error();
  return {data, static_cast<std::size_t>(size)};
}

Value int_value(nb::handle integer) {
  int overflow = 0;
  const long long small = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
  if (overflow == 0) return Value(static_cast<std::int64_t>(small));
  const double large = PyLong_AsDouble(integer.ptr());
  if (large == -1.0 && PyErr_Occurred()) {
    PyErr_Clear();  // past the doubles: the nearest the formats have is an infinity
    const double infinity = std::numeric_limits<double>::infinity();
    return Value(overflow > 0 ? infinity : -infinity);
  }
  return Value(large);
}

nb::object convert_by(Conversion conversion, nb::handle object) {
  return nb::module_::import_("runstone._convert").attr(conversion.function)(object);
}

std::string to_label(nb::handle key) {
  if (PyUnicode_Check(key.ptr())) return std::string(utf8_of(key));
  const nb::object label = nb::module_::import_("runstone._convert").attr("label")(key);
  return std::string(utf8_of(label));
}

Value to_value(nb::handle object, Conversion conversion) {
  Value value;
  if (to_builtin(object, conversion, value)) return value;
  const nb::object plain = convert_by(conversion, object);
  if (to_builtin(plain, conversion, value)) return value;
  PyErr_Format(PyExc_TypeError, "a value of type %s cannot be stored",
               Py_TYPE(object.ptr())->tp_name);
  throw nb::python_error();
}

Dict to_dict(nb::handle mapping, Conversion conversion) {
  const RecursionGuard guard;
  if (!PyDict_Check(mapping.ptr())) {
    PyErr_Format(PyExc_TypeError, "a dict is needed here, not %s", Py_TYPE(mapping.ptr())->tp_name);
    throw nb::python_error();
  }
  Dict dict;
  PyObject* key = nullptr;
  PyObject* item = nullptr;
  Py_ssize_t position = 0;
  while (PyDict_Next(mapping.ptr(), &position, &key, &item)) {
    dict.set(to_label(key), to_value(item, conversion));
  }
  return dict;
}

}  // namespace runstone::python
