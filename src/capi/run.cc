// A run's life: begun, asked, told, ended.
#include <cstdlib>
#include <mutex>

#include "base/json.h"
#include "capi/fields.h"

namespace runstone::capi {
namespace {

// --- who gets the lines

std::mutex printer_mutex;
runstone_printer printer_call = nullptr;
void* printer_user = nullptr;

runstone_level level_of(MessageLevel level) {
  if (level == MessageLevel::kInfo) return RUNSTONE_LEVEL_INFO;
  return level == MessageLevel::kWarning ? RUNSTONE_LEVEL_WARNING : RUNSTONE_LEVEL_ERROR;
}

Printer current_printer() {
  const std::scoped_lock lock(printer_mutex);
  if (printer_call == nullptr) return nullptr;
  return [call = printer_call, user = printer_user](MessageLevel level, const std::string& line) {
    call(user, level_of(level), line.c_str(), line.size());
  };
}

// --- the end of the program

// What main() returned or exit() was given: who forgot runstone_finish() has a run with an end,
// too.
void finish_all(int status, void*) {
  handles().for_each(HandleKind::kRun, [&](void* object) {
    static_cast<Run*>(object)->finish(status & 0xff);  // what a shell would see
  });
}

// Registered behind each init(), it runs before the destructors of everything that a run uses.
Result<Run> finished_at_exit(Result<Run> run) {
  if (run && on_exit(finish_all, nullptr) != 0) {
    return fail(ErrorCode::kResourceExhausted, "no memory");
  }
  return run;
}

Result<InitOptions> init_options(const runstone_field* options, std::size_t count) {
  InitOptions init;
  OptionReader reader("runstone_init", options, count);
  reader.read("entity", init.entity);
  reader.read("project", init.project);
  reader.read("dir", init.dir);
  reader.read("id", init.id);
  reader.read("name", init.name);
  reader.read("notes", init.notes);
  reader.read("group", init.group);
  reader.read("job_type", init.job_type);
  reader.read("mode", init.mode);
  reader.read("resume", init.resume);
  reader.read("resume_from", init.resume_from);
  reader.read("fork_from", init.fork_from);
  reader.read("allow_val_change", init.allow_val_change);
  reader.read("force", init.force);
  reader.read("save_code", init.save_code);
  reader.read("sync_tensorboard", init.sync_tensorboard);
  reader.read("monitor_gym", init.monitor_gym);
  reader.read("config", init.config);
  reader.read("config_file", init.config_file);
  reader.read("config_exclude_keys", init.config_exclude_keys);
  reader.read("config_include_keys", init.config_include_keys);
  if (reader.has("tags")) reader.read("tags", init.tags.emplace());
  Dict settings;
  reader.read("settings", settings);
  RUNSTONE_TRY(reader.done());
  for (auto& [name, value] : settings) RUNSTONE_TRY(init.settings.set(name, std::move(value)));
  init.printer = current_printer();
  return init;
}

// --- facts

std::string truth(bool value) { return value ? "true" : "false"; }
std::string json_text(Value value) { return json::to_text(value); }
std::string number(double value) { return json::to_text(Value(value)); }

std::string status_text(const RunStatus& status) {
  Dict dict;
  dict.set("sync_items_total", status.sync_items_total);
  dict.set("sync_items_pending", status.sync_items_pending);
  dict.set("sync_time", status.sync_time ? Value(*status.sync_time) : Value());
  return json_text(std::move(dict));
}

using Text = std::optional<std::string>;
struct Property {
  const char* name;
  Result<Text> (*get)(const Run& run);
};
constexpr Property kProperties[] = {
    {"id", [](const Run& run) -> Result<Text> { return Text(run.id()); }},
    {"name", [](const Run& run) -> Result<Text> { return run.name(); }},
    {"notes", [](const Run& run) -> Result<Text> { return run.notes(); }},
    {"tags",
     [](const Run& run) -> Result<Text> {
       const auto tags = run.tags();
       return Text(json_text(List(tags.begin(), tags.end())));
     }},
    {"project", [](const Run& run) -> Result<Text> { return Text(run.project()); }},
    {"entity", [](const Run& run) -> Result<Text> { return Text(run.entity()); }},
    {"group", [](const Run& run) -> Result<Text> { return Text(run.group()); }},
    {"job_type", [](const Run& run) -> Result<Text> { return Text(run.job_type()); }},
    {"path", [](const Run& run) -> Result<Text> { return Text(run.path()); }},
    {"url", [](const Run& run) -> Result<Text> { return run.url(); }},
    {"project_url", [](const Run& run) -> Result<Text> { return run.project_url(); }},
    {"sweep_id", [](const Run& run) -> Result<Text> { return run.sweep_id(); }},
    {"sweep_url", [](const Run& run) -> Result<Text> { return run.sweep_url(); }},
    {"dir", [](const Run& run) -> Result<Text> { return Text(run.dir()); }},
    {"sync_dir", [](const Run& run) -> Result<Text> { return Text(run.sync_dir()); }},
    {"offline", [](const Run& run) -> Result<Text> { return Text(truth(run.offline())); }},
    {"disabled", [](const Run& run) -> Result<Text> { return Text(truth(run.disabled())); }},
    {"resumed", [](const Run& run) -> Result<Text> { return Text(truth(run.resumed())); }},
    {"finished", [](const Run& run) -> Result<Text> { return Text(truth(run.finished())); }},
    {"is_child", [](const Run& run) -> Result<Text> { return Text(truth(run.is_child())); }},
    {"start_time", [](const Run& run) -> Result<Text> { return Text(number(run.start_time())); }},
    {"starting_step",
     [](const Run& run) -> Result<Text> { return Text(std::to_string(run.starting_step())); }},
    {"step", [](const Run& run) -> Result<Text> { return Text(std::to_string(run.step())); }},
    {"should_stop", [](const Run& run) -> Result<Text> { return Text(truth(run.should_stop())); }},
    {"row_count",
     [](const Run& run) -> Result<Text> { return Text(std::to_string(run.row_count())); }},
    {"settings",
     [](const Run& run) -> Result<Text> { return Text(json_text(run.settings().all())); }},
    {"config", [](const Run& run) -> Result<Text> { return Text(json_text(run.config().all())); }},
    {"summary",
     [](const Run& run) -> Result<Text> { return Text(json_text(run.summary().all())); }},
    {"status",
     [](const Run& run) -> Result<Text> {
       RUNSTONE_TRY(const auto status, run.status());
       return Text(status_text(status));
     }},
    {"child_token", [](const Run& run) -> Result<Text> { return Text(run.child_token()); }},
};

Result<Text> property(const Run& run, std::string_view name) {
  for (const Property& one : kProperties) {
    if (one.name == name) return one.get(run);
  }
  return fail(ErrorCode::kInvalidArgument, "a run has no property '" + std::string(name) + "'");
}

Result<void> set_property(Run& run, const std::string& name, const Value& value) {
  if (name == "tags") {
    const List* list = value.if_list();
    std::vector<std::string> tags;
    for (const Value& tag : list == nullptr ? List() : *list) {
      if (!tag.is_string()) list = nullptr;
      tags.emplace_back(tag.string_or(""));
    }
    if (list == nullptr) return fail(ErrorCode::kInvalidType, "tags must be a JSON list of texts");
    return run.set_tags(tags);
  }
  if (name != "name" && name != "notes") {
    return fail(ErrorCode::kInvalidArgument, "'" + name + "' of a run cannot be set");
  }
  if (!value.is_string()) return fail(ErrorCode::kInvalidType, name + " must be text");
  return name == "name" ? run.set_name(*value.if_string()) : run.set_notes(*value.if_string());
}

void fill(const FinishReport& from, runstone_report& report) {
  report = {};
  report.rows = from.rows;
  report.lost_records = from.lost_records;
  report.lost_media = from.lost_media;
  report.left_records = from.left_records;
  report.first_call = from.first_call ? 1 : 0;
  report.delivered = from.delivered ? 1 : 0;
}

}  // namespace
}  // namespace runstone::capi

using namespace runstone;
using namespace runstone::capi;

void runstone_set_printer(runstone_printer printer, void* user) {
  const std::scoped_lock lock(printer_mutex);
  printer_call = printer;
  printer_user = user;
}

runstone_status runstone_init(const runstone_field* options, size_t count, runstone_run** run) {
  return make<Run>(run, [&]() -> Result<Run> {
    RUNSTONE_TRY(const auto init, init_options(options, count));
    return finished_at_exit(Run::init(init));
  });
}

runstone_status runstone_attach(const char* token, runstone_run** run) {
  return make<Run>(run, [&]() -> Result<Run> {
    RUNSTONE_TRY(const auto text, required(token, "the token"));
    return finished_at_exit(Run::attach(text));
  });
}

runstone_status runstone_run_property(const runstone_run* run, const char* name, char** text,
                                      size_t* size) {
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto wanted, required(name, "the property's name"));
    if (text == nullptr) return fail(ErrorCode::kInvalidArgument, "there is no place for the text");
    RUNSTONE_TRY(const auto found, property(it, wanted));
    return give(found, text, size);
  });
}

runstone_status runstone_run_set(runstone_run* run, const runstone_field* value) {
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto dict, to_dict(value, 1));
    const auto& [name, what] = dict.items().front();
    return set_property(it, name, what);
  });
}

runstone_status runstone_mark_preempting(runstone_run* run) {
  return with<Run>(run, [](Run& it) -> Answer { return it.mark_preempting(); });
}

runstone_status runstone_alert(runstone_run* run, const char* title, const char* text,
                               const runstone_field* options, size_t count) {
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto title_text, required(title, "the title"));
    RUNSTONE_TRY(const auto body, required(text, "the text"));
    AlertOptions alert;
    OptionReader reader("runstone_alert", options, count);
    reader.read("level", alert.level);
    reader.read("wait_duration", alert.wait_duration_secs);
    RUNSTONE_TRY(reader.done());
    return it.alert(title_text, body, alert);
  });
}

runstone_status runstone_save(runstone_run* run, const char* pattern, const runstone_field* options,
                              size_t count, char** paths) {
  if (paths != nullptr) *paths = nullptr;
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto files, required(pattern, "the pattern"));
    SaveOptions save;
    OptionReader reader("runstone_save", options, count);
    reader.read("base_path", save.base_path);
    reader.read("policy", save.policy);
    reader.read("glob", save.glob);
    RUNSTONE_TRY(reader.done());
    RUNSTONE_TRY(const auto saved, it.save(files, save));
    if (paths == nullptr) return {};
    return give(json_text(List(saved.begin(), saved.end())), paths, nullptr);
  });
}

runstone_status runstone_write_console(runstone_run* run, int is_stderr, const char* text,
                                       size_t size) {
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto bytes, array(text, size, "the text"));
    it.write_console(is_stderr != 0 ? Run::Stream::kStderr : Run::Stream::kStdout,
                     std::string_view(bytes.data(), bytes.size()));
    return {};
  });
}

runstone_status runstone_finish(runstone_run* run, int exit_code, runstone_report* report) {
  if (report != nullptr) *report = {};
  return with<Run>(run, [&](Run& it) -> Answer {
    const FinishReport done = it.finish(exit_code);
    if (report != nullptr) fill(done, *report);
    return {};
  });
}

void runstone_run_free(runstone_run* run) {
  with<Run>(run, [](Run& it) -> Answer {
    it.finish();
    return {};
  });
  free_handle<Run>(run);
}
