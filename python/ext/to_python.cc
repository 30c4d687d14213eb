#include "to_python.h"

#include <string>

namespace runstone::python {
namespace nb = nanobind;
namespace {

nb::object text(const std::string& utf8) {
  // What a foreign log holds may be no valid UTF-8: shown with marks rather than refused.
  return nb::steal(
      PyUnicode_DecodeUTF8(utf8.data(), static_cast<Py_ssize_t>(utf8.size()), "replace"));
}

}  // namespace

nb::dict to_python(const Dict& dict) {
  nb::dict out;
  for (const auto& [key, item] : dict) out[text(key)] = to_python(item);
  return out;
}

nb::object to_python(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return nb::none();
    case Value::Kind::kBool:
      return nb::bool_(*value.if_bool());
    case Value::Kind::kInt:
      return nb::int_(*value.if_int());
    case Value::Kind::kDouble:
      return nb::float_(*value.if_double());
    case Value::Kind::kString:
      return text(*value.if_string());
    case Value::Kind::kList: {
      nb::list list;
      for (const auto& item : *value.if_list()) list.append(to_python(item));
      return list;
    }
    case Value::Kind::kDict:
      return to_python(*value.if_dict());
  }
  return nb::none();
}

nb::object to_python(const std::optional<Value>& value) {
  return value ? to_python(*value) : nb::none();
}

}  // namespace runstone::python
