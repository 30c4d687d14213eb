#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "protocol/record.h"
#include "runstone/value.h"

namespace runstone::artifact {

/// The manifest as the file that a server takes (version 1, storage layout V2).
std::string manifest_json(const protocol::ArtifactManifest& manifest);

/// The entries of such a file, by path. Errors: kCorrupt for another version or form, and for a
/// path that is absolute or leads out.
Result<std::vector<protocol::ManifestEntry>> parse_manifest(std::string_view text);

/// One of them. Errors: kCorrupt.
Result<protocol::ManifestEntry> parse_manifest_entry(const std::string& path, const Value& value);

/// The algorithm of an entry's digest: its extra `alg`, MD5 without one.
Digest::Kind kind_of(const protocol::ManifestEntry& entry);

/// Hex digest of "wandb-artifact-manifest-v1\n" and "<path>:<digest>\n" of each entry, by path. The
/// entries must be sorted.
std::string artifact_digest(const std::vector<protocol::ManifestEntry>& sorted_entries,
                            Digest::Kind kind = Digest::Kind::kMd5);

/// Base64 digest of bytes.
std::string digest_base64(std::string_view bytes, Digest::Kind kind = Digest::Kind::kMd5);
inline std::string md5_base64(std::string_view bytes) { return digest_base64(bytes); }

struct FileDigest {
  std::string digest;  ///< base64
  std::uint64_t size_bytes = 0;
};
/// Reads the file once; with `copy_to` it writes what it reads there. Errors: kNotFound,
/// kPermissionDenied, kResourceExhausted, kIo.
Result<FileDigest> digest_file(const std::string& path, Digest::Kind kind = Digest::Kind::kMd5,
                               const std::string& copy_to = "");

}  // namespace runstone::artifact
