#include "bind.h"

NB_MODULE(_core, module) {
  module.doc() = "Runstone's C++ core. Use the package runstone, which says what everything means.";
  runstone::python::bind_settings(module);
  runstone::python::bind_media(module);
  runstone::python::bind_run(module);
  runstone::python::bind_watch(module);
  runstone::python::bind_api(module);
}
