#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "artifact/server.h"
#include "protocol/record.h"
#include "runstone/artifact.h"

namespace runstone::artifact {

/// An entry of a version, as references of other artifacts name it:
/// wandb-artifact://<hex of the version's id>/<path>.
struct EntryAddress {
  std::string version_id;  ///< as the server writes it: base64
  std::string path;

  std::string text() const;
};

/// Whether a reference names an entry of a version. (wandb-client-artifact://, of an artifact that
/// no server has yet, is none.)
bool is_entry_address(std::string_view ref);
/// Errors: kInvalidArgument for another form.
Result<EntryAddress> parse_entry_address(const std::string& ref);

/// What references to other artifacts of one server lead to; each version is asked for once. Any
/// thread; the server must outlive it.
class OtherVersions {
 public:
  explicit OtherVersions(const Server& server) : server_(server) {}

  struct Found {
    EntryAddress address;  ///< of the last entry on the way
    ArtifactFacts facts;   ///< of its version
    protocol::ManifestEntry entry;
  };
  /// Follows references from artifact to artifact, to an entry that is a file or leads elsewhere.
  /// Errors: kNotFound (a version or an entry that is not there, or no more), kCorrupt (a way
  /// without an end), those of asking.
  Result<Found> follow(const EntryAddress& address);

 private:
  struct Version {
    ArtifactFacts facts;
    std::vector<protocol::ManifestEntry> entries;  // by path
  };
  Result<std::shared_ptr<const Version>> version(const std::string& id);

  const Server& server_;
  std::mutex mutex_;  // held while a version is asked for: who else wants it waits
  std::map<std::string, std::shared_ptr<const Version>> versions_;  // owned with who reads one
};

}  // namespace runstone::artifact
