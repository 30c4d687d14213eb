#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bind.h"
#include "bind_artifact.h"
#include "run_handle.h"

namespace runstone::python {
namespace nb = nanobind;
using namespace nb::literals;
namespace {

using Names = std::vector<std::string>;

template <typename Call>
auto without_gil(Call call) {
  const nb::gil_scoped_release waiting;
  return call();
}

ArtifactHandle* made(Result<Artifact> artifact, ErrorFamily family = ErrorFamily::kRunArtifact) {
  return new ArtifactHandle{value_or_throw(std::move(artifact), family)};
}

LogArtifactOptions names_of(const Names& aliases, const Names& tags) {
  LogArtifactOptions options;
  options.aliases = aliases;
  options.tags = tags;
  return options;
}

/// A Python function of (path, root) as the core calls it, on the thread that called log_code().
/// After the first exception nothing more is taken.
class PythonFilter {
 public:
  explicit PythonFilter(nb::handle function) : function_(function) {}
  bool operator()(const std::string& path, const std::string& root) const {
    const nb::gil_scoped_acquire python;
    if (PyErr_Occurred()) return false;
    try {
      return nb::cast<bool>(nb::bool_(function_(path, root)));
    } catch (nb::python_error& error) {
      error.restore();
      return false;
    }
  }

 private:
  nb::handle function_;
};

CodeFilter filter_of(nb::handle function) {
  return function.is_none() ? CodeFilter() : CodeFilter(PythonFilter(function));
}

nb::object log_code(RunHandle& self, const std::string& root, const std::string& name,
                    nb::handle include, nb::handle exclude) {
  const CodeFilter include_filter = filter_of(include), exclude_filter = filter_of(exclude);
  auto logged =
      without_gil([&] { return self.get().log_code(root, name, include_filter, exclude_filter); });
  if (PyErr_Occurred()) throw nb::python_error();
  auto artifact = value_or_throw(std::move(logged), ErrorFamily::kRunArtifact);
  if (!artifact) return nb::none();
  return nb::cast(new ArtifactHandle{*std::move(artifact)}, nb::rv_policy::take_ownership);
}

RestoreOptions restore_options(const std::string& run_path, bool replace, const std::string& root) {
  RestoreOptions options;
  options.run_path = run_path;
  options.replace = replace;
  options.root = root;
  return options;
}

}  // namespace

void bind_restore(nb::module_& module) {
  module.def("restore", [](const std::string& name, const std::string& run_path, bool replace,
                           const std::string& root, const Settings& setup_settings) {
    const auto options = restore_options(run_path, replace, root);
    return value_or_throw(
        without_gil([&] { return Run::restore_of(name, options, setup_settings); }),
        ErrorFamily::kRunArtifact);
  });
}

void bind_run_artifacts(nb::class_<RunHandle>& run) {
  run.def("_restore", [](RunHandle& self, const std::string& name, const std::string& run_path,
                         bool replace, const std::string& root) {
    const auto options = restore_options(run_path, replace, root);
    return value_or_throw(without_gil([&] { return self.get().restore(name, options); }),
                          ErrorFamily::kRunArtifact);
  });
  run.def("_log_artifact",
          [](RunHandle& self, const ArtifactHandle& artifact, const Names& aliases,
             const Names& tags) {
            const auto options = names_of(aliases, tags);
            value_or_throw(
                without_gil([&] { return self.get().log_artifact(artifact.artifact, options); }),
                ErrorFamily::kRunArtifact);
          })
      .def(
          "_log_path",
          [](RunHandle& self, const std::string& path, const std::string& name,
             const std::string& type, const Names& aliases, const Names& tags) {
            const auto options = names_of(aliases, tags);
            return made(
                without_gil([&] { return self.get().log_artifact(path, name, type, options); }));
          },
          nb::rv_policy::take_ownership)
      .def(
          "_artifact_of_path",
          [](RunHandle& self, const std::string& path, const std::string& name,
             const std::string& type) {
            return made(without_gil([&] { return self.get().artifact_of_path(path, name, type); }));
          },
          nb::rv_policy::take_ownership)
      .def("_upsert_artifact",
           [](RunHandle& self, const ArtifactHandle& artifact, const std::string& distributed_id,
              const Names& aliases, bool is_last) {
             const auto options = names_of(aliases, {});
             value_or_throw(without_gil([&] {
                              return is_last ? self.get().finish_artifact(artifact.artifact,
                                                                          distributed_id, options)
                                             : self.get().upsert_artifact(artifact.artifact,
                                                                          distributed_id, options);
                            }),
                            ErrorFamily::kRunArtifact);
           })
      .def("_log_model",
           [](RunHandle& self, const std::string& path, const std::string& name,
              const Names& aliases) {
             value_or_throw(without_gil([&] { return self.get().log_model(path, name, aliases); }),
                            ErrorFamily::kModel);
           })
      .def("_log_code", &log_code, "root"_a, "name"_a, "include"_a.none(), "exclude"_a.none())
      .def(
          "_use_artifact_name",
          [](RunHandle& self, const std::string& name, const std::string& type) {
            UseArtifactOptions options;
            options.type = type;
            return made(without_gil([&] { return self.get().use_artifact(name, options); }));
          },
          nb::rv_policy::take_ownership)
      .def("_use_artifact",
           [](RunHandle& self, const ArtifactHandle& artifact, const std::string& type,
              const Names& aliases) {
             UseArtifactOptions options;
             options.type = type;
             options.aliases = aliases;
             value_or_throw(
                 without_gil([&] { return self.get().use_artifact(artifact.artifact, options); }),
                 ErrorFamily::kRunArtifact);
           })
      .def(
          "_link_artifact",
          [](RunHandle& self, const ArtifactHandle& artifact, const std::string& target_path,
             const Names& aliases) {
            return made(without_gil(
                [&] { return self.get().link_artifact(artifact.artifact, target_path, aliases); }));
          },
          nb::rv_policy::take_ownership)
      .def("_use_model",
           [](RunHandle& self, const std::string& name) {
             return value_or_throw(without_gil([&] { return self.get().use_model(name); }),
                                   ErrorFamily::kModel);
           })
      .def(
          "_link_model",
          [](RunHandle& self, const std::string& path, const std::string& registered_model_name,
             const std::string& name, const Names& aliases) {
            return made(without_gil([&] {
                          return self.get().link_model(path, registered_model_name, name, aliases);
                        }),
                        ErrorFamily::kModel);
          },
          nb::rv_policy::take_ownership);
}

}  // namespace runstone::python
