#include "rows_to_python.h"

#include <string>
#include <string_view>
#include <unordered_map>

#include "to_python.h"

namespace runstone::python {
namespace nb = nanobind;
namespace {

nb::object text(std::string_view utf8) {
  return nb::steal(
      PyUnicode_DecodeUTF8(utf8.data(), static_cast<Py_ssize_t>(utf8.size()), "replace"));
}

/// The str of each key of the rows seen so far. Rows mostly repeat the keys of the one before, in
/// the same order: then not even a look-up is needed.
class Keys {
 public:
  nb::handle of(std::size_t position, const std::string& key) {
    if (position >= last_.size()) last_.resize(position + 1);
    Entry& entry = last_[position];
    if (entry.str.is_valid() && entry.key == key) return entry.str;
    auto [found, is_new] = known_.try_emplace(key);
    if (is_new) found->second = text(key);
    entry = {key, found->second};
    return entry.str;
  }

 private:
  struct Entry {
    std::string key;
    nb::object str;
  };
  std::vector<Entry> last_;
  std::unordered_map<std::string, nb::object> known_;
};

nb::object bytes_of(const void* data, std::size_t size) {
  return nb::steal(
      PyBytes_FromStringAndSize(static_cast<const char*>(data), static_cast<Py_ssize_t>(size)));
}

}  // namespace

nb::list rows_to_python(const std::vector<Dict>& rows) {
  Keys keys;
  nb::list list = nb::steal<nb::list>(PyList_New(static_cast<Py_ssize_t>(rows.size())));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    PyObject* dict = PyDict_New();
    if (dict == nullptr) throw nb::python_error();
    PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), dict);
    std::size_t position = 0;
    for (const auto& [key, value] : rows[i]) {
      const nb::object object = to_python(value);
      if (PyDict_SetItem(dict, keys.of(position++, key).ptr(), object.ptr()) != 0) {
        throw nb::python_error();
      }
    }
  }
  return list;
}

nb::list columns_to_python(const std::vector<HistoryColumn>& columns) {
  using Type = HistoryColumn::Type;
  nb::list list;
  for (const HistoryColumn& column : columns) {
    std::string validity;
    validity.reserve(column.has_value.size());
    for (const bool has : column.has_value) validity.push_back(has ? 1 : 0);
    nb::object values;
    const char* type = "double";
    switch (column.type) {
      case Type::kInt:
      case Type::kBool:
        type = column.type == Type::kInt ? "int" : "bool";
        values = bytes_of(column.ints.data(), column.ints.size() * sizeof(std::int64_t));
        break;
      case Type::kDouble:
        values = bytes_of(column.doubles.data(), column.doubles.size() * sizeof(double));
        break;
      case Type::kText: {
        type = "text";
        nb::list texts;
        for (const auto& item : column.texts) texts.append(text(item));
        values = texts;
        break;
      }
    }
    list.append(nb::make_tuple(text(column.name), type, values,
                               bytes_of(validity.data(), validity.size())));
  }
  return list;
}

}  // namespace runstone::python
