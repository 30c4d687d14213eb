#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "protocol/record.h"
#include "runstone/artifact.h"

namespace runstone::artifact {

/// Where copies of files wait until they are sent: <data dir>/artifacts/staging.
std::string staging_directory();

/// What an Artifact handle holds.
class Draft {
 public:
  Draft(std::string name, std::string type, ArtifactOptions options);

  Result<ArtifactEntry> add_file(const std::string& local_path, const AddFileOptions& options);
  Result<void> add_dir(const std::string& local_path, const std::string& name,
                       const std::string& policy);
  Result<ArtifactEntry> add_bytes(const std::string& path, std::string_view bytes, bool overwrite);
  Result<void> add(protocol::ManifestEntry entry, bool overwrite);
  Result<void> remove(const std::string& path);

  /// The journal's record of it; finalizes.
  protocol::ArtifactRecord to_record();
  protocol::ArtifactManifest manifest() const;

  // What became of it.
  enum class Fate { kDraft, kOffline, kUnderWay, kCommitted, kFailed };
  void set_under_way(Fate fate);
  void settle(Result<std::string> server_id);
  Result<void> wait(double timeout_secs) const;
  Fate fate() const;

  template <typename F>
  auto with(F&& read) const {
    const std::scoped_lock lock(mutex_);
    return read(*this);
  }

  // Guarded by mutex_; read through with().
  const std::string name, type, client_id, sequence_client_id;
  ArtifactOptions options;
  std::optional<std::int64_t> ttl_secs;
  std::map<std::string, protocol::ManifestEntry> entries;
  bool is_final = false;
  std::string server_id;

  std::mutex& mutex() const { return mutex_; }

 private:
  Result<void> check_open() const;

  mutable std::mutex mutex_;
  mutable std::condition_variable settled_;
  Fate fate_ = Fate::kDraft;
  Error failure_;
};

/// Errors: kInvalidArgument for more than 100 keys and for infinities; NaN becomes null.
Result<Dict> checked_metadata(const Dict& metadata);

/// Aliases as a version gets them: "latest" among them, no `/` or `:`.
Result<std::vector<std::string>> checked_aliases(std::vector<std::string> aliases);
/// Tags without repetition; words of letters, digits, - and _, separated by spaces.
Result<std::vector<std::string>> checked_tags(const std::vector<std::string>& tags);

}  // namespace runstone::artifact
