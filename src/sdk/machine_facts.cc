#include "sdk/machine_facts.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/clock.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;

std::string first_line(const stdfs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string os_text() {
  utsname name{};
  if (uname(&name) != 0) return "";
  return std::string(name.sysname) + "-" + name.release + "-" + name.machine;
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != line.npos) return line.substr(colon + 2);
  }
  return "";
}

// A ref's commit: a file of its own, or a line of packed-refs.
std::string commit_of(const stdfs::path& git, const std::string& ref) {
  if (const std::string commit = first_line(git / ref); !commit.empty()) return commit;
  std::ifstream packed(git / "packed-refs");
  for (std::string line; std::getline(packed, line);) {
    if (line.size() > 41 && line.substr(41) == ref) return line.substr(0, 40);
  }
  return "";
}

std::string remote_of(const stdfs::path& git) {
  std::ifstream config(git / "config");
  bool in_origin = false;
  for (std::string line; std::getline(config, line);) {
    if (line.rfind("[", 0) == 0) in_origin = line == "[remote \"origin\"]";
    const std::size_t at = line.find("url = ");
    if (in_origin && at != line.npos) return line.substr(at + 6);
  }
  return "";
}

}  // namespace

Dict machine_facts(const InitPlan& plan, std::int64_t start_time_us) {
  Dict facts;
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts.set(name, value);
  };
  set("os", os_text());
  set("python", plan.program.language_version);
  set("startedAt", to_rfc3339(start_time_us, true));
  if (!plan.program.args.empty()) {
    facts.set("args", List(plan.program.args.begin(), plan.program.args.end()));
  }
  set("program", plan.program.program);
  set("email", plan.settings.text("email"));
  std::error_code error;
  set("root", stdfs::current_path(error).string());
  set("host", plan.host);
  set("username", plan.username);
  set("executable", plan.program.executable);
  if (plan.settings.flag("x_disable_machine_info")) return facts;
  facts.set("cpu_count_logical", static_cast<std::int64_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  facts.set("cpu_count", static_cast<std::int64_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  const auto bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGE_SIZE);
  facts.set("memory", Value({{"total", std::to_string(bytes)}}));
  if (const std::string model = cpu_model(); !model.empty()) {
    facts.set("cpu", Value({{"model", model}}));
  }
  return facts;
}

Dict git_facts(const InitPlan& plan) {
  Dict facts;
  if (plan.settings.flag("disable_git")) return facts;
  std::string commit = plan.settings.text("git_commit");
  std::string remote = plan.settings.text("git_remote_url");
  std::error_code error;
  stdfs::path start = stdfs::current_path(error);
  if (stdfs::is_regular_file(plan.program.program, error)) {
    start = stdfs::weakly_canonical(plan.program.program, error).parent_path();
  }
  for (stdfs::path at = start; !at.empty() && at != at.root_path(); at = at.parent_path()) {
    const stdfs::path git = at / ".git";
    if (!stdfs::is_directory(git, error)) continue;
    const std::string head = first_line(git / "HEAD");
    if (commit.empty()) {
      commit = head.rfind("ref: ", 0) == 0 ? commit_of(git, head.substr(5)) : head;
    }
    if (remote.empty()) remote = remote_of(git);
    break;
  }
  if (!remote.empty()) facts.set("remote", remote);
  if (!commit.empty()) facts.set("commit", commit);
  return facts;
}

}  // namespace runstone
