#include "sdk/init_plan.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/random_id.h"
#include "base/try.h"
#include "base/utf8.h"
#include "sdk/check_text.h"
#include "sdk/config_files.h"
#include "sdk/key_places.h"
#include "sdk/resume_file.h"
#include "sdk/run_directory.h"
#include "sdk/settings_sources.h"
#include "sdk/where_to_send.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;

std::string this_executable() {
  std::error_code error;
  return stdfs::read_symlink("/proc/self/exe", error).string();
}

Failure wrong_use(std::string message) {
  return fail(ErrorCode::kFailedPrecondition, std::move(message));
}

constexpr std::size_t kMaxProjectCharacters = 128;

Result<void> check_project(const std::string& project) {
  if (bytes_of_characters(project, kMaxProjectCharacters) < project.size()) {
    return wrong_use("Invalid project name '" + project + "': exceeded 128 characters");
  }
  if (project.find_first_of("/\\#?%:") != std::string::npos) {
    return wrong_use("Invalid project name '" + project + "': cannot contain characters '/\\#?%:'");
  }
  return {};
}

Result<void> check_run_id(const std::string& id) {
  // With the time of its start it is a folder's name, of which file systems take 255 bytes.
  constexpr std::size_t kMaxRunIdBytes = 200;
  if (id.empty()) return wrong_use("Run ID cannot be empty");
  if (id.size() > kMaxRunIdBytes) {
    return wrong_use("Invalid Run ID '" + id.substr(0, bytes_of_characters(id, 20)) +
                     "...': it has more than 200 bytes");
  }
  const auto space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  if (space(id.front()) || space(id.back())) {
    return wrong_use("Run ID cannot start or end with whitespace: '" + id + "'");
  }
  if (id.find_first_of(":;,#?/'") != std::string::npos) {
    return wrong_use("Invalid Run ID '" + id + "': cannot contain the characters :;,#?/'");
  }
  return {};
}

// In a git repository, the repository's name and the path in it; a program of no file has no
// project.
std::string default_project(const std::string& program) {
  constexpr const char* kNone = "uncategorized";
  std::error_code error;
  if (program.empty() || !stdfs::is_regular_file(program, error)) return kNone;
  const stdfs::path start = stdfs::weakly_canonical(program, error).parent_path();
  for (stdfs::path at = start; !at.empty() && at != at.root_path(); at = at.parent_path()) {
    if (!stdfs::exists(at / ".git", error)) continue;
    std::string project = at.filename().string();
    const std::string inside = stdfs::relative(start, at, error).string();
    if (!inside.empty() && inside != ".") project += "-" + inside;
    for (char& c : project) {
      if (std::string_view("/\\#?%:").find(c) != std::string_view::npos) c = '_';
    }
    return project.substr(0, bytes_of_characters(project, kMaxProjectCharacters));
  }
  return kNone;
}

// The arguments of init() that have a setting of the same meaning.
Result<Settings> settings_of_arguments(const InitOptions& options) {
  Settings settings;
  const auto take = [&](const char* name, const auto& value) -> Result<void> {
    if (!value) return {};
    return settings.set(name, Value(*value));
  };
  RUNSTONE_TRY(take("entity", options.entity));
  RUNSTONE_TRY(take("project", options.project));
  RUNSTONE_TRY(take("root_dir", options.dir));
  RUNSTONE_TRY(take("run_id", options.id));
  RUNSTONE_TRY(take("run_name", options.name));
  RUNSTONE_TRY(take("run_notes", options.notes));
  RUNSTONE_TRY(take("run_group", options.group));
  RUNSTONE_TRY(take("run_job_type", options.job_type));
  RUNSTONE_TRY(take("mode", options.mode));
  RUNSTONE_TRY(take("resume", options.resume));
  RUNSTONE_TRY(take("resume_from", options.resume_from));
  RUNSTONE_TRY(take("fork_from", options.fork_from));
  RUNSTONE_TRY(take("allow_val_change", options.allow_val_change));
  RUNSTONE_TRY(take("force", options.force));
  RUNSTONE_TRY(take("save_code", options.save_code));
  RUNSTONE_TRY(take("sync_tensorboard", options.sync_tensorboard));
  RUNSTONE_TRY(take("monitor_gym", options.monitor_gym));
  if (options.tags) {
    List tags(options.tags->begin(), options.tags->end());
    RUNSTONE_TRY(settings.set("run_tags", Value(std::move(tags))));
  }
  return settings;
}

using Rule = uplink::StartFrom::Rule;

/// "<run id>?_step=<number>" of resume_from and fork_from.
Result<uplink::StartFrom> parse_moment(const std::string& text, Rule rule) {
  constexpr std::string_view kMetric = "?_step=";
  const std::size_t at = text.rfind(kMetric);
  const std::string digits = at == text.npos ? "" : text.substr(at + kMetric.size());
  const bool number = !digits.empty() && digits.size() < 19 &&
                      digits.find_first_not_of("0123456789") == digits.npos;
  if (at == text.npos || at == 0 || !number) {
    return fail(ErrorCode::kInvalidArgument, "Could not parse passed run moment: '" + text +
                                                 "'; it looks like <run id>?_step=<number>");
  }
  return uplink::StartFrom{rule, text.substr(0, at), std::stoll(digits)};
}

// Which stored run this one goes on from; whether it is there is seen later.
Result<uplink::StartFrom> start_rule(const Settings& settings) {
  for (const auto& [name, rule] :
       {std::pair("resume_from", Rule::kRewind), {"fork_from", Rule::kFork}}) {
    const auto moment =
        settings.get(name);  // "" is no moment, and no way to say that there is none
    if (moment && moment->is_string()) RUNSTONE_TRY(parse_moment(settings.text(name), rule));
  }
  const std::string resume_from = settings.text("resume_from");
  const std::string fork_from = settings.text("fork_from");
  const std::string resume = settings.text("resume");
  const int given = int{!resume.empty()} + int{!resume_from.empty()} + int{!fork_from.empty()};
  if (given > 1) {
    return fail(ErrorCode::kInvalidArgument,
                "resume, resume_from and fork_from are mutually exclusive: give at most one");
  }
  const std::string id = settings.text("run_id");
  if (!resume_from.empty()) {
    RUNSTONE_TRY(auto from, parse_moment(resume_from, Rule::kRewind));
    if (!id.empty() && id != from.run_id) {
      return fail(ErrorCode::kInvalidArgument,
                  "resume_from names the run " + from.run_id + ", but id is '" + id + "'");
    }
    return from;
  }
  if (!fork_from.empty()) {
    RUNSTONE_TRY(auto from, parse_moment(fork_from, Rule::kFork));
    if (id == from.run_id) {
      return fail(ErrorCode::kInvalidArgument, "fork_from: the new run needs an id of its own");
    }
    return from;
  }
  uplink::StartFrom from;
  if (resume == "allow" || resume == "auto") from.rule = Rule::kAllow;
  if (resume == "must") from.rule = Rule::kMust;
  if (resume == "never") from.rule = Rule::kNever;
  return from;
}

// resume="auto" goes on with the run whose id the process before has left, unless one is given. The
// file goes when somebody starts without resume: what it names is the past then.
std::string id_to_resume(InitPlan& plan, const std::string& given_id) {
  const std::string path =
      runs_directory(plan.root_dir, plan.program.directory_name, plan.hides_runs) + kResumeFileName;
  if (!plan.keeps_resume_file) {
    if (plan.settings.text("resume").empty()) forget_resumable_run(path);
    return given_id;
  }
  const auto kept = load_resumable_run(path);
  if (!kept) {
    plan.warnings.push_back(kept.error().message);
    return given_id;
  }
  if (!given_id.empty() && !kept->empty() && given_id != *kept) {
    plan.warnings.push_back("Ignoring the run id " + *kept + " kept in " + path +
                            " for resume=\"auto\": id='" + given_id + "' was given");
  }
  return given_id.empty() ? *kept : given_id;
}

Result<Settings> settings_files(const InitPlan& plan) {
  const std::string named = plan.settings.text("config_dir");
  RUNSTONE_TRY(auto settings,
               settings_from_file((named.empty() ? config_folder() : named) + "/settings"));
  RUNSTONE_TRY(const auto local,
               settings_from_file(
                   runs_directory(plan.root_dir, plan.program.directory_name, plan.hides_runs) +
                   "/settings"));
  settings.merge(local);
  return settings;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const stdfs::path made = stdfs::absolute(path, error);
  if (error) return path;
  std::string text = made.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

// One of several writers of a run, anywhere: known to the server by a random id, to people by a
// label.
void fill_writer(InitPlan& plan) {
  if (plan.settings.text("mode") != "shared") return;
  if (plan.settings.text("x_label").empty()) {
    const std::string host = plan.host.empty() ? "writer" : plan.host;
    plan.settings.set_computed("x_label", host + "-" + random_id(8));
  }
  plan.writer.shared_id = random_uuid();
  plan.writer.label = plan.settings.text("x_label");
  // It becomes a part of a file's name.
  for (char& c : plan.writer.label) {
    if (c == '/') c = '_';
  }
  plan.writer.is_secondary = !plan.settings.flag("x_primary");
  plan.writer.leaves_state = !plan.settings.flag("x_update_finish_state");
  plan.warnings.emplace_back(
      "mode=\"shared\" is experimental: several processes write to one run, and the server numbers "
      "their rows");
}

void fill_identity(InitPlan& plan) {
  const Settings& settings = plan.settings;
  plan.entity = settings.text("entity");
  plan.group = settings.text("run_group");
  plan.job_type = settings.text("run_job_type");
  plan.sweep_id = settings.text("sweep_id");
  plan.tags = settings.texts("run_tags");
  if (const std::string name = settings.text("run_name"); !name.empty()) plan.name = name;
  if (const auto notes = settings.get("run_notes"); notes && notes->is_string()) {
    plan.notes = std::string(notes->string_or(""));
  }
  plan.host = settings.text("host");
  if (plan.host.empty()) {
    char host[256] = {};
    if (gethostname(host, sizeof host - 1) == 0) plan.host = host;
  }
  plan.username = settings.text("username");
  if (plan.username.empty()) {
    const passwd* user = getpwuid(getuid());
    plan.username = user != nullptr ? user->pw_name : "";
  }
}

Result<void> fill_ids(InitPlan& plan) {
  const Value id = plan.settings.get("run_id").value_or(Value());
  if (id.is_string()) RUNSTONE_TRY(check_run_id(std::string(id.string_or(""))));
  plan.id = id.string_or("");
  if (plan.start_from.rule == Rule::kRewind) plan.id = plan.start_from.run_id;
  if (plan.mode != RunMode::kDisabled) plan.id = id_to_resume(plan, plan.id);
  if (plan.id.empty()) plan.id = random_id(8);
  if (plan.mode != RunMode::kDisabled) RUNSTONE_TRY(check_run_id(plan.id));
  const Value project = plan.settings.get("project").value_or(Value());
  if (project.is_string()) {
    plan.project = std::string(project.string_or(""));
    RUNSTONE_TRY(check_project(plan.project));
  } else if (plan.mode != RunMode::kDisabled) {
    plan.project = default_project(plan.program.program);
  }
  return {};
}

Result<void> fill_mode(InitPlan& plan, const std::vector<AddressSource>& sources) {
  const std::string mode = plan.settings.text("mode");
  if (mode == "disabled") {
    plan.mode = RunMode::kDisabled;
    return {};
  }
  plan.mode = RunMode::kOffline;
  if (mode == "offline") return {};
  const Address address = where_to_send(sources, key_places());
  if (address.base_url.empty()) {
    if (plan.settings.flag("force")) {
      return wrong_use(
          "force=True, but no server is known: set RUNSTONE_BASE_URL or start one "
          "with `runstone server`");
    }
    plan.notice =
        "No server is known, so this run is offline. To look at it: start "
        "`runstone server`, then `runstone sync` with the run's directory.";
    return {};
  }
  if (address.api_key.empty()) {
    return wrong_use("No API key configured for " + address.base_url +
                     ": set RUNSTONE_API_KEY (`runstone key` on the server prints it)");
  }
  plan.mode = RunMode::kOnline;
  plan.base_url = address.base_url;
  plan.api_key = address.api_key;
  plan.named_server = address.named;
  return {};
}

}  // namespace

Result<InitPlan> plan_init(const InitOptions& options) {
  if (!options.config_exclude_keys.empty() && !options.config_include_keys.empty()) {
    return wrong_use("Expected at most only one of config_exclude_keys and config_include_keys");
  }
  InitPlan plan;
  plan.stop_fn = options.stop_fn;
  plan.program = options.program;
  if (plan.program.executable.empty()) plan.program.executable = this_executable();
  const bool from_cpp = plan.program.python_version.empty();
  if (from_cpp && options.monitor_gym.value_or(false)) {
    return fail(
        ErrorCode::kNotImplemented,
        "monitor_gym: the environments are Python's, and so is what records them; log films "
        "with runstone::Video");
  }
  if (plan.program.program.empty() && from_cpp) plan.program.program = plan.program.executable;

  RUNSTONE_TRY(const auto environment, environment_settings());
  const Settings &wandb_variables = environment.wandb, &runstone_variables = environment.runstone;
  for (const std::string& name : environment.changed) {
    plan.warnings.push_back(name +
                            " was changed after the first init(), which read the environment: the "
                            "change has no effect");
  }
  RUNSTONE_TRY(const auto arguments, settings_of_arguments(options));
  const Settings* above_files[] = {&wandb_variables, &runstone_variables, &options.setup_settings,
                                   &options.settings, &arguments};
  for (const Settings* source : above_files) plan.settings.merge(*source);
  const std::string root = plan.settings.text("root_dir");
  plan.root_dir = absolute(root.empty() ? "." : root);
  const auto hides = plan.settings.get("use_dot_wandb");
  if (hides && hides->is_bool()) plan.hides_runs = *hides->if_bool();
  // The files are the weakest, but where the second one lies depends on the others.
  RUNSTONE_TRY(const auto files, settings_files(plan));
  plan.settings = files;
  for (const Settings* source : above_files) plan.settings.merge(*source);
  RUNSTONE_TRY(check_texts(plan.settings.values()));
  RUNSTONE_TRY(check_texts(options.config));
  if (const std::string program = plan.settings.text("program"); !program.empty()) {
    plan.program.program = program;
  }

  using Kind = AddressSource::Kind;
  RUNSTONE_TRY(fill_mode(plan, {{Kind::kFile, &files},
                                {Kind::kWandbVariables, &wandb_variables},
                                {Kind::kRunstoneVariables, &runstone_variables},
                                {Kind::kCode, &options.setup_settings},
                                {Kind::kCode, &options.settings}}));
  RUNSTONE_TRY(plan.start_from, start_rule(plan.settings));
  plan.keeps_resume_file = plan.settings.text("resume") == "auto";
  RUNSTONE_TRY(fill_ids(plan));
  fill_identity(plan);
  fill_writer(plan);

  RUNSTONE_TRY(fill_config(plan, options));
  if (!options.config_exclude_keys.empty() || !options.config_include_keys.empty()) {
    plan.warnings.emplace_back(
        "config_exclude_keys and config_include_keys are deprecated: choose the keys beforehand");
  }
  return plan;
}

}  // namespace runstone
