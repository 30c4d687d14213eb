#include "artifact/draft.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "artifact/checked_mark.h"
#include "artifact/folder.h"
#include "artifact/manifest.h"
#include "artifact/parallel.h"
#include "artifact/places.h"
#include "artifact/rules.h"
#include "artifact/versions.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/random_id.h"
#include "base/seconds.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "fs/fork_generation.h"

namespace runstone::artifact {
namespace {

namespace stdfs = std::filesystem;

constexpr std::size_t kClientIdChars = 128;
constexpr std::size_t kCopyNameChars = 20;
constexpr std::size_t kTmpNameChars = 20;
constexpr unsigned kMaxCopyThreads = 8;

Result<void> check_policy(const std::string& policy) {
  if (policy == "mutable" || policy == "immutable") return {};
  return fail(ErrorCode::kInvalidArgument,
              "policy must be mutable or immutable, not '" + policy + "'");
}

/// `sub/name.tar.gz` becomes `sub/<digest>.tar.gz`.
std::string named_by_digest(const std::string& path, const std::string& digest) {
  const std::string hex = to_hex(from_base64(digest).value_or("")).substr(0, kTmpNameChars);
  const std::size_t stem = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  const std::size_t dot = std::min(path.find('.', stem), path.size());
  return path.substr(0, stem) + hex + path.substr(dot);
}

std::size_t copy_threads() {
  return std::clamp(std::thread::hardware_concurrency(), 1u, kMaxCopyThreads);
}

}  // namespace

ArtifactEntry public_entry(const protocol::ManifestEntry& stored) {
  ArtifactEntry entry;
  entry.path = stored.path;
  entry.digest = stored.digest;
  entry.ref = stored.ref;
  entry.size_bytes = static_cast<std::uint64_t>(stored.size_bytes);
  entry.local_path = stored.local_path;
  entry.birth_artifact_id = stored.birth_artifact_id;
  entry.skip_cache = stored.skip_cache;
  for (const auto& [key, text] : stored.extra) {
    entry.extra.set(key, json::parse(text).value_or(Value(text)));
  }
  return entry;
}

protocol::ManifestEntry stored_entry(const ArtifactEntry& entry) {
  protocol::ManifestEntry stored;
  stored.path = entry.path;
  stored.digest = entry.digest;
  stored.ref = entry.ref;
  stored.size_bytes = static_cast<std::int64_t>(entry.size_bytes);
  stored.local_path = entry.local_path;
  stored.birth_artifact_id = entry.birth_artifact_id;
  stored.skip_cache = entry.skip_cache;
  for (const auto& [key, value] : entry.extra) stored.extra.emplace_back(key, json::to_text(value));
  return stored;
}

Draft::Draft(std::string name_, std::string type_, ArtifactOptions options_)
    : name(std::move(name_)),
      type(std::move(type_)),
      client_id(random_id(kClientIdChars)),
      sequence_client_id(random_id(kClientIdChars)),
      options(std::move(options_)) {
  fs::watch_forks();
  birth_generation_ = fs::fork_generation();
}

Draft::~Draft() {
  if (is_recorded_ || birth_generation_ != fs::fork_generation()) return;
  for (const std::string& copy : copies_) {
    discard(fs::real_file_system().remove(copy), "it may never have been made");
  }
}

// --- changes

Result<void> Draft::check_open() const {
  if (!is_final) return {};
  return fail(
      ErrorCode::kFailedPrecondition,
      "artifact '" + name + "' is final: it was logged or finalized, and cannot be changed");
}

Result<void> Draft::check_still_open() const {
  const std::scoped_lock lock(mutex_);
  return check_open();
}

std::string Draft::new_copy() {
  std::string path = staging_directory() + "/" + random_id(kCopyNameChars);
  const std::scoped_lock lock(mutex_);
  copies_.insert(path);
  return path;
}

void Draft::drop_copy(const std::string& path) {
  if (copies_.erase(path) == 0) return;
  discard(fs::real_file_system().remove(path), "it may never have been made");
}

Result<void> Draft::add(protocol::ManifestEntry entry, bool overwrite) {
  const std::string copy = entry.local_path;
  auto path = checked_path(entry.path);
  const std::scoped_lock lock(mutex_);
  const auto refuse = [&](Failure failure) {
    drop_copy(copy);
    return failure;
  };
  if (!path) return refuse(fail(std::move(path).error()));
  if (auto open = check_open(); !open) return refuse(fail(std::move(open).error()));
  entry.path = *path;
  const auto known = entries.find(entry.path);
  if (known == entries.end()) {
    entries.emplace(*path, std::move(entry));
    return {};
  }
  if (!overwrite && known->second.digest != entry.digest) {
    return refuse(
        fail(ErrorCode::kInvalidArgument, "Cannot add the same path twice: '" + entry.path + "'"));
  }
  if (known->second.local_path != copy) drop_copy(known->second.local_path);
  known->second = std::move(entry);
  return {};
}

Result<ArtifactEntry> Draft::add_file(const std::string& local_path, const AddFileOptions& given) {
  RUNSTONE_TRY(check_policy(given.policy));
  RUNSTONE_TRY(check_still_open());
  std::error_code error;
  if (!stdfs::is_regular_file(local_path, error)) {
    return fail(ErrorCode::kInvalidArgument, "Path is not a file: '" + local_path + "'");
  }
  protocol::ManifestEntry entry;
  RUNSTONE_TRY(
      entry.path,
      checked_path(given.name.empty() ? stdfs::path(local_path).filename().string() : given.name));
  RUNSTONE_TRY(const Digest::Kind kind, digest_kind(options.digest_algorithm));
  const bool copies = given.policy == "mutable";
  entry.local_path = copies ? new_copy() : stdfs::absolute(local_path, error).string();
  const auto digest = digest_file(local_path, kind, copies ? entry.local_path : "");
  if (!digest) {
    const std::scoped_lock lock(mutex_);
    drop_copy(entry.local_path);
    return fail(digest.error());
  }
  if (copies) mark_checked(entry.local_path, digest->digest);
  entry.digest = digest->digest;
  entry.size_bytes = static_cast<std::int64_t>(digest->size_bytes);
  entry.skip_cache = given.skip_cache;
  if (!is_of_md5()) entry.extra.emplace_back("alg", json::to_text(options.digest_algorithm));
  if (given.is_tmp) entry.path = named_by_digest(entry.path, entry.digest);
  ArtifactEntry made = public_entry(entry);
  RUNSTONE_TRY(add(std::move(entry), given.overwrite));
  return made;
}

Result<void> Draft::add_dir(const std::string& local_path, const AddDirOptions& given) {
  RUNSTONE_TRY(check_policy(given.policy));
  RUNSTONE_TRY(check_still_open());
  std::error_code error;
  if (!stdfs::is_directory(local_path, error)) {
    return fail(ErrorCode::kInvalidArgument, "Path is not a directory: '" + local_path + "'");
  }
  RUNSTONE_TRY(const auto files, files_below(local_path));
  const std::string front = given.name.empty() ? "" : given.name + "/";
  return in_parallel(files.size(), copy_threads(),
                     [&](std::size_t index, std::size_t) -> Result<void> {
                       AddFileOptions options;
                       options.policy = given.policy;
                       options.skip_cache = given.skip_cache;
                       options.overwrite = given.merge;
                       options.name = front + files[index].relative;
                       RUNSTONE_TRY(add_file(files[index].path, options));
                       return {};
                     });
}

Result<ArtifactEntry> Draft::add_bytes(const std::string& path, std::string_view bytes,
                                       bool overwrite) {
  protocol::ManifestEntry entry;
  RUNSTONE_TRY(check_still_open());
  RUNSTONE_TRY(entry.path, checked_path(path));
  RUNSTONE_TRY(const Digest::Kind kind, digest_kind(options.digest_algorithm));
  entry.digest = digest_base64(bytes, kind);
  entry.size_bytes = static_cast<std::int64_t>(bytes.size());
  if (!is_of_md5()) entry.extra.emplace_back("alg", json::to_text(options.digest_algorithm));
  entry.local_path = new_copy();
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(fs::Path(entry.local_path).parent_path()));
  RUNSTONE_TRY(fs::replace_file(disk, entry.local_path, bytes));
  ArtifactEntry made = public_entry(entry);
  RUNSTONE_TRY(add(std::move(entry), overwrite));
  return made;
}

Result<ArtifactEntry> Draft::add_written(
    const std::string& path, const std::function<Result<void>(const Write& write)>& fill,
    bool overwrite) {
  protocol::ManifestEntry entry;
  RUNSTONE_TRY(check_still_open());
  RUNSTONE_TRY(entry.path, checked_path(path));
  RUNSTONE_TRY(const Digest::Kind kind, digest_kind(options.digest_algorithm));
  entry.local_path = new_copy();
  const auto write_all = [&]() -> Result<void> {
    fs::FileSystem& disk = fs::real_file_system();
    RUNSTONE_TRY(disk.make_directories(fs::Path(entry.local_path).parent_path()));
    RUNSTONE_TRY(const auto file, disk.create_new(entry.local_path));
    Digest digest(kind);
    std::uint64_t size_bytes = 0;
    RUNSTONE_TRY(fill([&](std::string_view piece) -> Result<void> {
      digest.add(piece);
      RUNSTONE_TRY(file->write_at(size_bytes, piece));
      size_bytes += piece.size();
      return {};
    }));
    entry.digest = to_base64(digest.finish());
    entry.size_bytes = static_cast<std::int64_t>(size_bytes);
    return {};
  };
  if (auto written = write_all(); !written) {
    const std::scoped_lock lock(mutex_);
    drop_copy(entry.local_path);
    return fail(std::move(written).error());
  }
  if (!is_of_md5()) entry.extra.emplace_back("alg", json::to_text(options.digest_algorithm));
  ArtifactEntry made = public_entry(entry);
  RUNSTONE_TRY(add(std::move(entry), overwrite));
  return made;
}

Result<void> Draft::remove(const std::string& given) {
  const auto path = checked_path(given);
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(check_open());
  if (!path) return fail(ErrorCode::kNotFound, "No such file or directory: '" + given + "'");
  auto from = entries.find(*path);
  auto to = from;
  if (from != entries.end()) {
    ++to;
  } else {
    const std::string folder = *path + "/";
    from = to = entries.lower_bound(folder);
    while (to != entries.end() && to->first.compare(0, folder.size(), folder) == 0) ++to;
  }
  if (from == to) return fail(ErrorCode::kNotFound, "No such file or directory: '" + given + "'");
  for (auto entry = from; entry != to; ++entry) drop_copy(entry->second.local_path);
  entries.erase(from, to);
  return {};
}

void Draft::remember(std::shared_ptr<media::Object> object, const std::string& path) {
  const std::scoped_lock lock(mutex_);
  objects_[std::move(object)] = path;
}

std::optional<ArtifactEntry> Draft::entry_of(const media::Object* object) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [known, path] : objects_) {
    if (known.get() != object) continue;
    const auto entry = entries.find(path);  // it may have been removed
    if (entry != entries.end()) return public_entry(entry->second);
  }
  return std::nullopt;
}

std::optional<ArtifactEntry> Draft::entry_at(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const auto entry = entries.find(path);
  if (entry == entries.end()) return std::nullopt;
  return public_entry(entry->second);
}

// --- what it says

protocol::ArtifactManifest Draft::manifest() const {
  protocol::ArtifactManifest manifest;
  manifest.version = 1;
  manifest.storage_policy = "wandb-storage-policy-v1";
  manifest.storage_policy_config.emplace_back("storageLayout", "\"V2\"");
  if (!options.storage_region.empty()) {
    manifest.storage_policy_config.emplace_back("storageRegion",
                                                json::to_text(options.storage_region));
  }
  manifest.contents.reserve(entries.size());
  for (const auto& [path, entry] : entries) manifest.contents.push_back(entry);
  return manifest;
}

std::string Draft::digest() const {
  return artifact_digest(manifest().contents,
                         is_of_md5() ? Digest::Kind::kMd5 : Digest::Kind::kXxh128);
}

protocol::ArtifactRecord Draft::to_record() {
  const std::scoped_lock lock(mutex_);
  is_final = true;
  is_recorded_ = true;
  protocol::ArtifactRecord record;
  record.type = type;
  record.name = name;
  record.description = options.description;
  // Of one without metadata a server has null, as by the stock client.
  if (!options.metadata.empty()) record.metadata_json = json::to_text(Value(options.metadata));
  record.manifest = manifest();
  record.digest = digest();
  record.client_id = client_id;
  record.sequence_client_id = sequence_client_id;
  record.ttl_duration_secs = ttl_secs.value_or(Artifact::kTtlInherited);
  record.incremental = options.incremental;
  record.base_id = base_id;
  if (!is_of_md5()) record.digest_algorithm = "MANIFEST_" + options.digest_algorithm;
  record.finalize = true;
  return record;
}

// --- what became of it

void Draft::set_under_way(Fate fate, std::shared_ptr<const Server> to) {
  const std::scoped_lock lock(mutex_);
  if (facts) return;
  fate_ = fate;
  server = std::move(to);
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

void Draft::become(ArtifactFacts given, std::shared_ptr<const Server> from) {
  const std::scoped_lock lock(mutex_);
  is_final = true;
  fate_ = Fate::kCommitted;
  server_id = given.id;
  home_entity = given.source_entity;
  home_project = given.source_project;
  server = std::move(from);
  options.description = given.description;
  options.metadata = given.metadata;
  options.digest_algorithm = given.digest_algorithm;
  ttl_secs = given.ttl_secs;
  ttl_changed = false;
  saved_aliases = given.aliases;
  saved_tags = given.tags;
  // The server may have merged it with others' files, or into a base.
  if (!facts || facts->id != given.id) entries_loaded_ = false;
  facts = std::move(given);
}

Result<void> Draft::load_entries() {
  const std::scoped_lock loading(loading_);
  std::shared_ptr<const Server> from;
  std::string id;
  {
    const std::scoped_lock lock(mutex_);
    if (entries_loaded_ || !facts) return {};
    from = server;
    id = facts->id;
  }
  RUNSTONE_TRY(auto loaded, fetch_entries(*from, id));
  const std::scoped_lock lock(mutex_);
  entries.clear();
  for (auto& entry : loaded) {
    std::string path = entry.path;
    entries.emplace(std::move(path), std::move(entry));
  }
  entries_loaded_ = true;
  return {};
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
  if (!is_settled() && birth_generation_ != fs::fork_generation()) {
    return fail(ErrorCode::kFailedPrecondition,
                "artifact '" + name +
                    "' is sent by the process that logged it, which a forked child never hears of: "
                    "wait there");
  }
  if (timeout_secs <= 0) {
    settled_.wait(lock, is_settled);
  } else if (!settled_.wait_for(lock, std::chrono::microseconds(us_of_seconds(timeout_secs)),
                                is_settled)) {
    return fail(ErrorCode::kDeadlineExceeded, "artifact '" + name + "' is not on the server yet");
  }
  if (fate_ == Fate::kFailed) return fail(failure_);
  return {};
}

}  // namespace runstone::artifact
