#include "sdk/run_directory.h"

#include <ctime>
#include <filesystem>

#include "base/try.h"
#include "fs/file_system.h"

namespace runstone {
namespace {

constexpr int kMaxSuffix = 10'000;

/// What beside the runs' directories points into the newest one.
struct Link {
  const char* name;
  const char* inside;  ///< "" for the directory itself
};
constexpr Link kLinks[] = {{"/latest-run", ""},
                           {"/debug.log", "logs/debug.log"},
                           {"/debug-internal.log", "logs/debug-internal.log"}};

std::string local_timespec(std::int64_t time_us) {
  const std::time_t seconds = static_cast<std::time_t>(time_us / 1'000'000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d_%H%M%S", &local);
  return text;
}

// The name is claimed by making the directory: two inits at once get two of them.
Result<std::string> claim(fs::FileSystem& disk, const std::string& base) {
  for (int suffix = 0; suffix < kMaxSuffix; ++suffix) {
    const std::string path = suffix == 0 ? base : base + "-" + std::to_string(suffix);
    const auto made = disk.make_directory(path);
    if (made) return path;
    if (made.error().code != ErrorCode::kConflict) return fail(made.error());
  }
  return fail(ErrorCode::kResourceExhausted, base + ": every name is taken");
}

Result<RunDirectory> make_below(fs::FileSystem& disk, const RunDirectoryRequest& request,
                                const std::string& root) {
  RunDirectory made;
  made.parent = runs_directory(root, request.name, request.hidden);
  RUNSTONE_TRY(disk.make_directories(made.parent));
  made.timespec = local_timespec(request.start_time_us);
  const std::string kind = request.offline ? "offline-run-" : "run-";
  RUNSTONE_TRY(made.path,
               claim(disk, made.parent + "/" + kind + made.timespec + "-" + request.run_id));
  made.files = made.path + "/files";
  made.logs = made.path + "/logs";
  made.journal = made.path + "/run-" + request.run_id + ".wandb";
  RUNSTONE_TRY(disk.make_directory(made.files));
  RUNSTONE_TRY(disk.make_directory(made.logs));
  const fs::Path target = fs::Path(made.path).filename();
  if (request.links) {
    for (const Link& link : kLinks) {
      const fs::Path to = *link.inside == 0 ? target : target / link.inside;
      discard(disk.replace_symlink(to, made.parent + link.name),
              "a disk without symlinks still keeps runs");
    }
  }
  return made;
}

}  // namespace

std::string runs_directory(const std::string& root, const std::string& name,
                           std::optional<bool> hidden) {
  std::string dotted = root + "/." + name;
  if (hidden.value_or(fs::real_file_system().exists(dotted))) return dotted;
  return root + "/" + name;
}

Result<RunDirectory> make_run_directory(const RunDirectoryRequest& request) {
  fs::FileSystem& disk = fs::real_file_system();
  auto made = make_below(disk, request, request.root_dir);
  if (made) return made;
  std::error_code error;
  const std::string temp = std::filesystem::temp_directory_path(error).string();
  if (error || temp.empty()) return made;
  auto below_temp = make_below(disk, request, temp);
  if (!below_temp) return made;
  below_temp->warning = "Path " + request.root_dir + " is not writable (" + made.error().message +
                        "); the run's data is in " + below_temp->path;
  return below_temp;
}

}  // namespace runstone
