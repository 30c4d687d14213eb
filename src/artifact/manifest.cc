#include "artifact/manifest.h"

#include <algorithm>
#include <filesystem>

#include "artifact/copy.h"
#include "artifact/following_digest.h"
#include "artifact/rules.h"
#include "artifact/stores/object_store.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {
constexpr std::size_t kReadBytes = 1 << 20;
}  // namespace

std::string digest_base64(std::string_view bytes, Digest::Kind kind) {
  Digest digest(kind);
  digest.add(bytes);
  return to_base64(digest.finish());
}

std::string artifact_digest(const std::vector<protocol::ManifestEntry>& sorted_entries,
                            Digest::Kind kind) {
  Digest digest(kind);
  digest.add("wandb-artifact-manifest-v1\n");
  for (const auto& entry : sorted_entries) {
    digest.add(entry.path);
    digest.add(":");
    digest.add(entry.digest);
    digest.add("\n");
  }
  return to_hex(digest.finish());
}

Result<FileDigest> digest_file(const std::string& path, Digest::Kind kind,
                               const std::string& copy_to) {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(const auto source, disk.open_read(path));
  RUNSTONE_TRY(const std::uint64_t size_bytes, source->size_bytes());
  std::unique_ptr<fs::File> target;
  if (!copy_to.empty()) {
    RUNSTONE_TRY(disk.make_directories(fs::Path(copy_to).parent_path()));
    if (size_bytes >= FollowingDigest::kWorthwhileBytes)
      return copy_and_digest(path, copy_to, kind);
    RUNSTONE_TRY(target, disk.create_new(copy_to));
  }
  Digest digest(kind);
  FileDigest result;
  // One byte more than the file has: its end is seen at the first look.
  std::string buffer(std::min<std::uint64_t>(size_bytes + 1, kReadBytes), '\0');
  while (true) {
    RUNSTONE_TRY(const std::size_t size,
                 source->read_at(result.size_bytes, Span<char>(buffer.data(), buffer.size())));
    const std::string_view piece(buffer.data(), size);
    digest.add(piece);
    if (target && size > 0) RUNSTONE_TRY(target->write_at(result.size_bytes, piece));
    result.size_bytes += size;
    if (size < buffer.size()) break;
  }
  result.digest = to_base64(digest.finish());
  return result;
}

std::string manifest_json(const protocol::ArtifactManifest& manifest) {
  std::string out =
      "{\"version\":1,\"storagePolicy\":\"wandb-storage-policy-v1\",\"storagePolicyConfig\":{";
  out += "\"storageLayout\":\"V2\"";  // the only one that is sent, whatever an old journal says
  for (const auto& [key, json_text] : manifest.storage_policy_config) {
    if (key == "storageLayout") continue;
    out += ',';
    json::append_string(out, key);
    out += ':' + json_text;
  }
  out += "},\"contents\":{";
  const char* separator = "";
  for (const auto& entry : manifest.contents) {
    out += separator;
    separator = ",";
    json::append_string(out, entry.path);
    out += ":{\"digest\":";
    json::append_string(out, entry.digest);
    // Of what is far away an unknown size is left out; what is here has one, also 0, and so has
    // what a store was asked for.
    const bool is_here = entry.ref.empty() || entry.ref.rfind("file://", 0) == 0;
    const bool was_asked_for = entry.digest != entry.ref && store_of(entry.ref) != nullptr;
    if (is_here || was_asked_for || entry.size_bytes > 0) {
      out += ",\"size\":" + std::to_string(entry.size_bytes);
    }
    if (!entry.ref.empty()) {
      out += ",\"ref\":";
      json::append_string(out, entry.ref);
    }
    if (!entry.extra.empty()) {
      out += ",\"extra\":{";
      for (std::size_t i = 0; i < entry.extra.size(); ++i) {
        if (i > 0) out += ',';
        json::append_string(out, entry.extra[i].first);
        out += ':' + entry.extra[i].second;
      }
      out += '}';
    }
    if (!entry.birth_artifact_id.empty()) {
      out += ",\"birthArtifactID\":";
      json::append_string(out, entry.birth_artifact_id);
    }
    out += '}';
  }
  return out + "}}";
}

Result<protocol::ManifestEntry> parse_manifest_entry(const std::string& path, const Value& value) {
  protocol::ManifestEntry entry;
  auto checked = checked_path(path);
  if (!checked) return fail(ErrorCode::kCorrupt, "a manifest with " + checked.error().message);
  entry.path = path;
  const auto text = [&](const char* key) {
    const Value* found = value.get(key);
    return std::string(found == nullptr ? "" : found->string_or(""));
  };
  entry.digest = text("digest");
  if (entry.digest.empty()) {
    return fail(ErrorCode::kCorrupt, "a manifest in which '" + path + "' has no digest");
  }
  entry.ref = text("ref");
  entry.birth_artifact_id = text("birthArtifactID");
  if (const Value* size = value.get("size")) entry.size_bytes = size->int_or(0);
  if (const Value* extra = value.get("extra"); extra != nullptr && extra->is_dict()) {
    for (const auto& [key, item] : *extra->if_dict()) {
      entry.extra.emplace_back(key, json::to_text(item));
    }
  }
  return entry;
}

Result<std::vector<protocol::ManifestEntry>> parse_manifest(std::string_view text) {
  auto tree = json::parse(text);
  if (!tree) return fail(ErrorCode::kCorrupt, "the manifest is no JSON");
  const Value* version = tree->get("version");
  const Value* contents = tree->get("contents");
  if (version == nullptr || version->int_or(0) != 1 || contents == nullptr ||
      !contents->is_dict()) {
    return fail(ErrorCode::kCorrupt, "the manifest is not of version 1");
  }
  std::vector<protocol::ManifestEntry> entries;
  entries.reserve(contents->if_dict()->size());
  for (const auto& [path, value] : *contents->if_dict()) {
    RUNSTONE_TRY(auto entry, parse_manifest_entry(path, value));
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return entries;
}

Digest::Kind kind_of(const protocol::ManifestEntry& entry) {
  for (const auto& [key, text] : entry.extra) {
    if (key == "alg" && text == "\"XXH128\"") return Digest::Kind::kXxh128;
  }
  return Digest::Kind::kMd5;
}

}  // namespace runstone::artifact
