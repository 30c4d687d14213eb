#pragma once

#include <string>

#include "protocol/record.h"

namespace runstone::artifact {

/// The manifest as the file that a server takes (version 1, storage layout V2).
std::string manifest_json(const protocol::ArtifactManifest& manifest);

/// Hex MD5 of "wandb-artifact-manifest-v1\n" and "<path>:<digest>\n" of each entry, by path. The
/// entries must be sorted.
std::string artifact_digest(const std::vector<protocol::ManifestEntry>& sorted_entries);

/// Base64 MD5 of bytes.
std::string md5_base64(std::string_view bytes);

struct FileDigest {
  std::string digest;  ///< base64 MD5
  std::uint64_t size_bytes = 0;
};
/// Reads the file once; with `copy_to` it writes what it reads there. Errors: kNotFound, kIo, ...
Result<FileDigest> digest_file(const std::string& path, const std::string& copy_to = "");

}  // namespace runstone::artifact
