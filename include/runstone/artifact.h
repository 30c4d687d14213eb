#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone {

namespace artifact {
class Draft;
}

struct ArtifactOptions {
  std::string description;
  Dict metadata;  ///< at most 100 keys; NaN becomes null, infinities are refused
  /// Adds to the newest version of the collection instead of standing for itself.
  bool incremental = false;
};

struct AddFileOptions {
  std::string name;  ///< path in the artifact; the file's own name if empty
  /// mutable: the content is copied now, later changes do not matter; immutable: the file is read
  /// where it is when it is sent.
  std::string policy = "mutable";
  bool overwrite = false;  ///< replaces an entry of other content
};

/// One file or reference of an artifact.
struct ArtifactEntry {
  std::string path;    ///< in the artifact, relative, with `/`
  std::string digest;  ///< base64 MD5 of the content; of a reference what its scheme says
  std::string ref;     ///< URI of a reference; else empty
  std::uint64_t size_bytes = 0;
  std::string local_path;  ///< where the content is now; empty for references
};

/// A named, versioned set of files. A draft until Run::log_artifact() takes it; then it is final
/// and sent in the background. A handle: copies are the same artifact. Any thread.
///
///   auto data = runstone::Artifact::create("mnist", "dataset");
///   data->add_dir("data/mnist");
///   run.log_artifact(*data, {{"best"}});
class Artifact {
 public:
  /// Errors: kInvalidArgument (a name that is not [A-Za-z0-9_.-]{1,128}, a reserved type, more than
  /// 100 keys or an infinity in the metadata).
  static Result<Artifact> create(const std::string& name, const std::string& type,
                                 const ArtifactOptions& options = {});

  // Errors of all that add: kFailedPrecondition (final), kInvalidArgument (no such file, a path
  // that is absolute or leads out, an entry of other content), kIo.
  Result<ArtifactEntry> add_file(const std::string& local_path, const AddFileOptions& options = {});
  /// Every file below the folder, links followed, at its path below `name`.
  Result<void> add_dir(const std::string& local_path, const std::string& name = "",
                       const std::string& policy = "mutable");
  Result<ArtifactEntry> add_bytes(const std::string& path, std::string_view bytes,
                                  bool overwrite = false);
  /// file:// (a file or folder, by content with `checksum`), s3://, gs://, http(s):// and others by
  /// their address alone; a scheme that is not known needs a name.
  Result<std::vector<ArtifactEntry>> add_reference(const std::string& uri,
                                                   const std::string& name = "",
                                                   bool checksum = true,
                                                   std::uint64_t max_objects = 10'000'000);
  /// An entry whose digest the caller knows.
  Result<void> add_entry(const ArtifactEntry& entry, bool overwrite = false);
  /// An entry, or all below a folder. kNotFound if there is none.
  Result<void> remove(const std::string& path);

  std::string name() const;
  std::string type() const;
  std::string description() const;
  Dict metadata() const;
  void set_description(const std::string& text);
  Result<void> set_metadata(const Dict& metadata);
  /// Time to live: positive seconds, -1 of the team, -2 for ever.
  void set_ttl_secs(std::int64_t seconds);
  std::optional<std::int64_t> ttl_secs() const;
  bool incremental() const;
  std::vector<ArtifactEntry> entries() const;  ///< by path
  std::string digest() const;                  ///< hex; of the entries' paths and digests
  std::uint64_t size_bytes() const;
  void finalize();
  bool is_final() const;

  /// Whether it was given to a run that sends it (not offline).
  bool is_sent() const;
  /// Waits until the server has committed it. Errors: kFailedPrecondition (a draft, or offline),
  /// kDeadlineExceeded, kUnavailable (the run ended before it was sent), kInvalidArgument (the
  /// server refused it, with its words). `timeout_secs` 0: no bound.
  Result<void> wait(double timeout_secs = 0) const;
  /// Of the version on the server; empty until wait() has succeeded.
  std::string id() const;

  explicit Artifact(std::shared_ptr<artifact::Draft> draft) : draft_(std::move(draft)) {}
  const std::shared_ptr<artifact::Draft>& draft() const { return draft_; }

 private:
  std::shared_ptr<artifact::Draft> draft_;
};

}  // namespace runstone
