#include "runstone/run.h"

#include <exception>

#include "base/encoding.h"
#include "base/try.h"
#include "sdk/check_text.h"
#include "sdk/resume_file.h"
#include "sdk/run_state.h"

namespace runstone {

Result<Run> Run::init(const InitOptions& options) {
  RUNSTONE_TRY(auto state, RunState::start(options));
  return Run(std::move(state));
}
Result<Run> Run::attach(std::string_view token) {
  RUNSTONE_TRY(auto state, RunState::attach(token));
  return Run(std::move(state));
}

Run::Run(std::shared_ptr<RunState> state) : state_(std::move(state)) {}
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
Run::~Run() {
  if (!state_) return;
  state_->finish(std::uncaught_exceptions() > 0 ? 1 : 0);
}

std::string Run::child_token() const { return state_->child_token(); }
bool Run::is_child() const { return state_->is_child(); }

Result<void> Run::log(Span<const Field> fields, const LogOptions& options) {
  return state_->log(fields, options);
}
Result<void> Run::log(const Dict& row, const LogOptions& options) {
  std::vector<Field> fields;
  fields.reserve(row.size());
  for (const auto& [key, value] : row) fields.emplace_back(key, ValueRef(value));
  return state_->log({fields.data(), fields.size()}, options);
}
Result<void> Run::log_numbers(Span<const std::string_view> keys, Span<const double> values,
                              const LogOptions& options) {
  return state_->log_numbers(keys, values, options);
}
Result<Value> Run::bind_media(ValueRef media, const std::string& key, const std::string& step) {
  return state_->bind_media(media, key, step);
}

Result<Metric> Run::define_metric(std::string_view name, const MetricOptions& options) {
  return state_->define_metric(name, options);
}
void Run::write_console(Stream stream, std::string_view text) {
  state_->write_console(stream, text);
}
void Run::write_logger_line(std::string_view line) { state_->write_logger_line(line); }
void Run::write_logs(std::string_view text) {
  std::string lines(text);
  if (lines.empty() || lines.back() != '\n') lines.push_back('\n');
  state_->write_console(Stream::kStdout, lines);
}
Result<void> Run::add_file(std::string_view path, std::string_view policy) {
  return state_->add_file(path, policy);
}
Result<std::vector<std::string>> Run::save(const std::string& pattern, const SaveOptions& options) {
  return state_->save(pattern, options);
}
Result<void> Run::log_artifact(const Artifact& artifact, const LogArtifactOptions& options) {
  return state_->log_artifact("log_artifact", artifact, options, {});
}
Result<Artifact> Run::log_artifact(const std::string& path, const std::string& name,
                                   const std::string& type, const LogArtifactOptions& options) {
  return state_->log_path("log_artifact", path, name, type, options);
}
Result<Artifact> Run::artifact_of_path(const std::string& path, const std::string& name,
                                       const std::string& type) const {
  return state_->artifact_of_path(path, name, type);
}
Result<void> Run::upsert_artifact(const Artifact& artifact, const std::string& distributed_id,
                                  const LogArtifactOptions& options) {
  RUNSTONE_TRY(auto id, state_->distributed_id(distributed_id));
  return state_->log_artifact("upsert_artifact", artifact, options, {std::move(id), false});
}
Result<void> Run::finish_artifact(const Artifact& artifact, const std::string& distributed_id,
                                  const LogArtifactOptions& options) {
  RUNSTONE_TRY(auto id, state_->distributed_id(distributed_id));
  return state_->log_artifact("finish_artifact", artifact, options, {std::move(id), true});
}
Result<Artifact> Run::log_model(const std::string& path, const std::string& name,
                                const std::vector<std::string>& aliases) {
  LogArtifactOptions options;
  options.aliases = aliases;
  return state_->log_path("log_model", path, name, "model", options);
}
Result<std::optional<Artifact>> Run::log_code(const std::string& root, const std::string& name,
                                              const CodeFilter& include,
                                              const CodeFilter& exclude) {
  return state_->log_code(root, name, include, exclude);
}
Result<Artifact> Run::use_artifact(const std::string& name, const UseArtifactOptions& options) {
  return state_->use_artifact(name, options);
}
Result<Artifact> Run::use_artifact(const Artifact& artifact, const UseArtifactOptions& options) {
  return state_->use_artifact(artifact, options);
}
Result<Artifact> Run::link_artifact(const Artifact& artifact, const std::string& target_path,
                                    const std::vector<std::string>& aliases) {
  return state_->link_artifact(artifact, target_path, aliases);
}
Result<std::string> Run::use_model(const std::string& name) { return state_->use_model(name); }
Result<Artifact> Run::link_model(const std::string& path, const std::string& registered_model_name,
                                 const std::string& name, const std::vector<std::string>& aliases) {
  return state_->link_model(path, registered_model_name, name, aliases);
}
Result<std::string> Run::restore(const std::string& name, const RestoreOptions& options) const {
  return state_->restore(name, options);
}
Result<void> Run::use_artifact_id(const std::string& server_id) {
  return state_->use_artifact_id(server_id);
}
Result<void> Run::alert(std::string_view title, std::string_view text,
                        const AlertOptions& options) {
  return state_->alert(title, text, options);
}
Result<void> Run::mark_preempting() { return state_->mark_preempting(); }
Result<void> Run::pin_config_keys(const std::vector<std::string>& keys) {
  return state_->set_private_config({"pinned_keys"}, List(keys.begin(), keys.end()));
}
Result<void> Run::sync_tensorboard(const std::string& directory, const std::string& root) {
  return state_->sync_tensorboard(directory, root);
}
Result<RunStatus> Run::status() const { return state_->status(); }
FinishReport Run::finish(std::optional<int> exit_code) { return state_->finish(exit_code); }
bool Run::finished() const { return state_->finished(); }
bool Run::should_stop() const { return state_->should_stop(); }

std::string Run::id() const { return state_->plan().id; }
std::optional<std::string> Run::name() const {
  if (!state_->read(&RunState::has_name_)) return std::nullopt;
  return state_->read(&RunState::name_);
}
std::optional<std::string> Run::notes() const {
  if (!state_->read(&RunState::has_notes_)) return std::nullopt;
  return state_->read(&RunState::notes_);
}
std::vector<std::string> Run::tags() const { return state_->read(&RunState::tags_); }
std::string Run::project() const { return state_->read(&RunState::project_); }
std::string Run::entity() const { return state_->read(&RunState::entity_); }
std::string Run::group() const { return state_->plan().group; }
std::string Run::job_type() const { return state_->plan().job_type; }
std::string Run::path() const {
  std::string path;
  for (const std::string& part : {entity(), project(), id()}) {
    if (part.empty()) continue;
    if (!path.empty()) path.push_back('/');
    path += part;
  }
  return path;
}
std::string Run::dir() const { return state_->directory().files; }
std::string Run::sync_dir() const { return state_->directory().path; }
bool Run::offline() const { return state_->plan().mode == RunMode::kOffline; }
bool Run::disabled() const { return state_->plan().mode == RunMode::kDisabled; }
bool Run::resumed() const { return state_->resumed(); }
double Run::start_time() const { return state_->start_time(); }
std::int64_t Run::starting_step() const { return state_->starting_step(); }
std::int64_t Run::step() const { return state_->plan().writer.is_shared() ? -1 : state_->step(); }
Settings Run::settings() const { return state_->settings(); }
std::uint64_t Run::row_count() const { return state_->row_count(); }

Result<void> Run::set_name(std::string_view name) { return state_->set_text("name", name); }
Result<void> Run::set_notes(std::string_view notes) { return state_->set_text("notes", notes); }
Result<void> Run::set_tags(const std::vector<std::string>& tags) { return state_->set_tags(tags); }

Settings RunState::settings() const {
  Settings settings = plan_.settings;
  settings.set_computed("run_id", plan_.id);
  settings.set_computed("project", read(&RunState::project_));
  settings.set_computed("entity", read(&RunState::entity_));
  settings.set_computed("wandb_dir", directory_.parent);
  settings.set_computed("sync_dir", directory_.path);
  settings.set_computed("sync_file", directory_.journal);
  settings.set_computed("files_dir", directory_.files);
  settings.set_computed("log_dir", directory_.logs);
  settings.set_computed("log_user", directory_.logs + "/debug.log");
  settings.set_computed("log_internal", directory_.logs + "/debug-internal.log");
  settings.set_computed("timespec", directory_.timespec);
  settings.set_computed("root_dir", plan_.root_dir);
  if (plan_.settings.text("app_url").empty() && !plan_.base_url.empty()) {
    settings.set_computed("app_url", plan_.base_url);
  }
  settings.set_computed("resume_fname", directory_.parent + kResumeFileName);
  settings.set_computed("resumed", origin_.resumed);
  const bool online = plan_.mode == RunMode::kOnline;
  settings.set_computed("mode", online && plan_.writer.is_shared() ? "shared"
                                : online                           ? "online"
                                : plan_.mode == RunMode::kOffline  ? "offline"
                                                                   : "disabled");
  settings.set_computed("run_mode", online ? "run" : "offline-run");
  if (online) settings.set_computed("run_url", url_of("runs/" + percent_encode(plan_.id, "=+&$@")));
  if (online) settings.set_computed("project_url", url_of(""));
  if (online && !plan_.sweep_id.empty()) {
    settings.set_computed("sweep_url", url_of("sweeps/" + percent_encode(plan_.sweep_id)));
  }
  return settings;
}

// --- views ---------------------------------------------------------------------------------------

std::optional<Value> Config::get(std::string_view key) const {
  const Dict values = state_->config_values();
  const Value* found = values.find(key);
  return found == nullptr ? std::nullopt : std::optional<Value>(*found);
}
Dict Config::all() const {
  Dict shown;
  for (const auto& [key, value] : state_->config_values()) {
    if (key.empty() || key.front() != '_') shown.set(key, value);
  }
  return shown;
}
Dict Config::all_with_private() const { return state_->config_values(); }
Result<void> Config::set(std::string_view key, Value value) {
  Dict one;
  one.set(key, std::move(value));
  return update(one);
}
Result<void> Config::update(const Dict& values, bool allow_val_change) {
  RUNSTONE_TRY(check_texts(values));
  return state_->change_config("config.update", [&](auto& table, auto& changed, auto& warn) {
    return table.update(values, allow_val_change, changed, warn);
  });
}
Result<void> Config::set_defaults(const Dict& values) {
  RUNSTONE_TRY(check_texts(values));
  return state_->change_config("config.setdefaults", [&](auto& table, auto& changed, auto&) {
    table.set_defaults(values, changed);
    return Result<void>();
  });
}
Result<void> Config::update_locked(const Dict& values, std::string_view user) {
  RUNSTONE_TRY(check_texts(values));
  return state_->change_config("config.update_locked", [&](auto& table, auto& changed, auto&) {
    table.update_locked(values, user, changed);
    return Result<void>();
  });
}
Result<void> Config::set_private(const std::vector<std::string>& path, Value value) {
  return state_->set_private_config(path, std::move(value));
}
Result<void> Config::persist() { return state_->persist_config(); }

std::optional<Value> Summary::get(const std::vector<std::string>& path) const {
  return state_->summary_value(path);
}
Dict Summary::all() const { return state_->summary_values(); }
Result<void> Summary::set(const std::vector<std::string>& path, Value value) {
  return state_->set_summary(path, value);
}
Result<void> Summary::update(const Dict& values) {
  for (const auto& [key, value] : values) RUNSTONE_TRY(state_->set_summary({key}, value));
  return {};
}
Result<void> Summary::erase(const std::vector<std::string>& path) {
  return state_->erase_summary(path);
}

}  // namespace runstone
