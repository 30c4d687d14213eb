#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "bind.h"
#include "bind_artifact.h"
#include "errors.h"
#include "rows_to_python.h"
#include "runstone/api.h"
#include "runstone/login.h"
#include "to_python.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
using namespace nb::literals;

namespace {

/// What asks a server runs without the interpreter's lock; what it met becomes an exception.
template <typename Call>
auto asked(Call&& call) {
  auto result = [&] {
    const nb::gil_scoped_release waiting;
    return call();
  }();
  return value_or_throw(std::move(result), ErrorFamily::kApi);
}

template <typename T>
void bind_pages(nb::module_& module, const char* name) {
  nb::class_<Pages<T>>(module, name)
      .def("next", [](Pages<T>& self) { return asked([&] { return self.next(); }); })
      .def("count", [](Pages<T>& self) { return asked([&] { return self.count(); }); });
}

/// The same for versions, which Python holds in a handle.
void bind_artifact_pages(nb::module_& module) {
  nb::class_<Pages<Artifact>>(module, "ArtifactPages")
      .def("next",
           [](Pages<Artifact>& self) {
             std::vector<ArtifactHandle> handles;
             for (Artifact& version : asked([&] { return self.next(); })) {
               handles.push_back({std::move(version)});
             }
             return handles;
           })
      .def("count", [](Pages<Artifact>& self) { return asked([&] { return self.count(); }); });
}

void bind_values(nb::module_& module) {
  nb::class_<ApiUser>(module, "ApiUser")
      .def_ro("id", &ApiUser::id)
      .def_ro("name", &ApiUser::name)
      .def_ro("username", &ApiUser::username)
      .def_ro("email", &ApiUser::email)
      .def_ro("entity", &ApiUser::entity)
      .def_ro("admin", &ApiUser::admin)
      .def_ro("teams", &ApiUser::teams);
  nb::class_<ProjectInfo>(module, "ProjectInfo")
      .def_ro("id", &ProjectInfo::id)
      .def_ro("name", &ProjectInfo::name)
      .def_ro("entity", &ProjectInfo::entity)
      .def_ro("description", &ProjectInfo::description)
      .def_ro("created_at", &ProjectInfo::created_at)
      .def_ro("url", &ProjectInfo::url);
}

void bind_file(nb::module_& module) {
  nb::class_<RunFile>(module, "RunFile")
      .def_prop_ro("name", &RunFile::name)
      .def_prop_ro("size", &RunFile::size)
      .def_prop_ro("url", &RunFile::url)
      .def_prop_ro("mimetype", &RunFile::mimetype)
      .def_prop_ro("md5", &RunFile::md5)
      .def_prop_ro("updated_at", &RunFile::updated_at)
      .def_prop_ro("id", &RunFile::id)
      .def(
          "download",
          [](const RunFile& self, std::string root, bool replace, bool exist_ok) {
            const DownloadOptions options{std::move(root), replace, exist_ok};
            return asked([&] { return self.download(options); });
          },
          "root"_a, "replace"_a, "exist_ok"_a)
      .def("remove", [](const RunFile& self) { asked([&] { return self.remove(); }); });
  bind_pages<RunFile>(module, "FilePages");
}

void bind_scan(nb::module_& module) {
  nb::class_<HistoryScan>(module, "HistoryScan")
      .def("next",
           [](HistoryScan& self) { return rows_to_python(asked([&] { return self.next(); })); })
      .def("columns", [](HistoryScan& self) {
        return columns_to_python(asked([&] { return self.columns(); }));
      });
}

void bind_summary(nb::module_& module) {
  nb::class_<PublicSummary>(module, "PublicSummary")
      .def("all",
           [](const PublicSummary& self) { return to_python(asked([&] { return self.all(); })); })
      .def(
          "set",
          [](PublicSummary& self, const std::vector<std::string>& path, nb::handle value) {
            Value plain = to_value(value, kSummaryConversion);
            asked([&] { return self.set(path, std::move(plain)); });
          },
          "path"_a, "value"_a.none())
      .def(
          "erase",
          [](PublicSummary& self, const std::vector<std::string>& path) {
            asked([&] { return self.erase(path); });
          },
          "path"_a)
      .def("update", [](PublicSummary& self) { asked([&] { return self.update(); }); });
}

void bind_public_run(nb::module_& module) {
  nb::class_<PublicRun>(module, "PublicRun")
      .def_prop_ro("id", &PublicRun::id)
      .def_prop_rw("name", &PublicRun::name, &PublicRun::set_name)
      .def_prop_ro("entity", &PublicRun::entity)
      .def_prop_ro("project", &PublicRun::project)
      .def_prop_ro("path", &PublicRun::path)
      .def_prop_ro("url", &PublicRun::url)
      .def_prop_ro("state", &PublicRun::state)
      .def_prop_rw("tags", &PublicRun::tags, &PublicRun::set_tags)
      .def_prop_rw("notes", &PublicRun::notes, &PublicRun::set_notes)
      .def_prop_rw("description", &PublicRun::description, &PublicRun::set_description)
      .def_prop_rw("group", &PublicRun::group, &PublicRun::set_group)
      .def_prop_rw("job_type", &PublicRun::job_type, &PublicRun::set_job_type)
      .def_prop_ro("created_at", &PublicRun::created_at)
      .def_prop_ro("heartbeat_at", &PublicRun::heartbeat_at)
      .def_prop_ro("commit", &PublicRun::commit)
      .def_prop_ro("sweep_name", &PublicRun::sweep_name)
      .def_prop_ro("storage_id", &PublicRun::storage_id)
      .def_prop_ro("user", &PublicRun::user)
      .def_prop_ro("read_only", &PublicRun::read_only)
      .def("config",
           [](const PublicRun& self) { return to_python(asked([&] { return self.config(); })); })
      .def(
          "raw_config",
          [](const PublicRun& self) { return to_python(asked([&] { return self.raw_config(); })); })
      .def(
          "set_config",
          [](PublicRun& self, nb::handle config) {
            const Dict plain = to_dict(config, kConfigConversion);
            asked([&] { return self.set_config(plain); });
          },
          "config"_a)
      .def("summary", &PublicRun::summary)
      .def("summary_metrics",
           [](const PublicRun& self) {
             return to_python(asked([&] { return self.summary_metrics(); }));
           })
      .def("system_metrics",
           [](const PublicRun& self) {
             return to_python(asked([&] { return self.system_metrics(); }));
           })
      .def("metadata",
           [](const PublicRun& self) -> nb::object {
             const auto found = asked([&] { return self.metadata(); });
             return found ? nb::object(to_python(*found)) : nb::object(nb::none());
           })
      .def("last_history_step",
           [](const PublicRun& self) { return asked([&] { return self.last_history_step(); }); })
      .def(
          "history",
          [](const PublicRun& self, std::int64_t samples, std::vector<std::string> keys,
             std::string x_axis, std::string stream) {
            const HistoryOptions options{samples, std::move(keys), std::move(x_axis),
                                         std::move(stream)};
            return rows_to_python(asked([&] { return self.history(options); }));
          },
          "samples"_a, "keys"_a, "x_axis"_a, "stream"_a)
      .def(
          "history_columns",
          [](const PublicRun& self, std::int64_t samples, std::vector<std::string> keys,
             std::string x_axis, std::string stream) {
            const HistoryOptions options{samples, std::move(keys), std::move(x_axis),
                                         std::move(stream)};
            return columns_to_python(asked([&] {
              return self.history(options).transform(
                  [](const std::vector<Dict>& rows) { return to_columns(rows); });
            }));
          },
          "samples"_a, "keys"_a, "x_axis"_a, "stream"_a)
      .def(
          "scan_history",
          [](const PublicRun& self, std::vector<std::string> keys, std::int64_t page_size,
             std::int64_t min_step, std::optional<std::int64_t> max_step) {
            const ScanOptions options{std::move(keys), page_size, min_step, max_step};
            return asked([&] { return self.scan_history(options); });
          },
          "keys"_a, "page_size"_a, "min_step"_a, "max_step"_a.none())
      .def(
          "files",
          [](const PublicRun& self, std::vector<std::string> names, std::string pattern,
             int per_page) {
            const FileOptions options{std::move(names), std::move(pattern), per_page};
            return value_or_throw(self.files(options), ErrorFamily::kApi);
          },
          "names"_a, "pattern"_a, "per_page"_a)
      .def(
          "file",
          [](const PublicRun& self, const std::string& name) {
            return asked([&] { return self.file(name); });
          },
          "name"_a)
      .def(
          "upload_file",
          [](const PublicRun& self, const std::string& path, const std::string& root) {
            return asked([&] { return self.upload_file(path, root); });
          },
          "path"_a, "root"_a)
      .def("sweep", [](const PublicRun& self) { return asked([&] { return self.sweep(); }); })
      .def("logged_artifacts", &PublicRun::logged_artifacts, "per_page"_a)
      .def("used_artifacts", &PublicRun::used_artifacts, "per_page"_a)
      .def(
          "use_artifact",
          [](const PublicRun& self, const ArtifactHandle& version) {
            asked([&] { return self.use_artifact(version.artifact); });
          },
          "version"_a)
      .def(
          "log_artifact",
          [](const PublicRun& self, const ArtifactHandle& version,
             const std::vector<std::string>& aliases, const std::vector<std::string>& tags) {
            asked([&] { return self.log_artifact(version.artifact, aliases, tags); });
          },
          "version"_a, "aliases"_a, "tags"_a)
      .def("update", [](PublicRun& self) { asked([&] { return self.update(); }); })
      .def(
          "load", [](PublicRun& self, bool force) { asked([&] { return self.load(force); }); },
          "force"_a)
      .def(
          "remove",
          [](PublicRun& self, bool delete_artifacts) {
            asked([&] { return self.remove(delete_artifacts); });
          },
          "delete_artifacts"_a)
      .def("stop", [](const PublicRun& self) { asked([&] { return self.stop(); }); })
      .def(
          "update_state",
          [](PublicRun& self, const std::string& state) {
            asked([&] { return self.update_state(state); });
          },
          "state"_a)
      .def(
          "wait_until_finished",
          [](PublicRun& self, double timeout_secs) {
            return asked([&] { return self.wait_until_finished(timeout_secs); });
          },
          "timeout_secs"_a);
  bind_pages<PublicRun>(module, "RunPages");
}

RunsOptions runs_options(nb::handle filters, std::string order, int per_page, bool lazy) {
  RunsOptions options;
  options.filters = to_dict(filters, kPlainConversion);
  options.order = std::move(order);
  options.per_page = per_page;
  options.lazy = lazy;
  return options;
}

void bind_sweep(nb::module_& module) {
  nb::class_<Sweep>(module, "Sweep")
      .def_prop_ro("id", &Sweep::id)
      .def_prop_ro("name", &Sweep::name)
      .def_prop_ro("entity", &Sweep::entity)
      .def_prop_ro("project", &Sweep::project)
      .def_prop_ro("url", &Sweep::url)
      .def_prop_ro("state", &Sweep::state)
      .def_prop_ro("config", &Sweep::config)
      .def_prop_ro("method", &Sweep::method)
      .def_prop_ro("description", &Sweep::description)
      .def_prop_ro("best_loss", &Sweep::best_loss)
      .def_prop_ro("run_count", &Sweep::run_count)
      .def_prop_ro("expected_run_count", &Sweep::expected_run_count)
      .def_prop_ro("order", &Sweep::order)
      .def(
          "runs",
          [](const Sweep& self, nb::handle filters, std::string order, int per_page, bool lazy) {
            return value_or_throw(
                self.runs(runs_options(filters, std::move(order), per_page, lazy)),
                ErrorFamily::kApi);
          },
          "filters"_a, "order"_a, "per_page"_a, "lazy"_a)
      .def(
          "best_run",
          [](const Sweep& self, const std::string& order) {
            return asked([&] { return self.best_run(order); });
          },
          "order"_a);
}

Api open_api(const std::string& base_url, const std::string& api_key, const std::string& entity,
             const std::string& project, double timeout_secs, const Settings& settings) {
  ApiOptions options;
  options.base_url = base_url;
  options.api_key = api_key;
  options.entity = entity;
  options.project = project;
  options.timeout_secs = timeout_secs;
  options.settings = settings;
  return value_or_throw(Api::open(options), ErrorFamily::kApi);
}

void bind_api_class(nb::module_& module) {
  nb::class_<Api>(module, "Api")
      .def_static("open", &open_api, "base_url"_a, "api_key"_a, "entity"_a, "project"_a,
                  "timeout_secs"_a, "settings"_a)
      .def_prop_ro("base_url", &Api::base_url)
      .def_prop_ro("api_key", &Api::api_key)
      .def(
          "run",
          [](const Api& self, std::string_view path) {
            return asked([&] { return self.run(path); });
          },
          "path"_a)
      .def(
          "runs",
          [](const Api& self, std::string_view path, nb::handle filters, std::string order,
             int per_page, bool lazy) {
            const auto options = runs_options(filters, std::move(order), per_page, lazy);
            return asked([&] { return self.runs(path, options); });
          },
          "path"_a, "filters"_a, "order"_a, "per_page"_a, "lazy"_a)
      .def(
          "projects",
          [](const Api& self, const std::string& entity, int per_page) {
            return asked([&] { return self.projects(entity, per_page); });
          },
          "entity"_a, "per_page"_a)
      .def(
          "create_project",
          [](const Api& self, const std::string& name, const std::string& entity) {
            return asked([&] { return self.create_project(name, entity); });
          },
          "name"_a, "entity"_a)
      .def(
          "sweep",
          [](const Api& self, std::string_view path) {
            return asked([&] { return self.sweep(path); });
          },
          "path"_a)
      .def("viewer", [](const Api& self) { return asked([&] { return self.viewer(); }); })
      .def("default_entity",
           [](const Api& self) { return asked([&] { return self.default_entity(); }); })
      .def(
          "artifact",
          [](const Api& self, std::string_view name, const std::string& type) {
            return ArtifactHandle{asked([&] { return self.artifact(name, type); })};
          },
          "name"_a, "type"_a)
      .def(
          "artifacts",
          [](const Api& self, const std::string& type, std::string_view name, int per_page) {
            return asked([&] { return self.artifacts(type, name, per_page); });
          },
          "type"_a, "name"_a, "per_page"_a)
      .def(
          "artifact_exists",
          [](const Api& self, std::string_view name, const std::string& type) {
            return asked([&] { return self.artifact_exists(name, type); });
          },
          "name"_a, "type"_a);
}

nb::dict login_of(const std::string& key, const std::string& host, bool relogin, bool verify,
                  double timeout_secs) {
  const LoginOptions options{key, host, relogin, verify, timeout_secs};
  const LoginResult result = asked([&] { return login(options); });
  nb::dict out;
  out["has_key"] = result.has_key;
  out["is_offline"] = result.is_offline;
  out["base_url"] = result.base_url;
  out["stored_in"] = result.stored_in;
  out["username"] = result.username;
  return out;
}

}  // namespace

void bind_api(nb::module_& module) {
  bind_values(module);
  bind_file(module);
  bind_scan(module);
  bind_summary(module);
  bind_public_run(module);
  bind_pages<ProjectInfo>(module, "ProjectPages");
  bind_artifact_pages(module);
  bind_sweep(module);
  bind_api_class(module);
  module.def("login", &login_of, "key"_a, "host"_a, "relogin"_a, "verify"_a, "timeout_secs"_a);
}

}  // namespace runstone::python
