#include <nanobind/stl/string.h>

#include "bind.h"
#include "errors.h"
#include "runstone/config.h"
#include "runstone/settings.h"
#include "to_python.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
using namespace nb::literals;

void bind_settings(nb::module_& module) {
  module.def("forget_environment", &forget_environment,
             "The next init() reads the environment's variables anew.");
  module.def(
      "environment_settings", [] { return value_or_throw(settings_from_environment()); },
      "What the environment's variables set, by the names of the settings.");
  module.def(
      "read_config_file",
      [](const std::string& path) { return to_python(value_or_throw(read_config_file(path))); },
      "The config of a YAML file. Raises ConfigError.");
  nb::class_<Settings>(module, "SettingsStore", "Named, checked values; see runstone.Settings.")
      .def(nb::init<>())
      .def(
          "set",
          [](Settings& self, std::string_view name, nb::handle value) {
            value_or_throw(self.set(name, to_value(value, kPlainConversion)));
          },
          "name"_a, "value"_a.none(), "Raises ValueError for an unknown name or a bad value.")
      .def(
          "get",
          [](const Settings& self, std::string_view name) {
            return to_python(value_or_throw(self.get(name)));
          },
          "name"_a)
      .def("all", [](const Settings& self) { return to_python(self.all()); })
      .def("values", [](const Settings& self) { return to_python(self.values()); })
      .def("copy", [](const Settings& self) { return Settings(self); })
      .def("__getstate__", [](const Settings& self) { return to_python(self.values()); })
      .def("__setstate__",
           [](Settings& self, const nb::dict& values) {
             new (&self) Settings();
             for (const auto& [name, value] : to_dict(values, kPlainConversion)) {
               self.set_computed(name, value);  // each was checked when it was set first
             }
           })
      .def_static("names", [] {
        nb::list names;
        for (const auto& field : Settings::fields()) names.append(nb::str(field.name));
        return names;
      });
}

}  // namespace runstone::python
