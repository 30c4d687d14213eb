#include "artifact/draft.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "artifact/manifest.h"
#include "base/json.h"
#include "base/random_id.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

namespace stdfs = std::filesystem;

constexpr std::size_t kClientIdChars = 128;
constexpr std::size_t kMaxMetadataKeys = 100;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<std::string> checked_path(const std::string& path) {
  const stdfs::path normal = stdfs::path(path).lexically_normal();
  const bool leads_out = normal.empty() || normal.is_absolute() || *normal.begin() == ".." ||
                         normal == "." || !normal.has_filename();
  if (leads_out) return fail(ErrorCode::kInvalidArgument, "Invalid artifact path: '" + path + "'");
  return normal.generic_string();
}

ArtifactEntry public_entry(const protocol::ManifestEntry& entry) {
  return {entry.path, entry.digest, entry.ref, static_cast<std::uint64_t>(entry.size_bytes),
          entry.local_path};
}

Result<void> check_policy(const std::string& policy) {
  if (policy == "mutable" || policy == "immutable") return {};
  return fail(ErrorCode::kInvalidArgument,
              "policy must be mutable or immutable, not '" + policy + "'");
}

Result<Value> without_nan(const Value& value) {
  if (const double* number = value.if_double()) {
    if (std::isnan(*number)) return Value();
    if (std::isinf(*number)) {
      return fail(ErrorCode::kInvalidArgument, "an artifact's metadata cannot hold infinities");
    }
  } else if (const List* list = value.if_list()) {
    List checked;
    for (const Value& item : *list) {
      RUNSTONE_TRY(Value plain, without_nan(item));
      checked.push_back(std::move(plain));
    }
    return Value(std::move(checked));
  } else if (const Dict* dict = value.if_dict()) {
    Dict checked;
    for (const auto& [key, item] : *dict) {
      RUNSTONE_TRY(Value plain, without_nan(item));
      checked.set(key, std::move(plain));
    }
    return Value(std::move(checked));
  }
  return value;
}

bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '-' || c == '_' || byte >= 0x80;
}

bool is_tag(const std::string& tag) {
  if (tag.empty() || !is_word(tag.front()) || !is_word(tag.back())) return false;
  return std::all_of(tag.begin(), tag.end(), [](char c) { return is_word(c) || c == ' '; });
}

}  // namespace

std::string staging_directory() {
  for (const char* name : {"RUNSTONE_DATA_DIR", "WANDB_DATA_DIR"}) {
    if (const std::string set = environment(name); !set.empty()) return set + "/artifacts/staging";
  }
  std::string data = environment("XDG_DATA_HOME");
  if (data.empty() && !environment("HOME").empty()) data = environment("HOME") + "/.local/share";
  if (data.empty()) {
    std::error_code error;
    data = stdfs::temp_directory_path(error).string();
  }
  return data + "/runstone/artifacts/staging";
}

Result<Dict> checked_metadata(const Dict& metadata) {
  if (metadata.size() > kMaxMetadataKeys) {
    return fail(ErrorCode::kInvalidArgument, "an artifact's metadata has at most 100 keys, not " +
                                                 std::to_string(metadata.size()));
  }
  RUNSTONE_TRY(const Value checked, without_nan(Value(metadata)));
  return *checked.if_dict();
}

Result<std::vector<std::string>> checked_aliases(std::vector<std::string> aliases) {
  for (const std::string& alias : aliases) {
    if (alias.empty() || alias.find_first_of("/:") != std::string::npos) {
      return fail(
          ErrorCode::kInvalidArgument,
          "Aliases must not contain any of '/' and ':', and must not be empty: '" + alias + "'");
    }
  }
  if (std::find(aliases.begin(), aliases.end(), "latest") == aliases.end()) {
    aliases.emplace_back("latest");
  }
  return aliases;
}

Result<std::vector<std::string>> checked_tags(const std::vector<std::string>& tags) {
  std::vector<std::string> checked;
  for (const std::string& tag : tags) {
    if (!is_tag(tag)) {
      return fail(ErrorCode::kInvalidArgument,
                  "Invalid tag '" + tag +
                      "': a tag is words of letters, digits, - and _, separated by spaces");
    }
    if (std::find(checked.begin(), checked.end(), tag) == checked.end()) checked.push_back(tag);
  }
  return checked;
}

Draft::Draft(std::string name_, std::string type_, ArtifactOptions options_)
    : name(std::move(name_)),
      type(std::move(type_)),
      client_id(random_id(kClientIdChars)),
      sequence_client_id(random_id(kClientIdChars)),
      options(std::move(options_)) {}

Result<void> Draft::check_open() const {
  if (!is_final) return {};
  return fail(
      ErrorCode::kFailedPrecondition,
      "artifact '" + name + "' is final: it was logged or finalized, and cannot be changed");
}

Result<void> Draft::add(protocol::ManifestEntry entry, bool overwrite) {
  RUNSTONE_TRY(entry.path, checked_path(entry.path));
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(check_open());
  const auto known = entries.find(entry.path);
  if (known != entries.end() && !overwrite && known->second.digest != entry.digest) {
    return fail(ErrorCode::kInvalidArgument,
                "Cannot add the same path twice: '" + entry.path + "'");
  }
  const std::string path = entry.path;
  entries.insert_or_assign(path, std::move(entry));
  return {};
}

Result<ArtifactEntry> Draft::add_file(const std::string& local_path, const AddFileOptions& given) {
  RUNSTONE_TRY(check_policy(given.policy));
  {
    const std::scoped_lock lock(mutex_);
    RUNSTONE_TRY(check_open());
  }
  std::error_code error;
  if (!stdfs::is_regular_file(local_path, error)) {
    return fail(ErrorCode::kInvalidArgument, "Path is not a file: '" + local_path + "'");
  }
  protocol::ManifestEntry entry;
  entry.path = given.name.empty() ? stdfs::path(local_path).filename().string() : given.name;
  RUNSTONE_TRY(checked_path(entry.path));
  const bool copies = given.policy == "mutable";
  entry.local_path = copies ? staging_directory() + "/" + random_id(16)
                            : stdfs::absolute(local_path, error).string();
  RUNSTONE_TRY(const FileDigest digest, digest_file(local_path, copies ? entry.local_path : ""));
  entry.digest = digest.digest;
  entry.size_bytes = static_cast<std::int64_t>(digest.size_bytes);
  const ArtifactEntry made = public_entry(entry);
  RUNSTONE_TRY(add(std::move(entry), given.overwrite));
  return made;
}

Result<void> Draft::add_dir(const std::string& local_path, const std::string& below,
                            const std::string& policy) {
  std::error_code error;
  if (!stdfs::is_directory(local_path, error)) {
    return fail(ErrorCode::kInvalidArgument, "Path is not a directory: '" + local_path + "'");
  }
  AddFileOptions options;
  options.policy = policy;
  const auto follow = stdfs::directory_options::follow_directory_symlink;
  for (stdfs::recursive_directory_iterator at(local_path, follow, error), end; at != end;
       at.increment(error)) {
    if (error) break;
    if (!at->is_regular_file(error)) continue;
    const stdfs::path relative = at->path().lexically_relative(local_path);
    options.name = below.empty() ? relative.generic_string() : (below / relative).generic_string();
    RUNSTONE_TRY(add_file(at->path().string(), options));
  }
  if (!error) return {};
  return fail(ErrorCode::kIo, "cannot read '" + local_path + "': " + error.message());
}

Result<ArtifactEntry> Draft::add_bytes(const std::string& path, std::string_view bytes,
                                       bool overwrite) {
  protocol::ManifestEntry entry;
  entry.path = path;
  entry.digest = md5_base64(bytes);
  entry.size_bytes = static_cast<std::int64_t>(bytes.size());
  entry.local_path = staging_directory() + "/" + random_id(16);
  RUNSTONE_TRY(checked_path(path));
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(fs::Path(entry.local_path).parent_path()));
  RUNSTONE_TRY(fs::replace_file(disk, entry.local_path, bytes));
  const ArtifactEntry made = public_entry(entry);
  RUNSTONE_TRY(add(std::move(entry), overwrite));
  return made;
}

Result<void> Draft::remove(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(check_open());
  if (entries.erase(path) > 0) return {};
  const std::string folder = path + (path.empty() || path.back() == '/' ? "" : "/");
  const auto from = entries.lower_bound(folder);
  auto to = from;
  while (to != entries.end() && to->first.compare(0, folder.size(), folder) == 0) ++to;
  if (from == to) return fail(ErrorCode::kNotFound, "No such file or directory: '" + path + "'");
  entries.erase(from, to);
  return {};
}

protocol::ArtifactManifest Draft::manifest() const {
  protocol::ArtifactManifest manifest;
  manifest.version = 1;
  manifest.storage_policy = "wandb-storage-policy-v1";
  manifest.storage_policy_config.emplace_back("storageLayout", "\"V2\"");
  for (const auto& [path, entry] : entries) manifest.contents.push_back(entry);
  return manifest;
}

protocol::ArtifactRecord Draft::to_record() {
  const std::scoped_lock lock(mutex_);
  is_final = true;
  protocol::ArtifactRecord record;
  record.type = type;
  record.name = name;
  record.description = options.description;
  record.metadata_json = json::to_text(Value(options.metadata));
  record.manifest = manifest();
  record.digest = artifact_digest(record.manifest.contents);
  record.client_id = client_id;
  record.sequence_client_id = sequence_client_id;
  record.ttl_duration_secs = ttl_secs.value_or(-1);
  record.incremental = options.incremental;
  record.finalize = true;
  return record;
}

// --- what became of it

void Draft::set_under_way(Fate fate) {
  const std::scoped_lock lock(mutex_);
  if (fate_ != Fate::kCommitted) fate_ = fate;
}

void Draft::settle(Result<std::string> id) {
  const std::scoped_lock lock(mutex_);
  if (id) {
    server_id = *std::move(id);
    fate_ = Fate::kCommitted;
  } else if (fate_ != Fate::kCommitted) {
    failure_ = std::move(id).error();
    fate_ = Fate::kFailed;
  }
  settled_.notify_all();
}

Draft::Fate Draft::fate() const {
  const std::scoped_lock lock(mutex_);
  return fate_;
}

Result<void> Draft::wait(double timeout_secs) const {
  std::unique_lock lock(mutex_);
  if (fate_ == Fate::kDraft || fate_ == Fate::kOffline) {
    return fail(ErrorCode::kFailedPrecondition,
                "artifact '" + name + "' has not been logged to a server");
  }
  const auto is_settled = [&] { return fate_ == Fate::kCommitted || fate_ == Fate::kFailed; };
  if (timeout_secs <= 0) {
    settled_.wait(lock, is_settled);
  } else if (!settled_.wait_for(lock, std::chrono::duration<double>(timeout_secs), is_settled)) {
    return fail(ErrorCode::kDeadlineExceeded, "artifact '" + name + "' is not on the server yet");
  }
  if (fate_ == Fate::kFailed) return fail(failure_);
  return {};
}

}  // namespace runstone::artifact
