#pragma once

#include <string>

#include "protocol/record.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// Where an entry's content is on this machine: the file that it names or, once that was put away,
/// the cache.
std::string content_path(const protocol::ManifestEntry& entry);

/// After an artifact was sent: the copies that were made for it go into the cache, or away.
void put_copies_away(const protocol::ArtifactManifest& manifest);

/// The entry with the MD5 of its content, for a server that takes no other digests.
Result<void> digest_by_md5(protocol::ManifestEntry& entry);

}  // namespace runstone::artifact
