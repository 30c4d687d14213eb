#include "server/data_folder.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/try.h"

namespace runstone::server {
namespace {

namespace stdfs = std::filesystem;

std::string home_folder() {
  if (const char* home = std::getenv("HOME"); home && *home) return home;
  const auto* user = ::getpwuid(::getuid());
  return user && user->pw_dir ? user->pw_dir : "/";
}

// 0700 from the start, so that there is no moment at which others can look in.
Result<void> make_private_folder(const stdfs::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) stdfs::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno == EEXIST && stdfs::is_directory(folder, error)) return {};
  const int reason = errno;
  return fail(reason == EACCES ? ErrorCode::kPermissionDenied : ErrorCode::kIo,
              "cannot make the data folder " + folder.string() + ": " + std::strerror(reason));
}

Result<void> check_format_version(const stdfs::path& folder) {
  auto& disk = fs::real_file_system();
  const auto path = folder / "format_version";
  const auto text = fs::read_file(disk, path, 64);
  if (!text) {
    if (text.error().code != ErrorCode::kNotFound) return fail(text.error());
    return fs::replace_file(disk, path, std::to_string(kDataFormatVersion) + "\n", true);
  }
  int version = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), version);
  if (parsed.ec != std::errc() || version < 1) {
    return fail(ErrorCode::kCorrupt, path.string() + " does not hold a version number");
  }
  if (version > kDataFormatVersion) {
    return fail(ErrorCode::kFailedPrecondition,
                folder.string() + " was written by a newer Runstone (format " +
                    std::to_string(version) + ", this one knows " +
                    std::to_string(kDataFormatVersion) + "): use that one, or another folder");
  }
  return {};
}

}  // namespace

stdfs::path default_data_folder() {
  if (const char* folder = std::getenv("RUNSTONE_DATA"); folder && *folder) return folder;
  return stdfs::path(home_folder()) / ".runstone";
}

Result<DataFolder> DataFolder::open(const stdfs::path& folder) {
  std::error_code error;
  auto absolute = stdfs::absolute(folder, error).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();  // "data/" is "data"
  RUNSTONE_TRY(make_private_folder(absolute));
  auto& disk = fs::real_file_system();
  const auto lock_path = absolute / "lock";
  RUNSTONE_TRY(auto lock, disk.open_or_create(lock_path));
  if (auto locked = lock->lock(); !locked) {
    if (locked.error().code != ErrorCode::kConflict) return fail(std::move(locked).error());
    const auto holder = fs::read_file(disk, lock_path, 64).value_or(std::string());
    return fail(
        ErrorCode::kConflict,
        "the data folder " + absolute.string() + " is in use by a running server" +
            (holder.empty() ? "" : " (process " + holder.substr(0, holder.find('\n')) + ")") +
            "; stop it or choose another folder with --data");
  }
  RUNSTONE_TRY(lock->truncate(0));
  RUNSTONE_TRY(lock->write_at(0, std::to_string(::getpid()) + "\n"));
  RUNSTONE_TRY(check_format_version(absolute));
  return DataFolder(std::move(absolute), std::move(lock));
}

}  // namespace runstone::server
