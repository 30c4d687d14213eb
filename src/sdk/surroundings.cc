#include "sdk/surroundings.h"

#include <unistd.h>

#include <chrono>
#include <exception>
#include <filesystem>

#include "base/clock.h"
#include "base/json.h"
#include "base/random_id.h"
#include "base/start_thread.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "probe/git_patch.h"
#include "probe/host_facts.h"
#include "probe/run_program.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;

constexpr auto kPatience = std::chrono::seconds(10);     // of finish(), for what is under way
constexpr auto kLastPatience = std::chrono::seconds(2);  // once git has been stopped
constexpr std::uint64_t kMaxSourceBytes = std::uint64_t{10} << 20;

// From one directory to a path below it; "" if it is not below.
std::string below(const std::string& root, const std::string& path) {
  const std::string relative = stdfs::path(path).lexically_relative(root).generic_string();
  return relative.empty() || relative == "." || relative.rfind("..", 0) == 0 ? "" : relative;
}

bool wants_machine(const Settings& settings) { return !settings.flag("x_disable_machine_info"); }

}  // namespace

ProgramPlace place_of_program(const InitPlan& plan) {
  ProgramPlace place;
  const Settings& settings = plan.settings;
  std::error_code error;
  const std::string here = stdfs::current_path(error).string();
  const std::string& program = plan.program.program;
  const bool is_file = !program.empty() && stdfs::is_regular_file(program, error);
  if (is_file) place.absolute = stdfs::weakly_canonical(program, error).string();
  if (!settings.flag("disable_git") && wants_machine(settings)) {
    std::string start = settings.text("git_root");
    if (start.empty()) start = is_file ? stdfs::path(place.absolute).parent_path().string() : here;
    place.repository = probe::find_git(start);
    if (!place.repository) place.repository = probe::find_git(here);
  }
  const bool is_source = !plan.program.python_version.empty() || !settings.text("program").empty();
  if (!is_file || !is_source) return place;
  const std::string canonical_here = stdfs::weakly_canonical(here, error).string();
  place.local_path = below(canonical_here, place.absolute);
  place.code_path =
      place.repository ? below(place.repository->root, place.absolute) : place.local_path;
  return place;
}

std::string saved_code_path(const InitPlan& plan, const ProgramPlace& place) {
  const bool wanted = plan.settings.flag("save_code") && !plan.settings.flag("disable_code");
  return wanted && !place.code_path.empty() ? "code/" + place.code_path : "";
}

Dict first_facts(const InitPlan& plan, const ProgramPlace& place, std::int64_t start_time_us) {
  Dict facts;
  const Settings& settings = plan.settings;
  if (settings.flag("x_disable_meta") || !wants_machine(settings)) return facts;
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts.set(name, value);
  };
  set("os", probe::os_text());
  set("python", plan.program.language_version);
  set("startedAt", to_rfc3339(start_time_us, true));
  set("docker", settings.text("docker"));
  if (!plan.program.args.empty()) {
    facts.set("args", List(plan.program.args.begin(), plan.program.args.end()));
  }
  set("program", place.absolute.empty() ? plan.program.program : place.absolute);
  if (!settings.flag("disable_code")) {
    set("codePath", place.code_path);
    set("codePathLocal", place.local_path);
  }
  set("writerId", plan.writer.shared_id);
  set("email", settings.text("email"));
  std::error_code error;
  set("root", stdfs::current_path(error).string());
  set("host", plan.host);
  set("username", plan.username);
  set("executable", plan.program.executable);
  set("colab", plan.program.colab);
  if (Dict slurm = probe::slurm_facts(); !slurm.empty()) facts.set("slurm", std::move(slurm));
  set("writerId", random_uuid());
  return facts;
}

// --- the thread ----------------------------------------------------------------------------------

Surroundings::Surroundings(RunState& run, Request request)
    : request_(std::move(request)), run_(&run) {}

std::shared_ptr<Surroundings> Surroundings::start(RunState& run, Request request) {
  auto made = std::make_shared<Surroundings>(run, std::move(request));
  auto thread = start_thread([self = made] { self->find(); });
  if (!thread) {
    run.terminal_.warn("Metadata is not recorded: " + thread.error().message);
    return nullptr;
  }
  thread->detach();
  return made;
}

void Surroundings::find() {
  try {
    save_program();
    write_requirements();
    write_metadata();
    log_code_directory();
    write_patches();
  } catch (const std::exception& error) {
    warn(std::string("Metadata is not complete: ") + error.what());
  }
  const std::scoped_lock lock(done_mutex_);
  done_ = true;
  done_signal_.notify_all();
}

void Surroundings::end() {
  {
    std::unique_lock lock(done_mutex_);
    if (!done_signal_.wait_for(lock, kPatience, [this] { return done_; })) {
      cancelled_.store(true);
      done_signal_.wait_for(lock, kLastPatience, [this] { return done_; });
    }
  }
  const std::scoped_lock lock(run_mutex_);
  run_ = nullptr;
}

template <typename Use>
void Surroundings::with_run(const Use& use) {
  const std::scoped_lock lock(run_mutex_);
  if (run_ != nullptr) use(*run_);
}

void Surroundings::warn(const std::string& text) {
  with_run([&](RunState& run) { run.terminal_.warn(text); });
}

void Surroundings::record(Dict facts) {
  with_run([&](RunState& run) {
    const std::scoped_lock lock(run.mutex_);
    run.append_record(protocol::EnvironmentRecord{std::move(facts)});
  });
}

// A file of the run, known to the server. Of several writers of one run only the primary keeps such
// files: they would replace each other's. A disk that refuses it is told, and costs that file.
void Surroundings::keep(const std::string& name, const std::string& bytes) {
  if (!request_.plan.settings.flag("x_primary")) return;
  fs::FileSystem& disk = fs::real_file_system();
  const std::string path = request_.files + "/" + name;
  auto written = disk.make_directories(fs::Path(path).parent_path());
  if (written) written = fs::replace_file(disk, path, bytes);
  if (!written) return warn(name + " could not be written: " + written.error().message);
  with_run([&](RunState& run) { run.record_files({name}); });
}

void Surroundings::write_metadata() {
  Dict all = request_.facts;
  if (all.empty()) return;  // switched off
  const Settings& settings = request_.plan.settings;
  Dict found = probe::host_facts(probe::MachineRoots(), settings.texts("x_stats_disk_paths"),
                                 probe::gpus_of_this_machine());
  std::string commit = settings.text("git_commit");
  std::string remote = settings.text("git_remote_url");
  if (request_.place.repository) {
    const auto& repository = *request_.place.repository;
    std::string remote_name = settings.text("git_remote");
    if (remote_name.empty()) remote_name = "origin";
    if (remote.empty()) remote = probe::remote_url(repository, remote_name);
    if (commit.empty()) commit = probe::head_commit(repository);
    if (commit.empty()) {
      probe::GitPatchOptions options;
      options.cancelled = &cancelled_;
      options.environment = request_.environment;
      commit = probe::ask_head_commit(repository, options).value_or("");
    }
  }
  if (settings.flag("disable_git")) commit = remote = "";
  Dict git;
  if (!remote.empty()) git.set("remote", remote);
  if (!commit.empty()) git.set("commit", commit);
  if (!git.empty()) found.set("git", std::move(git));
  if (const Value* writer = all.find("writerId")) found.set("writerId", *writer);
  for (const auto& [key, value] : found) all.set(key, value);
  record(std::move(found));
  keep("wandb-metadata.json", json::to_pretty_text(Value(std::move(all))) + "\n");
}

void Surroundings::write_requirements() {
  const auto& requirements = request_.plan.program.requirements;
  if (!requirements || !request_.plan.settings.flag("x_save_requirements")) return;
  std::string text;
  for (const std::string& line : requirements()) text += line + "\n";
  keep("requirements.txt", text);
}

void Surroundings::save_program() {
  const std::string name = saved_code_path(request_.plan, request_.place);
  if (name.empty()) return;
  const auto source =
      fs::read_file(fs::real_file_system(), request_.place.absolute, kMaxSourceBytes);
  if (!source) return warn("The program's source is not saved: " + source.error().message);
  keep(name, *source);
}

void Surroundings::write_patches() {
  const Settings& settings = request_.plan.settings;
  if (!request_.place.repository || settings.flag("disable_code")) return;
  probe::GitPatchOptions options;
  options.search_all_branches = !settings.flag("disable_git_fork_point");
  options.cancelled = &cancelled_;
  options.environment = request_.environment;
  const auto made = probe::make_git_patches(*request_.place.repository, options);
  for (const auto& patch : made.patches) keep(patch.name, patch.text);
  if (made.error) return;
  // Many machines have repositories, but no git: nothing that a user should do about it.
  if (made.error.error().code == ErrorCode::kNotFound) return;
  warn("Uncommitted changes are not saved: git: " + made.error.error().message);
}

void Surroundings::log_code_directory() {
  const Settings& settings = request_.plan.settings;
  if (!settings.flag("save_code") || settings.flag("disable_code")) return;
  const std::string directory = settings.text("code_dir");
  if (directory.empty()) {
    if (request_.plan.program.python_version.empty() && request_.place.code_path.empty()) {
      warn(
          "save_code: a C++ program has no main script; the setting code_dir names the folder of "
          "its sources");
    }
    return;
  }
  with_run([&](RunState& run) {
    const auto logged = run.log_code(directory, "", nullptr, nullptr);
    if (!logged) run.terminal_.warn("code_dir is not saved: " + logged.error().message);
  });
}

}  // namespace runstone
