#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>
#include <vector>

#include "bind.h"
#include "errors.h"
#include "exit_hook.h"
#include "installed_packages.h"
#include "run_handle.h"
#include "runstone/run.h"
#include "to_python.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
using namespace nb::literals;
namespace {

std::optional<std::string> text_option(const nb::dict& options, const char* name) {
  const nb::object value = nb::borrow(PyDict_GetItemString(options.ptr(), name));
  if (!value.is_valid() || value.is_none()) return std::nullopt;
  if (!PyUnicode_Check(value.ptr())) {
    PyErr_Format(PyExc_ValueError, "%s must be a str, not %s", name, Py_TYPE(value.ptr())->tp_name);
    throw nb::python_error();
  }
  return std::string(utf8_of(value));
}

std::optional<bool> bool_option(const nb::dict& options, const char* name) {
  const nb::object value = nb::borrow(PyDict_GetItemString(options.ptr(), name));
  if (!value.is_valid() || value.is_none()) return std::nullopt;
  return PyObject_IsTrue(value.ptr()) == 1;
}

std::vector<std::string> text_list(nb::handle sequence) {
  std::vector<std::string> texts;
  for (const nb::handle item : sequence) {
    if (!PyUnicode_Check(item.ptr())) {
      PyErr_Format(PyExc_ValueError, "a str is needed in this list, not %s",
                   Py_TYPE(item.ptr())->tp_name);
      throw nb::python_error();
    }
    texts.emplace_back(utf8_of(item));
  }
  return texts;
}

std::vector<std::string> text_list_option(const nb::dict& options, const char* name) {
  const nb::object value = nb::borrow(PyDict_GetItemString(options.ptr(), name));
  if (!value.is_valid() || value.is_none()) return {};
  return text_list(value);
}

InitOptions init_options(const nb::dict& options) {
  InitOptions init;
  init.entity = text_option(options, "entity");
  init.project = text_option(options, "project");
  init.dir = text_option(options, "dir");
  init.id = text_option(options, "id");
  init.name = text_option(options, "name");
  init.notes = text_option(options, "notes");
  init.group = text_option(options, "group");
  init.job_type = text_option(options, "job_type");
  init.mode = text_option(options, "mode");
  init.resume = text_option(options, "resume");
  init.resume_from = text_option(options, "resume_from");
  init.fork_from = text_option(options, "fork_from");
  init.allow_val_change = bool_option(options, "allow_val_change");
  init.force = bool_option(options, "force");
  init.save_code = bool_option(options, "save_code");
  init.sync_tensorboard = bool_option(options, "sync_tensorboard");
  init.monitor_gym = bool_option(options, "monitor_gym");
  if (options.contains("tags") && !options["tags"].is_none()) {
    init.tags = text_list(options["tags"]);
  }
  init.config_exclude_keys = text_list_option(options, "config_exclude_keys");
  init.config_include_keys = text_list_option(options, "config_include_keys");
  init.config_file = text_option(options, "config_file");
  if (options.contains("config")) init.config = to_dict(options["config"], kConfigConversion);
  return init;
}

ProgramFacts program_facts(const nb::dict& facts) {
  ProgramFacts program;
  program.language_version = text_option(facts, "language_version").value_or("");
  program.python_version = text_option(facts, "python_version").value_or("");
  program.program = text_option(facts, "program").value_or("");
  program.executable = text_option(facts, "executable").value_or("");
  program.colab = text_option(facts, "colab").value_or("");
  program.args = text_list_option(facts, "args");
  // Called where the GIL is released; the exception stays with the thread until init() is back.
  program.is_interrupted = [] {
    const nb::gil_scoped_acquire asking;
    return PyErr_CheckSignals() != 0;
  };
  program.requirements = [folders = text_list_option(facts, "path")] {
    return installed_packages(folders);
  };
  return program;
}

// On the uplink's thread. What to do is Python's to know: this only names the run.
std::function<void()> stop_fn(const nb::dict& facts) {
  return [key = text_option(facts, "stop_key").value_or("")] {
    if (interpreter_is_over()) return;  // the program has ended already
    const nb::gil_scoped_acquire telling;
    try {
      nb::module_::import_("runstone._process").attr("on_stop")(key);
    } catch (nb::python_error& error) {
      error.discard_as_unraisable("runstone: the function that stops a run");
    }
  };
}

nb::object define_metric(RunHandle& self, std::string_view name, const nb::dict& options) {
  MetricOptions metric;
  metric.step_metric = text_option(options, "step_metric");
  metric.step_sync = bool_option(options, "step_sync");
  metric.hidden = bool_option(options, "hidden");
  metric.summary = text_option(options, "summary");
  metric.goal = text_option(options, "goal");
  metric.overwrite = bool_option(options, "overwrite").value_or(false);
  const Metric made =
      value_or_throw(self.get().define_metric(name, metric), ErrorFamily::kDefineMetric);
  nb::list summary;
  for (const auto& op : made.summary) summary.append(nb::str(op.c_str()));
  nb::dict fields;
  fields["name"] = nb::str(made.name.c_str());
  fields["step_metric"] =
      made.step_metric.empty() ? nb::none() : nb::object(nb::str(made.step_metric.c_str()));
  fields["step_sync"] = nb::bool_(made.step_sync);
  fields["hidden"] = nb::bool_(made.hidden);
  fields["summary"] = made.summary.empty() ? nb::none() : nb::object(nb::tuple(summary));
  fields["goal"] = made.goal.empty() ? nb::none() : nb::object(nb::str(made.goal.c_str()));
  return fields;
}

nb::dict finish(RunHandle& self, nb::handle exit_code) {
  std::optional<int> code;
  if (!exit_code.is_none()) {
    const nb::object number = nb::steal(PyNumber_Index(exit_code.ptr()));
    if (!number.is_valid()) {
      PyErr_Format(PyExc_TypeError, "finish(exit_code=) must be an int, not %s",
                   Py_TYPE(exit_code.ptr())->tp_name);
      throw nb::python_error();
    }
    int overflow = 0;
    const long wide = PyLong_AsLongAndOverflow(number.ptr(), &overflow);
    if (overflow != 0 || wide != static_cast<int>(wide)) {
      PyErr_SetString(PyExc_ValueError, "finish(exit_code=) must fit into 32 bits");
      throw nb::python_error();
    }
    code = static_cast<int>(wide);
  }
  const FinishReport report = [&] {
    Run& run = self.get();
    const nb::gil_scoped_release waiting;
    return run.finish(code);
  }();
  nb::dict fields;
  fields["first_call"] = nb::bool_(report.first_call);
  fields["delivered"] = nb::bool_(report.delivered);
  fields["rows"] = nb::int_(report.rows);
  fields["lost_records"] = nb::int_(report.lost_records);
  fields["lost_media"] = nb::int_(report.lost_media);
  fields["left_records"] = nb::int_(report.left_records);
  fields["message"] = nb::str(report.message.c_str());
  return fields;
}

nb::str text_of(const std::string& text) { return nb::str(text.c_str(), text.size()); }

}  // namespace

void bind_run(nb::module_& module) {
  nb::class_<RunHandle> run_class(module, "Run", nb::is_weak_referenceable());
  bind_run_artifacts(run_class);
  run_class
      .def(
          "__init__",
          [](RunHandle* self, const std::string& token) {
            new (self) RunHandle{value_or_throw(Run::attach(token))};
          },
          "token"_a)
      .def("_child_token", [](RunHandle& self) { return text_of(self.get().child_token()); })
      .def(
          "__init__",
          [](RunHandle* self, const nb::dict& options, const Settings& settings,
             const Settings& setup_settings, const nb::dict& facts) {
            InitOptions init = init_options(options);
            init.settings = settings;
            init.setup_settings = setup_settings;
            init.program = program_facts(facts);
            init.stop_fn = stop_fn(facts);
            auto run = [&] {
              const nb::gil_scoped_release waiting;
              return Run::init(init);
            }();
            if (PyErr_Occurred()) throw nb::python_error();
            new (self) RunHandle{value_or_throw(std::move(run))};
          },
          "options"_a, "settings"_a, "setup_settings"_a, "facts"_a)
      .def("_define_metric", define_metric)
      .def("_finish", finish, "exit_code"_a.none())
      .def("_finish_at_exit",
           [](RunHandle& self) {
             if (self.run && !self.run->finished()) finish_at_exit(*std::move(self.run));
             self.run.reset();
           })
      .def("_write_console",
           [](RunHandle& self, bool is_stderr, std::string_view text) {
             if (self.run) {
               self.run->write_console(is_stderr ? Run::Stream::kStderr : Run::Stream::kStdout,
                                       text);
             }
           })
      .def("_write_logger_line",
           [](RunHandle& self, std::string_view line) {
             if (self.run) self.run->write_logger_line(line);
           })
      .def("_add_file", [](RunHandle& self,
                           const std::string& path) { value_or_throw(self.get().add_file(path)); })
      // config
      .def("_config_get",
           [](RunHandle& self, std::string_view key) {
             return to_python(self.get().config().get(key));
           })
      .def("_config_all", [](RunHandle& self) { return to_python(self.get().config().all()); })
      .def("_config_all_with_private",
           [](RunHandle& self) { return to_python(self.get().config().all_with_private()); })
      .def("_config_update",
           [](RunHandle& self, nb::handle values, bool allow_val_change) {
             value_or_throw(
                 self.get().config().update(to_dict(values, kConfigConversion), allow_val_change));
           })
      .def("_config_set_defaults",
           [](RunHandle& self, nb::handle values) {
             value_or_throw(self.get().config().set_defaults(to_dict(values, kConfigConversion)));
           })
      .def("_config_update_locked",
           [](RunHandle& self, nb::handle values, std::string_view user) {
             value_or_throw(
                 self.get().config().update_locked(to_dict(values, kConfigConversion), user));
           })
      .def("_config_set_private",
           [](RunHandle& self, nb::handle path, nb::handle value) {
             value_or_throw(self.get().config().set_private(text_list(path),
                                                            to_value(value, kConfigConversion)));
           })
      .def("_config_persist",
           [](RunHandle& self) { value_or_throw(self.get().config().persist()); })
      // summary
      .def("_summary_get",
           [](RunHandle& self, nb::handle path) {
             return to_python(self.get().summary().get(text_list(path)));
           })
      .def("_summary_all", [](RunHandle& self) { return to_python(self.get().summary().all()); })
      .def(
          "_summary_set",
          [](RunHandle& self, nb::handle path, nb::handle value) {
            value_or_throw(
                self.get().summary().set(text_list(path), to_value(value, kSummaryConversion)));
          },
          "path"_a, "value"_a.none())
      .def("_summary_erase",
           [](RunHandle& self, nb::handle path) {
             value_or_throw(self.get().summary().erase(text_list(path)));
           })
      .def(
          "_bind_media",
          [](RunHandle& self, const Media& media, const std::string& key, const std::string& step) {
            Run& run = self.get();
            auto value = [&] {
              const nb::gil_scoped_release encoding;
              return run.bind_media(media, key, step);
            }();
            return to_python(value_or_throw(std::move(value)));
          })
      .def("_bind_media_list",
           [](RunHandle& self, nb::list list, const std::string& key, const std::string& step) {
             std::vector<Media> media;
             for (const nb::handle one : list) media.push_back(nb::cast<Media>(one));
             Run& run = self.get();
             auto value = [&] {
               const nb::gil_scoped_release encoding;
               return run.bind_media(media, key, step);
             }();
             return to_python(value_or_throw(std::move(value)));
           })
      // files and messages
      .def(
          "_save",
          [](RunHandle& self, const std::string& pattern, nb::handle base_path,
             const std::string& policy, bool is_glob) {
            SaveOptions options;
            if (!base_path.is_none()) options.base_path = std::string(utf8_of(base_path));
            options.policy = policy;
            options.glob = is_glob;
            nb::list paths;
            for (const auto& path : value_or_throw(self.get().save(pattern, options))) {
              paths.append(text_of(path));
            }
            return paths;
          },
          "pattern"_a, "base_path"_a.none(), "policy"_a, "glob"_a)
      .def("_alert",
           [](RunHandle& self, std::string_view title, std::string_view text,
              const std::string& level, double wait_duration_secs) {
             AlertOptions options;
             options.level = level;
             options.wait_duration_secs = wait_duration_secs;
             value_or_throw(self.get().alert(title, text, options));
           })
      .def("_mark_preempting",
           [](RunHandle& self) { value_or_throw(self.get().mark_preempting()); })
      .def("_pin_config_keys",
           [](RunHandle& self, nb::handle keys) {
             value_or_throw(self.get().pin_config_keys(text_list(keys)));
           })
      .def("_sync_tensorboard",
           [](RunHandle& self, const std::string& directory, const std::string& root) {
             value_or_throw(self.get().sync_tensorboard(directory, root));
           })
      .def("_status",
           [](RunHandle& self) {
             const RunStatus status = value_or_throw(self.get().status());
             return nb::make_tuple(
                 status.sync_items_total, status.sync_items_pending,
                 status.sync_time ? nb::object(nb::float_(*status.sync_time)) : nb::none());
           })
      // facts
      .def("_set_name", [](RunHandle& self,
                           std::string_view name) { value_or_throw(self.get().set_name(name)); })
      .def("_set_notes",
           [](RunHandle& self, std::string_view notes) {
             value_or_throw(self.get().set_notes(notes));
           })
      .def("_set_tags",
           [](RunHandle& self, nb::handle tags) {
             value_or_throw(self.get().set_tags(text_list(tags)));
           })
      .def_prop_ro("_finished", [](RunHandle& self) { return !self.run || self.run->finished(); })
      .def_prop_ro(
          "id", [](RunHandle& self) { return text_of(self.get().id()); },
          "The run's id, unique in its project.")
      .def_prop_ro(
          "name", [](RunHandle& self) { return self.get().name(); },
          "The display name; None if there is none yet.")
      .def_prop_ro(
          "notes", [](RunHandle& self) { return self.get().notes(); },
          "Free text about the run; None if there is none.")
      .def_prop_ro(
          "tags",
          [](RunHandle& self) {
            nb::list tags;
            for (const auto& tag : self.get().tags()) tags.append(text_of(tag));
            return nb::tuple(tags);
          },
          "Short labels.")
      .def_prop_ro(
          "project", [](RunHandle& self) { return text_of(self.get().project()); },
          "The project's name.")
      .def_prop_ro(
          "entity", [](RunHandle& self) { return text_of(self.get().entity()); },
          "Who owns the project; \"\" if that is not known (offline).")
      .def_prop_ro(
          "group", [](RunHandle& self) { return text_of(self.get().group()); },
          "The group of runs that this one belongs to; \"\" if none.")
      .def_prop_ro(
          "job_type", [](RunHandle& self) { return text_of(self.get().job_type()); },
          "What the run does in its group, such as \"train\"; \"\" if none.")
      .def_prop_ro(
          "path", [](RunHandle& self) { return text_of(self.get().path()); },
          "entity/project/id, without the parts that are not known.")
      .def_prop_ro("_url", [](RunHandle& self) { return self.get().url(); })
      .def_prop_ro("_project_url", [](RunHandle& self) { return self.get().project_url(); })
      .def_prop_ro(
          "dir", [](RunHandle& self) { return text_of(self.get().dir()); },
          "The absolute path of the run's folder of files.")
      .def_prop_ro(
          "sync_dir", [](RunHandle& self) { return text_of(self.get().sync_dir()); },
          "The absolute path of the run's directory, which holds dir and the journal; `runstone "
          "sync` takes it.")
      .def_prop_ro(
          "offline", [](RunHandle& self) { return self.get().offline(); },
          "Whether nothing is sent while the run lasts.")
      .def_prop_ro(
          "disabled", [](RunHandle& self) { return self.get().disabled(); },
          "Whether the run records nothing at all.")
      .def_prop_ro(
          "resumed", [](RunHandle& self) { return self.get().resumed(); },
          "Whether the run was there before and is continued.")
      .def_prop_ro(
          "start_time", [](RunHandle& self) { return self.get().start_time(); },
          "When the run began, in Unix seconds; of a resumed run its first beginning.")
      .def_prop_ro(
          "starting_step", [](RunHandle& self) { return self.get().starting_step(); },
          "The first step that this process can log.")
      .def_prop_ro(
          "sweep_id", [](RunHandle& self) { return self.get().sweep_id(); },
          "The id of the sweep that this run is a part of; None if there is none.")
      .def_prop_ro("_sweep_url", [](RunHandle& self) { return self.get().sweep_url(); })
      .def("_to_html", [](RunHandle& self, int height,
                          bool hidden) { return text_of(self.get().to_html(height, hidden)); })
      .def("_write_logs",
           [](RunHandle& self, nb::str text) { self.get().write_logs(utf8_of(text)); })
      .def_prop_ro("_step", [](RunHandle& self) { return self.get().step(); })
      .def("_settings", [](RunHandle& self) { return self.get().settings(); });
  bind_log(module.attr("Run"));
}

}  // namespace runstone::python
