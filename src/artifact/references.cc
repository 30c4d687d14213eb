#include "artifact/references.h"

#include <algorithm>
#include <filesystem>

#include "artifact/manifest.h"
#include "base/encoding.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

namespace stdfs = std::filesystem;

constexpr std::string_view kSeparator = "://";

Result<ArtifactEntry> file_entry(const stdfs::path& path, std::string name, bool checksum) {
  ArtifactEntry entry;
  entry.path = std::move(name);
  entry.ref = "file://" + path.string();
  std::error_code error;
  entry.size_bytes = stdfs::file_size(path, error);
  if (checksum) {
    RUNSTONE_TRY(const FileDigest digest, digest_file(path.string()));
    entry.digest = digest.digest;
    entry.size_bytes = digest.size_bytes;
  } else {
    entry.digest = md5_base64(entry.ref);
  }
  return entry;
}

Result<std::vector<ArtifactEntry>> local_entries(const std::string& uri, const std::string& name,
                                                 bool checksum, std::uint64_t max_objects) {
  const std::string text = uri.substr(uri.find(kSeparator) + kSeparator.size());
  std::error_code error;
  const stdfs::path path = stdfs::absolute(text, error).lexically_normal();
  std::vector<ArtifactEntry> entries;
  if (stdfs::is_regular_file(path, error)) {
    RUNSTONE_TRY(auto entry,
                 file_entry(path, name.empty() ? path.filename().string() : name, checksum));
    entries.push_back(std::move(entry));
    return entries;
  }
  if (!stdfs::is_directory(path, error)) {
    return fail(ErrorCode::kInvalidArgument,
                "Path '" + text + "' must be a valid file or directory path");
  }
  const auto follow = stdfs::directory_options::follow_directory_symlink;
  for (stdfs::recursive_directory_iterator at(path, follow, error), end; at != end;
       at.increment(error)) {
    if (error) return fail(ErrorCode::kIo, "cannot read '" + text + "': " + error.message());
    if (!at->is_regular_file(error)) continue;
    if (entries.size() >= max_objects) {
      return fail(ErrorCode::kInvalidArgument, "Exceeded " + std::to_string(max_objects) +
                                                   " objects tracked, pass a larger max_objects");
    }
    const stdfs::path relative = at->path().lexically_relative(path);
    RUNSTONE_TRY(
        auto entry,
        file_entry(at->path(), (name.empty() ? relative : name / relative).generic_string(),
                   checksum));
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return entries;
}

}  // namespace

Result<std::vector<ArtifactEntry>> reference_entries(const std::string& uri,
                                                     const std::string& name, bool checksum,
                                                     std::uint64_t max_objects) {
  const auto at = uri.find(kSeparator);
  if (at == std::string::npos || at == 0) {
    return fail(ErrorCode::kInvalidArgument,
                "References must be URIs. To reference a local file, use file://");
  }
  const std::string scheme = uri.substr(0, at);
  if (scheme == "file") return local_entries(uri, name, checksum, max_objects);
  ArtifactEntry entry;
  entry.ref = uri;
  entry.digest = uri;
  entry.path = name;
  const bool is_known = scheme == "s3" || scheme == "gs" || scheme == "http" || scheme == "https";
  if (entry.path.empty() && is_known) entry.path = uri.substr(uri.rfind('/') + 1);
  if (entry.path.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "name is required when adding a reference of the scheme '" + scheme + "'");
  }
  return std::vector<ArtifactEntry>{std::move(entry)};
}

}  // namespace runstone::artifact
