#include "artifact/folder.h"

#include <algorithm>

#include "base/try.h"

namespace runstone::artifact {
namespace {

namespace stdfs = std::filesystem;

class Walk {
 public:
  Walk(std::uint64_t files_max) : files_max_(files_max) {}

  Result<void> visit(const stdfs::path& folder, const std::string& relative) {
    std::error_code error;
    const stdfs::path real = stdfs::canonical(folder, error);
    if (std::find(above_.begin(), above_.end(), real) != above_.end()) return {};
    stdfs::directory_iterator at(folder, error);
    if (error) return unreadable(folder, error);
    above_.push_back(real);
    for (const stdfs::directory_iterator end; at != end; at.increment(error)) {
      if (error) return unreadable(folder, error);
      const std::string name = at->path().filename().string();
      const std::string below = relative.empty() ? name : relative + "/" + name;
      std::error_code kind_error;  // a dangling link is no file, and no trouble
      if (at->is_directory(kind_error)) {
        RUNSTONE_TRY(visit(at->path(), below));
      } else if (at->is_regular_file(kind_error)) {
        if (files_.size() >= files_max_) {
          return fail(ErrorCode::kResourceExhausted, "more than " + std::to_string(files_max_) +
                                                         " files below " + folder.string());
        }
        files_.push_back({below, at->path().string()});
      }
    }
    above_.pop_back();
    return {};
  }
  std::vector<FolderFile> take() && {
    std::sort(files_.begin(), files_.end(),
              [](const auto& a, const auto& b) { return a.relative < b.relative; });
    return std::move(files_);
  }

 private:
  static Failure unreadable(const stdfs::path& folder, const std::error_code& error) {
    const bool is_denied = error == std::errc::permission_denied;
    return fail(is_denied ? ErrorCode::kPermissionDenied : ErrorCode::kIo,
                "cannot read '" + folder.string() + "': " + error.message());
  }

  const std::uint64_t files_max_;
  std::vector<stdfs::path> above_;
  std::vector<FolderFile> files_;
};

}  // namespace

Result<std::vector<FolderFile>> files_below(const std::string& folder, std::uint64_t files_max) {
  Walk walk(files_max);
  RUNSTONE_TRY(walk.visit(folder, ""));
  return std::move(walk).take();
}

}  // namespace runstone::artifact
