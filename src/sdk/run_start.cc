// From init()'s arguments to a run that records.
#include <algorithm>
#include <filesystem>

#include "base/encoding.h"
#include "base/json.h"
#include "base/random_id.h"
#include "base/seconds.h"
#include "base/try.h"
#include "fs/fork_generation.h"
#include "model/names.h"
#include "sdk/child_journals.h"
#include "sdk/resume_file.h"
#include "sdk/run_state.h"
#include "sdk/version.h"
#include "uplink/origin.h"

namespace runstone {
namespace {
constexpr std::int64_t kContactTimeoutUs = 2'000'000;
}

RunState::RunState(InitPlan plan, Printer printer)
    : plan_(std::move(plan)),
      terminal_(plan_.settings, std::move(printer)),
      birth_generation_(fs::fork_generation()),
      encoder_(plan_.settings.flag("x_journal_json")),
      json_values_(plan_.settings.flag("x_journal_json")) {
  entity_ = plan_.entity;
  project_ = plan_.project;
  has_name_ = plan_.name.has_value();
  name_ = plan_.name.value_or("");
  has_notes_ = plan_.notes.has_value();
  notes_ = plan_.notes.value_or("");
  tags_ = plan_.tags;
  syncs_tensorboard_ = plan_.settings.flag("sync_tensorboard");
  start_time_us_ = first_start_us_ = system_clock().now_us();
  start_monotonic_us_ = system_clock().monotonic_us();
  if (const double at = plan_.settings.number("x_start_time"); at > 0) {
    const auto start_us = us_of_seconds(at);
    start_monotonic_us_ -= start_time_us_ - start_us;
    start_time_us_ = first_start_us_ = start_us;
  }
  look_at_clock();
  runtime_key_.emplace("_runtime");
  timestamp_key_.emplace("_timestamp");
  step_slot_ = &summary_.slot({"_step"});
  runtime_slot_ = &summary_.slot({"_runtime"});
  timestamp_slot_ = &summary_.slot({"_timestamp"});
  config_.allow_all_changes(plan_.settings.flag("allow_val_change"));
}

RunState::~RunState() {
  unregister_for_fork(*this);
  if (in_child()) {
    leave_threads();
    return;
  }
  stop_sampler();
  stop_surroundings();
  stop_redirect();
}

Result<std::shared_ptr<RunState>> RunState::start(const InitOptions& options) {
  RUNSTONE_TRY(auto plan, plan_init(options));
  auto run = std::make_shared<RunState>(std::move(plan), options.printer);
  const auto none_to_tell = [](const std::string&) {};
  RUNSTONE_TRY(run->config_.update(run->plan_.config, true, none_to_tell, {}));
  run->config_.update_locked(run->plan_.sweep_config, "sweep", none_to_tell);
  if (run->plan_.mode == RunMode::kDisabled) {
    if (!run->has_name_) run->name_ = "dummy-" + run->plan_.id;
    run->has_name_ = true;
    if (run->entity_.empty()) run->entity_ = "dummy";
    if (run->project_.empty()) run->project_ = "dummy";
    std::error_code error;
    run->directory_.path =
        (std::filesystem::temp_directory_path(error) / ("runstone-disabled-" + run->plan_.id))
            .string();
    run->directory_.files = run->directory_.path + "/files";
    return run;
  }
  RUNSTONE_TRY(run->open());
  return run;
}

Result<void> RunState::open() {
  look_around();
  if (plan_.mode == RunMode::kOnline) {
    RUNSTONE_TRY(contact_server());
  } else {  // kept for `sync`, which acts on it
    Dict config;
    uplink::set_branch_point(config, plan_.start_from);
    if (const Value* point = config.find("_wandb")) {
      for (const auto& [key, value] : *point->if_dict()) config_.set_path({"_wandb", key}, value);
    }
  }
  RunDirectoryRequest request;
  request.root_dir = plan_.root_dir;
  request.name = plan_.program.directory_name;
  request.run_id = plan_.id;
  request.hidden = plan_.hides_runs;
  request.links = plan_.settings.flag("symlink");
  request.offline = plan_.mode == RunMode::kOffline;
  request.start_time_us = start_time_us_;
  RUNSTONE_TRY(directory_, make_run_directory(request));
  create_journal(std::move(request));
  user_log_.open(directory_.logs + "/debug.log");
  internal_log_.open(directory_.logs + "/debug-internal.log");
  terminal_.keep_in(&user_log_);
  internal_log_.note("INFO", std::string("runstone ") + kVersion + " records run " + plan_.id +
                                 (plan_.base_url.empty() ? "" : " for " + plan_.base_url));
  if (plan_.keeps_resume_file) {
    const auto kept = save_resumable_run(directory_.parent + kResumeFileName, plan_.id);
    if (!kept) plan_.warnings.push_back("resume=\"auto\": " + kept.error().message);
  }
  children_ = std::make_unique<ChildJournals>(directory_.path);
  write_first_records();
  register_for_fork(*this);
  birth_generation_ = fs::fork_generation();
  if (plan_.mode == RunMode::kOnline && journal_) start_uplink();
  start_keeper();
  start_surroundings();
  start_sampler();
  announce();
  start_redirect();
  return {};
}

// A disk that is full already must not stop the training: then the run goes below the temporary
// directory, and if that is no better it records nothing, which is counted and told as any loss.
void RunState::create_journal(RunDirectoryRequest request) {
  journal::JournalWriterOptions options;
  options.on_low_space = [this] { wake_keeper(); };
  fs::FileSystem& disk = fs::real_file_system();
  auto made = journal::JournalWriter::create(disk, directory_.journal, options);
  if (!made) {
    const std::string reason = made.error().message;
    std::error_code error;
    request.root_dir = std::filesystem::temp_directory_path(error).string();
    auto below_temp = make_run_directory(request);
    if (below_temp) made = journal::JournalWriter::create(disk, below_temp->journal, options);
    if (!made) {
      loss_reason_ = reason;
      return;
    }
    directory_ = *std::move(below_temp);
    directory_.warning =
        "Nothing can be recorded here (" + reason + "); the run's data is in " + directory_.path;
  }
  journal_.emplace(*std::move(made));
}

// Asks for the run's name, and what it goes on from. A server that is away, busy or broken is no
// error: the run starts with a name of its own and the uplink goes on trying. A refusal is one; and
// so is no answer about a run that is to be gone on with, since its stored rows would be replaced.
Result<void> RunState::contact_server() {
  uplink::Target target{plan_.base_url, plan_.api_key};
  target.shared_writer_id = plan_.writer.shared_id;
  const bool is_https = plan_.base_url.rfind("https:", 0) == 0;
  target.proxy = plan_.settings.text(is_https ? "https_proxy" : "http_proxy");
  target.verify_tls = !plan_.settings.flag("insecure_disable_ssl");
  target_ = target;
  request_.run_id = plan_.id;
  request_.entity = entity_;
  request_.project = project_;
  request_.display_name = name_;
  request_.notes = notes_;
  request_.group = plan_.group;
  request_.job_type = plan_.job_type;
  request_.sweep_id = plan_.sweep_id;
  request_.host = plan_.host;
  request_.program = plan_.program.program;
  if (plan_.settings.is_set("run_tags")) request_.tags = tags_;
  request_.config = Value(config_.values());
  request_.facts.client_version = kVersion;
  request_.facts.python_version = plan_.program.python_version;
  request_.facts.platform = "linux-x86_64";
  uplink::ContactOptions options{.timeout_us = kContactTimeoutUs};
  if (plan_.start_from.rule != uplink::StartFrom::Rule::kNew) {
    options.timeout_us =
        std::max<std::int64_t>(us_of_seconds(plan_.settings.number("init_timeout")), 1);
    options.keeps_asking = true;
    options.is_interrupted = plan_.program.is_interrupted;
  }
  auto made = uplink::contact(target, request_, plan_.start_from, options);
  if (made) {
    take_identity(*std::move(made));
    return {};
  }
  switch (made.error().code) {
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kFailedPrecondition:
      return fail(made.error());
    case ErrorCode::kNotFound:
      return fail(ErrorCode::kUnavailable, made.error().message);
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kInvalidArgument:
      return fail(ErrorCode::kUnavailable, plan_.base_url + ": " + made.error().message);
    default:
      break;
  }
  if (options.keeps_asking) {
    return fail(ErrorCode::kUnavailable,
                made.error().message +
                    ". The run cannot go on from stored rows without the server; start it again "
                    "when it answers, or give it longer (setting init_timeout)");
  }
  if (plan_.settings.flag("force") && plan_.api_key.empty()) return fail(made.error());
  start_without_server(made.error().message);
  return {};
}

void RunState::start_without_server(const std::string& why) {
  if (!has_name_) name_ = two_word_name_from_kernel();
  has_name_ = true;
  request_.display_name = name_;
  // The message names the address.
  plan_.warnings.push_back(why +
                           ". The run is recorded on this machine, and delivered once the server "
                           "answers.");
}

// Who the run is, and what it had before.
void RunState::take_identity(uplink::Contacted made) {
  identity_ = made.identity;
  if (!identity_->entity.empty()) entity_ = identity_->entity;
  if (!identity_->project.empty()) project_ = identity_->project;
  if (!identity_->display_name.empty()) {
    name_ = identity_->display_name;
    has_name_ = true;
  }
  if (plan_.start_from.rule == uplink::StartFrom::Rule::kNew) return;
  request_ = std::move(made.request);
  origin_ = std::move(made.origin);
  if (!request_.notes.empty()) notes_ = request_.notes;
  has_notes_ = has_notes_ || !notes_.empty();
  plan_.group = request_.group;
  plan_.job_type = request_.job_type;
  if (request_.tags) tags_ = *request_.tags;
  if (const Dict* config = request_.config.if_dict()) {
    discard(config_.update(*config, true, [](const std::string&) {}, {}),
            "these are the values that it has, and those that the server had beside them");
  }
  summary_.restore(origin_.summary);
  step_ = origin_.next_step;
  start_monotonic_us_ -= us_of_seconds(origin_.runtime_secs);
  if (origin_.resumed && origin_.created_at_us > 0) {
    first_start_us_ = std::min(first_start_us_, origin_.created_at_us);
  }
}

protocol::RunRecord RunState::run_record() const {
  protocol::RunRecord record;
  record.run_id = plan_.id;
  record.entity = entity_;
  record.project = project_;
  record.run_group = plan_.group;
  record.job_type = plan_.job_type;
  record.display_name = name_;
  record.notes = notes_;
  record.tags = tags_;
  record.sweep_id = plan_.sweep_id;
  record.host = plan_.host;
  // Where `_runtime` counts from: of a resumed run so far back as it had run before.
  record.start_time_us = start_time_us_ - us_of_seconds(origin_.runtime_secs);
  record.runtime_secs = static_cast<std::int32_t>(origin_.runtime_secs);
  record.starting_step = origin_.next_step;
  record.resumed = origin_.resumed;
  using Rule = uplink::StartFrom::Rule;
  const auto& from = plan_.start_from;
  record.resume = from.rule == Rule::kAllow || from.rule == Rule::kMust;
  if (from.rule == Rule::kRewind || from.rule == Rule::kFork) {
    record.branch_point =
        protocol::BranchPoint{from.run_id, static_cast<double>(from.step), "_step"};
  }
  if (identity_) record.storage_id = identity_->storage_id;
  const auto ignored = plan_.settings.texts("ignore_globs");
  if (plan_.writer.is_shared() || !ignored.empty() || (identity_ && from.rule != Rule::kNew)) {
    record.writer = plan_.writer;
    record.writer->first_history_line = origin_.lines.first_history_line;
    record.writer->first_event_line = origin_.lines.first_event_line;
    record.writer->first_console_line = origin_.lines.first_console_line;
    record.writer->ignored_files = ignored;
  }
  return record;
}

void RunState::write_first_records() {
  append_record(protocol::HeaderRecord{std::string("runstone-") + kVersion, "0.70.0"});
  protocol::RunRecord record = run_record();
  for (const auto& [key, value] : config_.values()) {
    record.config.update.push_back({{key}, protocol::JsonText{json::to_text(value)}});
  }
  for (const auto& [key, value] : summary_.to_dict()) {
    record.summary.update.push_back({{key}, protocol::JsonText{json::to_text(value)}});
  }
  append_record(std::move(record));
  if (!first_facts_.empty()) append_record(protocol::EnvironmentRecord{first_facts_});
  protocol::TelemetryRecord telemetry;
  telemetry.python_version = plan_.program.python_version;
  telemetry.client_version = kVersion;
  telemetry.core_version = kVersion;
  telemetry.platform = "linux-x86_64";
  append_record(std::move(telemetry));
}

void RunState::start_uplink() {
  uplink::UplinkOptions options;
  options.target = target_;
  options.journal_path = directory_.journal;
  options.request = request_;
  options.identity = identity_;
  options.outage_told = !identity_;  // open() has told why
  options.on_identity = [this](const uplink::RunIdentity& identity) {
    const std::scoped_lock lock(mutex_);
    if (!identity.entity.empty()) entity_ = identity.entity;
    if (!identity.project.empty()) project_ = identity.project;
  };
  options.on_stop = [this] { stop_program(); };
  options.stop_on_fatal_error = plan_.settings.flag("stop_on_fatal_error");
  options.on_artifact = [this](const std::string& client_id, const Result<std::string>& server_id) {
    artifacts_.settle(client_id, server_id);
  };
  options.heartbeat_us = us_of_seconds(plan_.settings.number("heartbeat_seconds"));
  options.request_timeout_us = us_of_seconds(plan_.settings.number("http_timeout"));
  options.file_timeout_us = us_of_seconds(plan_.settings.number("file_pusher_timeout"));
  options.on_message = [this](uplink::MessageLevel level, const std::string& text) {
    internal_log_.note(level == uplink::MessageLevel::kInfo ? "INFO" : "WARNING", text);
    if (level == uplink::MessageLevel::kInfo) return terminal_.info(text);
    if (level == uplink::MessageLevel::kWarning) return terminal_.warn(text);
    terminal_.error(text);
  };
  auto started = uplink::Uplink::start(std::move(options));
  if (started) {
    uplink_ = *std::move(started);
    return;
  }
  plan_.warnings.push_back("The run is recorded but not delivered: " + started.error().message);
}

void RunState::announce() const {
  if (!directory_.warning.empty()) terminal_.warn(directory_.warning);
  for (const std::string& warning : plan_.warnings) terminal_.warn(warning);
  const std::string name = has_name_ ? name_ : plan_.id;
  terminal_.info("Runstone " + std::string(kVersion) + " records the run " + name +
                 (project_.empty() ? "" : " of project " + project_));
  terminal_.info("Run data is saved in " + directory_.path);
  if (!plan_.notice.empty()) terminal_.info(plan_.notice);
  if (!identity_) return;
  if (origin_.next_step > 0) {
    terminal_.info("The run goes on at step " + std::to_string(origin_.next_step));
  }
  terminal_.info("View the run at " + url_of("runs/" + percent_encode(plan_.id, "=+&$@")));
}

// --- children ------------------------------------------------------------------------------------

std::string RunState::child_token() const {
  Dict token;
  token.set("directory", directory_.path);
  token.set("id", plan_.id);
  token.set("project", read(&RunState::project_));
  token.set("entity", read(&RunState::entity_));
  token.set("name", read(&RunState::name_));
  token.set("group", plan_.group);
  token.set("job_type", plan_.job_type);
  token.set("mode", plan_.mode == RunMode::kOnline    ? "online"
                    : plan_.mode == RunMode::kOffline ? "offline"
                                                      : "disabled");
  token.set("base_url", plan_.base_url);
  token.set("start_time_us", start_time_us_);
  token.set("config", Value(config_values()));
  Dict settings = plan_.settings.values();
  settings.erase("api_key");  // the child sends nothing itself
  token.set("settings", Value(std::move(settings)));
  return json::to_text(Value(std::move(token)));
}

Result<std::shared_ptr<RunState>> RunState::attach(std::string_view token_text) {
  RUNSTONE_TRY(const auto token, json::parse(token_text));
  const auto text = [&](const char* key) {
    const Value* value = token.get(key);
    return std::string(value == nullptr ? "" : value->string_or(""));
  };
  if (text("id").empty()) return fail(ErrorCode::kInvalidArgument, "not a token of a run");
  InitPlan plan;
  if (const Value* settings = token.get("settings"); settings != nullptr && settings->is_dict()) {
    for (const auto& [name, value] : *settings->if_dict()) plan.settings.set_computed(name, value);
  }
  plan.id = text("id");
  plan.project = text("project");
  plan.entity = text("entity");
  plan.name = text("name");
  plan.group = text("group");
  plan.job_type = text("job_type");
  plan.base_url = text("base_url");
  plan.mode = text("mode") == "disabled"  ? RunMode::kDisabled
              : text("mode") == "offline" ? RunMode::kOffline
                                          : RunMode::kOnline;
  auto run = std::make_shared<RunState>(std::move(plan), Printer());
  run->directory_.path = text("directory");
  run->directory_.files = run->directory_.path + "/files";
  run->start_time_us_ = token.get("start_time_us")->int_or(run->start_time_us_);
  run->first_start_us_ = run->start_time_us_;
  run->start_monotonic_us_ -= system_clock().now_us() - run->start_time_us_;
  if (const Value* config = token.get("config"); config != nullptr && config->is_dict()) {
    RUNSTONE_TRY(run->config_.update(*config->if_dict(), true, [](const std::string&) {}, {}));
  }
  if (run->plan_.mode == RunMode::kDisabled) return run;
  register_for_fork(*run);
  const std::scoped_lock lock(run->mutex_);
  run->become_child();
  return run;
}

// The threads are not here, and their memory, with the locks in it, is as they left it.
void RunState::leave_threads() {
  fs::leave_to_parent(keeper_.release());
  fs::leave_to_parent(uplink_.release());
  if (surroundings_) {
    fs::leave_to_parent(new std::shared_ptr<Surroundings>(std::move(surroundings_)));
  }
}

// The parent's journal, threads and open row are not the child's.
void RunState::leave_parent() {
  child_ = true;
  sampler_id_ = redirect_id_ = 0;
  leave_threads();
  journal_.reset();
  open_row_.clear();
}

// The child starts clean.
void RunState::become_child() {
  leave_parent();
  record_num_ = 0;
  lost_records_ = 0;
  loss_reason_.clear();
  birth_generation_ = fs::fork_generation();
  look_at_clock();
  auto made = make_child_journal(directory_.path);
  if (!made) {
    loss_reason_ = made.error().message;
    return;
  }
  journal_.emplace(*std::move(made));
  append_record(protocol::HeaderRecord{std::string("runstone-") + kVersion, "0.70.0"});
}

}  // namespace runstone
