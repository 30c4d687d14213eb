#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/media.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone {

namespace artifact {
class Draft;
class Server;
}  // namespace artifact
class Artifact;

struct ArtifactOptions {
  std::string description;
  Dict metadata;  ///< at most 100 keys; NaN becomes null, infinities are refused
  /// Adds to the newest version of the collection instead of standing for itself.
  bool incremental = false;
  std::string storage_region;  ///< of a server that has several; else empty
  /// How content is told apart: MD5, or XXH128 (XXH3, several times faster). A server that takes
  /// MD5 only is given MD5.
  std::string digest_algorithm = "MD5";
};

struct AddFileOptions {
  std::string name;  ///< path in the artifact; the file's own name if empty
  /// mutable: the content is copied now, later changes do not matter; immutable: the file is read
  /// where it is when it is sent.
  std::string policy = "mutable";
  bool overwrite = false;   ///< replaces an entry of other content
  bool is_tmp = false;      ///< names it by the first 20 hex digits of its digest
  bool skip_cache = false;  ///< the copy is not kept in the cache once it is sent
};

struct AddDirOptions {
  std::string name;                ///< of the folder in the artifact; its root if empty
  std::string policy = "mutable";  ///< as of a file
  bool merge = false;              ///< files of other content replace entries
  bool skip_cache = false;
};

struct AddObjectOptions {
  bool overwrite = false;
  bool refuse_long_tables = false;  ///< a table of too many rows is an error, not cut
  std::function<void(const std::string& text)> warn;  ///< what to tell the user; may be empty
};

/// One file or reference of an artifact.
struct ArtifactEntry {
  std::string path;    ///< in the artifact, relative, with `/`
  std::string digest;  ///< base64 MD5 of the content; of a reference what its scheme says
  std::string ref;     ///< URI of a reference; else empty
  std::uint64_t size_bytes = 0;
  std::string local_path;         ///< where the content is now; empty for references
  Dict extra;                     ///< etag and versionID of a reference; alg of a digest
  std::string birth_artifact_id;  ///< the version that brought the content; empty if not sent yet
  bool skip_cache = false;
};

/// What a server says of a version, in the collection where it was found: its own, or one that it
/// is linked to.
struct ArtifactFacts {
  std::string id, type;
  std::string entity, project, collection;
  std::string collection_id;  ///< of the collection; empty if the version was found by its own id
  std::string version;        ///< "v3", in that collection
  std::string source_entity, source_project, source_collection, source_version;
  bool is_link = false;
  std::vector<std::string> aliases;  ///< there, without the version
  std::vector<std::string> tags;
  std::string description;
  Dict metadata;
  std::string state;  ///< PENDING, COMMITTED, DELETED
  std::string digest, digest_algorithm;
  std::string commit_hash;
  std::uint64_t size_bytes = 0;  ///< references included
  std::uint64_t file_count = 0;  ///< references included
  std::string created_at, updated_at;
  std::string linked_at;                     ///< empty if it is no link
  std::optional<std::int64_t> history_step;  ///< the run's last step when it was logged
  std::int64_t ttl_secs = 0;                 ///< positive, or Artifact::kTtlForever
  bool ttl_is_inherited = true;
};

struct DownloadArtifactOptions {
  std::string root;  ///< the folder; <artifact dir>/<name>:v<N> if empty
  bool allow_missing_references = false;
  bool skip_cache = false;
  std::string path_prefix;  ///< only entries whose paths begin so
  /// Asked ten times a second on the calling thread; an error ends the download with it.
  std::function<Result<void>()> watch;
};

/// A named, versioned set of files. A draft until Run::log_artifact() takes it; then it is final
/// and sent in the background. What a server has of it is known after wait(), and from
/// Run::use_artifact() at once. A handle: copies are the same artifact. Any thread; what says so
/// waits for the network.
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
  // that is absolute or leads out, an entry of other content), kPermissionDenied, kIo,
  // kResourceExhausted (no room for the copy). Then nothing was added; add_dir() may have added
  // some of the files.
  Result<ArtifactEntry> add_file(const std::string& local_path, const AddFileOptions& options = {});
  /// Every file below the folder, links followed, at its path below the name. Copies and digests
  /// are made by several threads.
  Result<void> add_dir(const std::string& local_path, const AddDirOptions& options = {});
  Result<void> add_dir(const std::string& local_path, const std::string& name,
                       const std::string& policy = "mutable") {
    AddDirOptions options;
    options.name = name;
    options.policy = policy;
    return add_dir(local_path, options);
  }
  Result<ArtifactEntry> add_bytes(const std::string& path, std::string_view bytes,
                                  bool overwrite = false);
  /// What an address points to, without its bytes: file:// (a file or folder), s3:// and gs:// (an
  /// object or prefix), https:// (a blob or prefix of Azure, else one file); any other scheme, by
  /// its address alone, needs a name. With `checksum` the file is read or the store is asked,
  /// without it the address stands for itself and nobody is asked. An entry of another artifact,
  /// wandb-artifact://<id>/<path> (ref_url()), is looked up on the server; what that entry refers
  /// to in further artifacts, too.
  /// Errors: kInvalidArgument (an address that cannot be, more than max_objects, credentials that
  /// cannot be read), kNotFound (nothing is there), kConflict (the store or server refuses),
  /// kUnavailable, kDeadlineExceeded; each says what to do.
  Result<std::vector<ArtifactEntry>> add_reference(const std::string& uri,
                                                   const std::string& name = "",
                                                   bool checksum = true,
                                                   std::uint64_t max_objects = 10'000'000);
  /// The entry of another artifact, which a server has. Errors, too: kFailedPrecondition (`source`
  /// is a draft), kNotFound (it has no such entry).
  Result<ArtifactEntry> add_reference(const Artifact& source, const std::string& path,
                                      const std::string& name = "");
  /// A Table, Image, Audio, Video, Html, Object3D, Molecule, Classes or JoinedTable as the entry
  /// <name>.<type>.json, and the files that it is made of. An object that is in the artifact
  /// already keeps its entry; a name that is taken keeps its object unless `overwrite`. Errors:
  /// kInvalidType (another kind of media), those of encoding it.
  Result<ArtifactEntry> add(const Media& object, const std::string& name,
                            const AddObjectOptions& options = {});
  /// An entry whose digest the caller knows.
  Result<void> add_entry(const ArtifactEntry& entry, bool overwrite = false);
  /// An entry, or all below a folder. kNotFound if there is none.
  Result<void> remove(const std::string& path);

  std::string name() const;  ///< "ds", of a version on a server "ds:v0"
  std::string type() const;
  std::string client_id() const;  ///< by which others can refer to it before a server has it
  std::string description() const;
  Dict metadata() const;
  void set_description(const std::string& text);
  Result<void> set_metadata(const Dict& metadata);
  static constexpr std::int64_t kTtlInherited = -1;  ///< of the collection or the team
  static constexpr std::int64_t kTtlForever = -2;
  /// Time to live: positive seconds, or one of the two constants. Errors: kInvalidArgument.
  Result<void> set_ttl_secs(std::int64_t seconds);
  /// Positive seconds or kTtlForever. Errors: kFailedPrecondition for a draft that has none of its
  /// own.
  Result<std::int64_t> ttl_secs() const;
  bool incremental() const;
  std::string digest_algorithm() const;  ///< MD5 or XXH128
  std::string distributed_id() const;    ///< of upsert_artifact(); else empty
  void set_distributed_id(const std::string& id);
  std::string state() const;  ///< PENDING, COMMITTED, DELETED
  /// By path. Of a version on a server its manifest is read, once; errors as of what asks it.
  Result<std::vector<ArtifactEntry>> entries() const;
  Result<std::string> manifest_json() const;  ///< as it is sent
  std::string digest() const;                 ///< hex; of the entries' paths and digests
  std::uint64_t size_bytes() const;           ///< references included
  void finalize();
  bool is_final() const;
  bool is_draft() const;  ///< no server is known to have it

  /// Whether it was given to a run that sends it (not offline).
  bool is_sent() const;
  /// Waits until the server has committed it, and reads what it says of it. Errors:
  /// kFailedPrecondition (a draft, or offline), kDeadlineExceeded, kUnavailable (the run ended
  /// before it was sent), kInvalidArgument (the server refused it, with its words).
  /// `timeout_secs` 0: no bound.
  Result<void> wait(double timeout_secs = 0) const;

  // --- of a version on a server. Errors of all: kFailedPrecondition for a draft (or before
  // wait()); of what asks the server, too: kNotFound, kUnauthenticated, kPermissionDenied,
  // kUnavailable, kConflict (the server says no, with its words).
  /// Everything below at once, as it was read (aliases and tags as they were set since).
  Result<ArtifactFacts> facts() const;
  std::string id() const;  ///< empty for a draft
  Result<std::string> version() const;
  Result<std::string> entity() const;
  Result<std::string> project() const;
  Result<std::string> collection() const;
  Result<std::string> qualified_name() const;  ///< entity/project/name:version
  Result<std::string> source_qualified_name() const;
  bool is_link() const;  ///< false for a draft
  Result<std::vector<std::string>> aliases() const;
  Result<std::vector<std::string>> tags() const;
  /// Replaced here; save() sends them. Errors: kInvalidArgument, too.
  Result<void> set_aliases(const std::vector<std::string>& aliases);
  Result<void> set_tags(const std::vector<std::string>& tags);
  Result<std::string> url() const;  ///< its page
  /// Sends what was set since it was read: description, metadata, time to live, aliases, tags.
  Result<void> save();

  /// The collections that it is linked to, as versions there; none for a link.
  Result<std::vector<Artifact>> linked_artifacts() const;
  /// The version that a link links to; this one if it is no link.
  Result<Artifact> source_artifact() const;
  /// Puts it into another collection: "[[entity/]project/]collection", what is missing from its
  /// own place. Gives the version there.
  Result<Artifact> link(const std::string& target_path,
                        const std::vector<std::string>& aliases = {}) const;
  /// Takes a link away. Errors: kInvalidArgument if it is none.
  Result<void> unlink();
  /// The version and its content; of a link the link alone. Errors: kConflict while it has aliases,
  /// unless they are to go with it.
  Result<void> remove_from_server(bool delete_aliases = false);
  /// A draft with the same content; logged, it becomes the collection's next version.
  Result<Artifact> new_draft() const;
  /// "entity/project/run" of each run that used it, and of the one that logged it ("" if none).
  Result<std::vector<std::string>> used_by() const;
  Result<std::string> logged_by() const;

  /// Brings the content into a folder, several files at a time, through the cache; gives its path.
  /// A file that is there and right is left alone, a foreign one, too. Everything is checked by its
  /// digest. Errors: kCorrupt (another digest), kNotFound (a reference that is gone), kIo, ...
  Result<std::string> download(const DownloadArtifactOptions& options = {}) const;
  /// Removes what is foreign in the folder (./artifacts/<name> by default), then downloads.
  Result<std::string> checkout(const std::string& root = "") const;
  /// Errors: kCorrupt (a file that is foreign, missing or changed). References are passed over.
  Result<void> verify(const std::string& root = "") const;
  /// The one file of an artifact, downloaded. Errors: kInvalidArgument if there are not one.
  Result<std::string> file(const std::string& root = "") const;
  /// The object that add() put in under this name, a Table or Image or ..., from its entry and the
  /// files that it is made of; those are downloaded to where download() puts them. Empty if there
  /// is none: `if (*artifact.get("sample"))`. Of one that refers to another artifact's object: that
  /// one. Errors, too: kCorrupt (what is there describes no such object), those of making it.
  ///
  ///   runstone::Result<runstone::Table> table = data.get("t").and_then(runstone::Table::of);
  Result<Media> get(const std::string& name) const;
  /// By its path; of an object also by the name that it was added by. Errors: kNotFound.
  Result<ArtifactEntry> get_entry(const std::string& path) const;
  /// Downloads one entry; gives its path.
  Result<std::string> download_entry(const ArtifactEntry& entry,
                                     const DownloadArtifactOptions& options = {}) const;
  /// By which another artifact can refer to an entry of this one.
  Result<std::string> ref_url(const ArtifactEntry& entry) const;

  /// Where a reference leads; through entries of other artifacts to the last one. Errors:
  /// kInvalidArgument for a file.
  Result<std::string> ref_target(const ArtifactEntry& entry) const;

  /// What names this version as a value of a config.
  Result<Value> config_value() const;

  /// A version as a server told of it.
  static Artifact of_server(std::shared_ptr<const artifact::Server> server, ArtifactFacts facts);

  explicit Artifact(std::shared_ptr<artifact::Draft> draft) : draft_(std::move(draft)) {}
  const std::shared_ptr<artifact::Draft>& draft() const { return draft_; }

 private:
  std::shared_ptr<artifact::Draft> draft_;
};

}  // namespace runstone
