#include "artifact/references.h"

#include <algorithm>
#include <filesystem>

#include "artifact/folder.h"
#include "artifact/manifest.h"
#include "artifact/parallel.h"
#include "artifact/reference_stores.h"
#include "artifact/stores/object_store.h"
#include "artifact/warning.h"
#include "base/encoding.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

namespace stdfs = std::filesystem;

constexpr std::string_view kSeparator = "://";
constexpr std::size_t kThreads = 8;

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
  RUNSTONE_TRY(const auto files, files_below(path.string(), max_objects));
  entries.resize(files.size());
  RUNSTONE_TRY(in_parallel(files.size(), kThreads, [&](std::size_t i, std::size_t) -> Result<void> {
    const std::string below = name.empty() ? files[i].relative : name + "/" + files[i].relative;
    RUNSTONE_TRY(entries[i], file_entry(files[i].path, below, checksum));
    return {};
  }));
  return entries;
}

bool begins(const std::string& text, const char* front) { return text.rfind(front, 0) == 0; }

/// What a store does not permit is its refusal, other than a file here that cannot be read.
Error as_refusal(Error error) {
  if (error.code == ErrorCode::kPermissionDenied || error.code == ErrorCode::kUnauthenticated) {
    error.code = ErrorCode::kConflict;
  }
  return error;
}

/// Known by the address alone.
ArtifactEntry by_address(const std::string& uri, const std::string& name) {
  ArtifactEntry entry;
  entry.ref = uri;
  entry.digest = uri;
  entry.path = name;
  return entry;
}

Result<std::vector<ArtifactEntry>> look_up(const std::string& uri, const std::string& name,
                                           bool checksum, std::uint64_t max_objects) {
  const auto at = uri.find(kSeparator);
  if (at == std::string::npos || at == 0) {
    return fail(ErrorCode::kInvalidArgument,
                "References must be URIs. To reference a local file, use file://");
  }
  const std::string scheme = uri.substr(0, at);
  if (scheme == "file") return local_entries(uri, name, checksum, max_objects);
  if (const ObjectStore* store = store_of(uri); store != nullptr) {
    if (checksum) return store->entries(uri, name, max_objects);
    return std::vector{store->by_address(uri, name)};
  }
  if (scheme == "http" || scheme == "https") {
    if (checksum) return http_entries(uri, name).transform_error(as_refusal);
    return std::vector{by_address(uri, name.empty() ? uri.substr(uri.rfind('/') + 1) : name)};
  }
  if (name.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "name is required when adding a reference of the scheme '" + scheme + "'");
  }
  if (!begins(uri, "wandb-")) {
    warn("references of the scheme " + scheme +
         ":// are tracked by their address alone, without a checksum");
  }
  return std::vector{by_address(uri, name)};
}

}  // namespace

Result<std::vector<ArtifactEntry>> reference_entries(const std::string& uri,
                                                     const std::string& name, bool checksum,
                                                     std::uint64_t max_objects) {
  auto entries = look_up(uri, name, checksum, max_objects);
  if (entries || entries.error().code != ErrorCode::kResourceExhausted) return entries;
  return fail(ErrorCode::kInvalidArgument, "Exceeded " + std::to_string(max_objects) +
                                               " objects tracked, pass a larger max_objects to "
                                               "add_reference()");
}

}  // namespace runstone::artifact
