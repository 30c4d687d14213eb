#include "bind.h"

NB_MODULE(_core, module) {
  // What a traceback or a global still holds when Python ends is nobody's trouble.
  nanobind::set_leak_warnings(false);
  module.doc() = "Runstone's C++ core. Use the package runstone, which says what everything means.";
  runstone::python::bind_settings(module);
  runstone::python::bind_media(module);
  runstone::python::bind_artifact(module);
  runstone::python::bind_table(module);
  runstone::python::bind_plot(module);
  runstone::python::bind_run(module);
  runstone::python::bind_restore(module);
  runstone::python::bind_watch(module);
  runstone::python::bind_api(module);
}
