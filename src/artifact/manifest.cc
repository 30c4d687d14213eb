#include "artifact/manifest.h"

#include <filesystem>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {
constexpr std::size_t kReadBytes = 1 << 20;
}

std::string md5_base64(std::string_view bytes) {
  Digest digest(Digest::Kind::kMd5);
  digest.add(bytes);
  return to_base64(digest.finish());
}

std::string artifact_digest(const std::vector<protocol::ManifestEntry>& sorted_entries) {
  Digest digest(Digest::Kind::kMd5);
  digest.add("wandb-artifact-manifest-v1\n");
  for (const auto& entry : sorted_entries) {
    digest.add(entry.path);
    digest.add(":");
    digest.add(entry.digest);
    digest.add("\n");
  }
  return to_hex(digest.finish());
}

Result<FileDigest> digest_file(const std::string& path, const std::string& copy_to) {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(const auto source, disk.open_read(path));
  std::unique_ptr<fs::File> target;
  if (!copy_to.empty()) {
    RUNSTONE_TRY(disk.make_directories(fs::Path(copy_to).parent_path()));
    RUNSTONE_TRY(target, disk.create_new(copy_to));
  }
  Digest digest(Digest::Kind::kMd5);
  FileDigest result;
  std::string buffer(kReadBytes, '\0');
  while (true) {
    RUNSTONE_TRY(const std::size_t size,
                 source->read_at(result.size_bytes, Span<char>(buffer.data(), buffer.size())));
    if (size == 0) break;
    const std::string_view piece(buffer.data(), size);
    digest.add(piece);
    if (target) RUNSTONE_TRY(target->write_at(result.size_bytes, piece));
    result.size_bytes += size;
  }
  result.digest = to_base64(digest.finish());
  return result;
}

std::string manifest_json(const protocol::ArtifactManifest& manifest) {
  std::string out =
      "{\"version\":1,\"storagePolicy\":\"wandb-storage-policy-v1\","
      "\"storagePolicyConfig\":{\"storageLayout\":\"V2\"},\"contents\":{";
  const char* separator = "";
  for (const auto& entry : manifest.contents) {
    out += separator;
    separator = ",";
    json::append_string(out, entry.path);
    out += ":{\"digest\":";
    json::append_string(out, entry.digest);
    if (entry.ref.empty() || entry.size_bytes > 0) {
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

}  // namespace runstone::artifact
