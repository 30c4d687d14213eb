#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "artifact/server.h"
#include "protocol/record.h"
#include "runstone/artifact.h"

namespace runstone::artifact {

/// What an Artifact handle holds.
class Draft {
 public:
  Draft(std::string name, std::string type, ArtifactOptions options);
  /// Removes the copies of files that no journal names.
  ~Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  Result<ArtifactEntry> add_file(const std::string& local_path, const AddFileOptions& options);
  Result<void> add_dir(const std::string& local_path, const AddDirOptions& options);
  Result<ArtifactEntry> add_bytes(const std::string& path, std::string_view bytes, bool overwrite);
  /// An entry of the bytes that `fill` gives, piece by piece. Errors: `fill`'s, too.
  using Write = std::function<Result<void>(std::string_view piece)>;
  Result<ArtifactEntry> add_written(const std::string& path,
                                    const std::function<Result<void>(const Write& write)>& fill,
                                    bool overwrite);
  Result<void> add(protocol::ManifestEntry entry, bool overwrite);
  Result<void> remove(const std::string& path);

  /// The journal's record of it; finalizes.
  protocol::ArtifactRecord to_record();
  protocol::ArtifactManifest manifest() const;
  std::string digest() const;
  bool is_of_md5() const { return options.digest_algorithm == "MD5"; }

  Result<void> check_still_open() const;  ///< kFailedPrecondition once it is final
  /// Media keep the entry that they were added as.
  void remember(std::shared_ptr<media::Object> object, const std::string& path);
  std::optional<ArtifactEntry> entry_of(const media::Object* object) const;
  std::optional<ArtifactEntry> entry_at(const std::string& path) const;

  // What became of it.
  enum class Fate { kDraft, kOffline, kUnderWay, kCommitted, kFailed };
  void set_under_way(Fate fate, std::shared_ptr<const Server> to = nullptr);
  void settle(Result<std::string> server_id);
  Result<void> wait(double timeout_secs) const;
  Fate fate() const;
  void set_distributed_id(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    distributed_id = id;
  }

  /// Takes over what a server says; from then on it is a version, not a draft.
  void become(ArtifactFacts facts, std::shared_ptr<const Server> server);
  /// Reads the manifest of a version that was found on a server, once.
  Result<void> load_entries();

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
  std::string distributed_id;
  bool is_final = false;
  std::string server_id;
  std::shared_ptr<const Server>
      server;                          // owned with the run and other artifacts of the same server
  std::optional<ArtifactFacts> facts;  // aliases and tags as they were set since
  std::vector<std::string> saved_aliases, saved_tags;  // as the server has them
  bool ttl_changed = false;
  // Of new_draft(): the version it was made from; and, of versions too, the only place where it may
  // be logged.
  std::string base_id, home_entity, home_project;

  std::mutex& mutex() const { return mutex_; }

 private:
  Result<void> check_open() const;
  /// A new file's name among the copies, and its removal unless an entry came to own it.
  std::string new_copy();
  void drop_copy(const std::string& path);

  std::map<std::shared_ptr<media::Object>, std::string> objects_;  // to their entries' paths
  mutable std::mutex mutex_;
  mutable std::condition_variable settled_;
  std::set<std::string> copies_;   // of ours, in the staging folder
  unsigned birth_generation_ = 0;  // a forked child's copy removes nothing
  bool is_recorded_ = false;
  std::mutex loading_;  // one reading of the manifest at a time
  bool entries_loaded_ = true;
  Fate fate_ = Fate::kDraft;
  Error failure_;
};

ArtifactEntry public_entry(const protocol::ManifestEntry& entry);
protocol::ManifestEntry stored_entry(const ArtifactEntry& entry);

}  // namespace runstone::artifact
