#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string_view.h>

namespace runstone::python {

void bind_api(nanobind::module_& module);
void bind_artifact(nanobind::module_& module);
void bind_restore(nanobind::module_& module);
void bind_settings(nanobind::module_& module);
void bind_media(nanobind::module_& module);
void bind_table(nanobind::module_& module);
void bind_plot(nanobind::module_& module);
void bind_run(nanobind::module_& module);
void bind_watch(nanobind::module_& module);
/// Gives the type Run its method log().
void bind_log(nanobind::handle run_type);

}  // namespace runstone::python
