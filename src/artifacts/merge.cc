#include "artifacts/merge.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>

#include "artifacts/artifacts.h"
#include "base/encoding.h"
#include "base/random_id.h"
#include "base/try.h"

namespace runstone::artifacts {
namespace {

constexpr std::size_t kEntriesPerWrite = 5'000;
constexpr std::int64_t kNamesInError = 5;

class Md5 {
 public:
  Md5() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr);
  }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
    return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

/// An object as text, mapped where it is a file: a manifest of millions of entries then lies in the
/// page cache and not in the server's memory. Objects never change, so the map cannot tear.
class ObjectText {
 public:
  static Result<std::unique_ptr<ObjectText>> open(const objects::ObjectStore& objects,
                                                  const std::string& key) {
    auto text = std::make_unique<ObjectText>();
    RUNSTONE_TRY(const auto path, objects.local_path(key));
    if (path.empty()) {
      RUNSTONE_TRY(text->copy_, objects.get(key));
      return text;
    }
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(ErrorCode::kIo, "cannot open " + path.string());
    struct ::stat info {};
    const bool known = ::fstat(fd, &info) == 0;
    if (known && info.st_size > 0) {
      text->size_ = static_cast<std::size_t>(info.st_size);
      text->map_ = ::mmap(nullptr, text->size_, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    ::close(fd);
    if (!known || text->map_ == MAP_FAILED) {
      text->map_ = nullptr;
      return fail(ErrorCode::kIo, "cannot map " + path.string());
    }
    return text;
  }
  ObjectText() = default;
  ObjectText(const ObjectText&) = delete;
  ObjectText& operator=(const ObjectText&) = delete;
  ~ObjectText() {
    if (map_ != nullptr) ::munmap(map_, size_);
  }
  std::string_view view() const {
    return map_ != nullptr ? std::string_view(static_cast<const char*>(map_), size_) : copy_;
  }

 private:
  std::string copy_;
  void* map_ = nullptr;
  std::size_t size_ = 0;
};

std::string writer_name(const store::ArtifactManifest& manifest) {
  return manifest.run.empty() ? manifest.name : manifest.name + " of run " + manifest.run;
}

}  // namespace

// Those whose bytes are here, in the order of announcing. One that a writer announced and did not
// upload is an error, unless that writer began anew and then did.
Result<std::vector<store::ArtifactManifest>> Merger::arrived(const store::Artifact& artifact) {
  RUNSTONE_TRY(const auto all, rows_.manifests(artifact.id));
  std::vector<store::ArtifactManifest> here, lost;
  for (const auto& manifest : all) {
    if (manifest.digest.empty()) continue;
    const auto blob = rows_.find_blob(manifest.digest);
    if (!blob && blob.error().code != ErrorCode::kNotFound) return fail(blob.error());
    (blob ? here : lost).push_back(manifest);
  }
  for (const auto& manifest : lost) {
    const bool anew = std::any_of(here.begin(), here.end(), [&](const auto& other) {
      // Whole manifests of one version say the same, whoever brings one.
      if (other.type != manifest.type) return false;
      return manifest.type == store::ManifestType::kFull ||
             (other.run == manifest.run && other.id > manifest.id);
    });
    if (!anew) {
      return fail(ErrorCode::kFailedPrecondition,
                  "the manifest " + writer_name(manifest) +
                      " was announced but not uploaded: upload it, then commit");
    }
  }
  if (here.empty()) {
    return fail(ErrorCode::kFailedPrecondition,
                "the artifact has no manifest yet: upload one, then commit");
  }
  return here;
}

Result<void> Merger::add_entries(const store::Artifact& artifact, const std::string& digest) {
  RUNSTONE_TRY(const auto text, ObjectText::open(objects_, Artifacts::object_key(digest)));
  std::vector<store::ArtifactEntry> waiting;
  const auto flush = [&]() -> Result<void> {
    RUNSTONE_TRY(rows_.put_entries(artifact.id, waiting));
    waiting.clear();
    return {};
  };
  RUNSTONE_TRY(auto head,
               read_manifest(text->view(), [&](store::ArtifactEntry entry) -> Result<void> {
                 waiting.push_back(std::move(entry));
                 return waiting.size() < kEntriesPerWrite ? Result<void>() : flush();
               }));
  config_json_ = std::move(head.storage_policy_config_json);
  return flush();
}

Result<void> Merger::check_bytes(const store::Artifact& artifact, store::EntityId entity) {
  RUNSTONE_TRY(const auto missing, rows_.missing_entries(artifact.id, entity, kNamesInError + 1));
  if (missing.empty()) return {};
  std::string names;
  const auto shown = std::min<std::size_t>(missing.size(), kNamesInError);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) names += ", ";
    names += missing[i].path;
    const auto blob = rows_.find_blob(missing[i].digest);
    if (blob && blob->size_bytes != missing[i].size_bytes) {
      names += " (" + std::to_string(missing[i].size_bytes) + " bytes in the manifest, " +
               std::to_string(blob->size_bytes) + " uploaded)";
    }
  }
  if (missing.size() > shown) names += ", and more";
  return fail(ErrorCode::kFailedPrecondition,
              "files of the artifact were not uploaded as its manifest describes them: " + names);
}

// One walk over the entries by path gives the manifest's text, the digest of the version and its
// size.
Result<store::CommitArtifact> Merger::write(const store::Artifact& artifact) {
  const auto file = objects_.spool_folder() / random_id(16);
  struct Remove {
    const std::filesystem::path& path;
    ~Remove() {
      std::error_code ignored;
      std::filesystem::remove(path, ignored);
    }
  } const remove{file};
  std::ofstream out(file, std::ios::binary);
  Md5 bytes, digest;
  store::CommitArtifact commit;
  std::int64_t size_bytes = 0;
  const auto put = [&](std::string_view text) {
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    bytes.add(text);
    size_bytes += static_cast<std::int64_t>(text.size());
  };
  put(manifest_begin(config_json_));
  digest.add("wandb-artifact-manifest-v1\n");
  std::optional<std::string> after;
  while (true) {
    std::optional<std::string_view> from;
    if (after) from = *after;
    RUNSTONE_TRY(const auto page, rows_.list_entries(artifact.id, from, kEntriesPerWrite));
    std::string text;
    for (const auto& entry : page) {
      if (commit.file_count++ > 0) text += ',';
      append_entry(text, entry);
      digest.add(
          entry.path + ":" +
          (entry.ref.empty() ? to_base64(from_hex(entry.digest).value_or("")) : entry.digest) +
          "\n");
      commit.size_bytes += entry.size_bytes;
    }
    put(text);
    if (page.size() < kEntriesPerWrite) break;
    after = page.back().path;
  }
  put(kManifestEnd);
  out.close();
  if (!out) return fail(ErrorCode::kIo, "cannot write the manifest of the artifact");
  commit.artifact = artifact.id;
  commit.digest = digest.hex();
  commit.manifest_digest = bytes.hex();
  commit.commit_hash = to_hex(random_bytes(10));
  commit.now_us = clock_.now_us();
  // Reserved, so that nobody frees these bytes before the commit refers to them.
  const std::array reserved = {commit.manifest_digest};
  RUNSTONE_TRY(rows_.reserve(artifact.id, reserved));
  RUNSTONE_TRY(keep_({commit.manifest_digest, size_bytes, commit.now_us}, file));
  return commit;
}

Result<store::CommitArtifact> Merger::merge(const store::Artifact& artifact,
                                            store::EntityId entity) {
  RUNSTONE_TRY(const auto manifests, arrived(artifact));
  std::optional<store::ArtifactId> base;
  for (const auto& manifest : manifests) {
    if (manifest.type == store::ManifestType::kIncremental && manifest.base) base = manifest.base;
  }
  RUNSTONE_TRY(rows_.clear_entries(artifact.id, base));
  for (const auto& manifest : manifests) {
    RUNSTONE_TRY(add_entries(artifact, manifest.digest));
  }
  RUNSTONE_TRY(check_bytes(artifact, entity));
  return write(artifact);
}

}  // namespace runstone::artifacts
