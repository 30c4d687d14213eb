// Files of the program that become files of the run.
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/clock.h"
#include "base/try.h"
#include "sdk/check_text.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;

constexpr std::size_t kMaxFilesOfFolder = 100'000;

stdfs::path absolute(const stdfs::path& path) {
  std::error_code error;
  stdfs::path whole = stdfs::absolute(path, error).lexically_normal();
  return whole.has_filename() || !whole.has_relative_path() ? whole : whole.parent_path();
}

bool is_below(const stdfs::path& path, const stdfs::path& base) {
  const auto [at, rest] = std::mismatch(base.begin(), base.end(), path.begin(), path.end());
  return at == base.end() && rest != path.end();
}

std::vector<stdfs::path> matches_of(const std::string& pattern) {
  std::vector<stdfs::path> found;
  glob_t matches{};
  if (glob(pattern.c_str(), 0, nullptr, &matches) == 0) {
    for (std::size_t i = 0; i < matches.gl_pathc; ++i) found.emplace_back(matches.gl_pathv[i]);
  }
  globfree(&matches);
  return found;
}

/// A path as a pattern that matches it alone.
std::string literal(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// A folder and those below it, but for hidden ones.
std::vector<std::string> folders_of(const stdfs::path& root) {
  std::vector<std::string> found = {root.string()};
  std::error_code error;
  for (stdfs::recursive_directory_iterator
           at(root, stdfs::directory_options::skip_permission_denied, error),
       end;
       at != end && !error && found.size() < kMaxFilesOfFolder; at.increment(error)) {
    if (!at->is_directory(error)) continue;
    if (at->path().filename().string().front() == '.') {
      at.disable_recursion_pending();
    } else {
      found.push_back(at->path().string());
    }
  }
  return found;
}

/// The paths that match; a part "**" stands for any number of folders, none included.
std::vector<stdfs::path> expand(const std::string& pattern, bool is_glob) {
  std::vector<stdfs::path> found;
  if (!is_glob) {
    std::error_code error;
    if (stdfs::exists(stdfs::symlink_status(pattern, error))) found.emplace_back(pattern);
    return found;
  }
  const std::size_t deep = pattern.find("/**/");
  if (deep == std::string::npos) return matches_of(pattern);
  const std::string rest = pattern.substr(deep + 3);  // with its slash
  for (const stdfs::path& root : matches_of(deep == 0 ? "/" : pattern.substr(0, deep))) {
    std::error_code error;
    if (!stdfs::is_directory(root, error)) continue;
    for (const std::string& folder : folders_of(root)) {
      for (stdfs::path& path : expand(literal(folder) + rest, true)) {
        found.push_back(std::move(path));
      }
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// A pipe, a socket, a device: reading it would take what is another's, or wait for ever.
bool is_special(const stdfs::path& path) {
  std::error_code error;
  const auto status = stdfs::status(path, error);
  return stdfs::is_other(status);
}

enum class Placed { kThere, kSymlinked, kHardLinked, kCopied };

/// Puts `source` at `target`; what is there and is another file is replaced.
Result<Placed> place(const stdfs::path& source, const stdfs::path& target, bool may_symlink) {
  std::error_code error;
  if (stdfs::equivalent(source, target, error)) return Placed::kThere;
  stdfs::create_directories(target.parent_path(), error);
  const auto there = stdfs::symlink_status(target, error);
  if (stdfs::exists(there)) {
    if (stdfs::is_directory(there)) return Placed::kThere;
    stdfs::remove(target, error);
  }
  if (may_symlink) {
    stdfs::create_symlink(source, target, error);
    if (!error) return Placed::kSymlinked;
  }
  stdfs::create_hard_link(source, target, error);
  if (!error) return Placed::kHardLinked;
  stdfs::copy(source, target,
              stdfs::copy_options::recursive | stdfs::copy_options::overwrite_existing, error);
  if (!error) return Placed::kCopied;
  return fail(ErrorCode::kIo,
              "cannot put " + source.string() + " into the run's directory: " + error.message());
}

/// A file itself; of a folder what is below it, relative to `root`.
void add_files(const stdfs::path& root, const stdfs::path& path, std::set<std::string>& names) {
  std::error_code error;
  if (!stdfs::is_directory(path, error)) {
    names.insert(path.lexically_relative(root).generic_string());
    return;
  }
  for (stdfs::recursive_directory_iterator at(path, error), end;
       at != end && names.size() < kMaxFilesOfFolder; at.increment(error)) {
    if (error) return;
    if (at->is_regular_file(error)) {
      names.insert(at->path().lexically_relative(root).generic_string());
    }
  }
}

Result<void> check_place(const stdfs::path& pattern, const stdfs::path& base) {
  if (is_below(pattern, base)) return {};
  return fail(ErrorCode::kInvalidArgument,
              pattern == base ? "the pattern of save() is its base path; name what is below it"
                              : "'" + pattern.string() + "' may not walk above the base path '" +
                                    base.string() + "'");
}

// A name goes into JSON and addresses; what is no text has no form there.
Result<void> check_name(const stdfs::path& path) {
  std::string shown = path.string();
  if (check_text("a name", shown)) return {};
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) > 127) c = '?';
  }
  return fail(ErrorCode::kInvalidArgument,
              "save() takes files whose names are UTF-8 text; rename '" + shown +
                  "' (? is where it is not)");
}

std::string files_text(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " file" : " files");
}

}  // namespace

Result<std::vector<std::string>> RunState::save(const std::string& pattern,
                                                const SaveOptions& options) {
  using Policy = protocol::FilesRecord::Policy;
  for (const std::string_view scheme : {"gs://", "s3://"}) {
    if (std::string_view(pattern).substr(0, scheme.size()) != scheme) continue;
    terminal_.info(pattern + " is a cloud storage url, can't save file to a run.");
    return std::vector<std::string>();
  }
  if (pattern.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "save() needs a path or a pattern, and got an empty text");
  }
  if (options.policy != "live" && options.policy != "end" && options.policy != "now") {
    return fail(ErrorCode::kInvalidArgument,
                "Only \"live\", \"end\" and \"now\" policies are currently supported, not \"" +
                    options.policy + "\"");
  }
  if (plan_.mode == RunMode::kDisabled) return std::vector<std::string>();
  const stdfs::path files = directory_.files;
  const stdfs::path whole = absolute(pattern);
  const std::string given_base = options.base_path.value_or("");  // "" is the working directory
  stdfs::path base = absolute(given_base.empty() ? "." : given_base);
  if (!options.base_path && stdfs::path(pattern).is_absolute()) {
    base = whole.parent_path().parent_path();
    if (!told_of_saving_without_folders_.exchange(true)) {
      terminal_.warn(
          "save() of an absolute path keeps one folder of it; name a base path to keep more: "
          "save(\"/mnt/folder/file.h5\", base_path=\"/mnt\").");
    }
  }
  RUNSTONE_TRY(check_place(whole, base));
  {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(check_recording("save"));
  }

  const std::string relative = whole.lexically_relative(base).string();
  std::set<std::string> targets, live, once;
  for (const stdfs::path& there : expand((files / relative).string(), options.glob)) {
    targets.insert(there.string());
    add_files(files, there, live);
  }
  std::size_t symlinked = 0;
  const std::vector<stdfs::path> sources = expand(whole.string(), options.glob);
  for (const stdfs::path& source : sources) {
    RUNSTONE_TRY(check_name(source));  // before the first is placed: nothing is left behind
  }
  for (const stdfs::path& source : sources) {
    if (is_special(source)) {
      terminal_.warn("save() leaves out " + source.string() +
                     ": it is no file with content of its own");
      continue;
    }
    const stdfs::path target = files / source.lexically_relative(base);
    if (is_below(target, source)) {
      terminal_.warn("save() leaves out " + source.string() + ": it holds the run's own files");
      continue;
    }
    RUNSTONE_TRY(const Placed placed, place(source, target, plan_.settings.flag("symlink")));
    symlinked += placed == Placed::kSymlinked ? 1 : 0;
    targets.insert(target.string());
    add_files(files, target, placed == Placed::kCopied ? once : live);
  }
  if (symlinked > 0) {
    terminal_.warn("Symlinked " + files_text(symlinked) +
                   " into the run's directory; call save() again to take new files.");
  }
  if (targets.empty()) return std::vector<std::string>();

  protocol::FilesRecord record;
  const Policy policy = options.policy == "live"  ? Policy::kLive
                        : options.policy == "end" ? Policy::kEnd
                                                  : Policy::kNow;
  for (const auto& name : live) record.files.push_back({name, policy, {}});
  for (const auto& name : once) {  // a copy does not change when its source does
    record.files.push_back({name, policy == Policy::kLive ? Policy::kNow : policy, {}});
  }
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(check_recording("save"));
  if (was_forked()) become_child();
  if (policy == Policy::kLive && !child_) {  // a child has nobody who looks at them
    for (const auto& name : live) live_files_.watch(directory_.files, name);
  }
  append_record(std::move(record));
  return std::vector<std::string>(targets.begin(), targets.end());
}

void RunState::look_at_live_files() {
  protocol::FilesRecord record;
  for (auto& name : live_files_.take_changed(directory_.files, system_clock().monotonic_us())) {
    record.files.push_back({std::move(name), protocol::FilesRecord::Policy::kLive, {}});
  }
  if (record.files.empty()) return;
  const std::scoped_lock lock(mutex_);
  append_record(std::move(record));
}

}  // namespace runstone
