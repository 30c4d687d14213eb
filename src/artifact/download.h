#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "artifact/server.h"
#include "protocol/record.h"
#include "runstone/artifact.h"

namespace runstone::artifact {

struct DownloadRequest {
  std::shared_ptr<const Server> server;
  ArtifactFacts facts;
  std::vector<protocol::ManifestEntry> entries;  ///< which of the version's
  std::string root;                              ///< the folder that gets them
  bool allow_missing_references = false;
  bool skip_cache = false;
  std::function<Result<void>()> watch;  ///< asked now and then; an error ends it
};

/// Brings the entries to their paths below the root, several at a time. A file that is there with
/// the right content is left alone, any other is replaced in one step; files that are no entries
/// stay. Everything is digested as it comes.
/// Errors: those of Server::ask(), kNotFound (a file or reference that is gone), kCorrupt (content
/// of another digest), and of writing. Then some entries may be there, each whole.
Result<void> download(const DownloadRequest& request);

/// Some entries of a version, into the folder that the options name, or that of download(); gives
/// the folder. Errors: kFailedPrecondition for a draft, those of download().
Result<std::string> download_entries(const Artifact& version,
                                     const std::vector<ArtifactEntry>& entries,
                                     const DownloadArtifactOptions& options);

/// Whether the file at `path` is what the entry says. Errors: of reading; kNotFound if there is
/// none.
Result<bool> has_content(const std::string& path, const protocol::ManifestEntry& entry);

}  // namespace runstone::artifact
