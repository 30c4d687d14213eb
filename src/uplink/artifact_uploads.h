#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/artifact_documents.h"
#include "protocol/record.h"
#include "uplink/api.h"
#include "uplink/file_sender.h"

namespace runstone::uplink {

/// What became of an artifact that the journal named.
struct ArtifactOutcome {
  std::string client_id;
  std::string server_id;  ///< empty if it was refused:
  std::string error;      ///< with the server's words
};

/// Artifacts that are still to be sent, and the sending of them, one after another: the version is
/// created, its files get addresses in batches and are put there by a FileSender, then its
/// manifest, then it is committed. What is sent twice (after a crash, by `sync`) changes nothing:
/// the server knows the client's id and the content's digests. What was digested otherwise is
/// digested by MD5 for a server that takes nothing else. One that the server refuses, or
/// whose files have gone, is passed over and counted; trouble that may pass is the caller's to wait
/// for.
class ArtifactUploads {
 public:
  using Record = std::variant<protocol::ArtifactRecord, protocol::UseArtifactRecord>;

  void add(Record record) { waiting_.push_back(std::move(record)); }
  bool has_work() const { return !waiting_.empty() || job_.has_value(); }
  std::size_t count() const { return waiting_.size() + (job_ ? 1 : 0); }
  std::uint64_t failed() const { return failed_; }
  /// Whether all there is to do is to wait for the sender.
  bool is_waiting(const FileSender& sender) const;

  /// One request, or files handed to the sender: nothing if it went well.
  struct Step {
    bool progress = false;
    std::optional<Trouble> trouble;  ///< it may pass; the step is repeated
  };
  Step step(ApiClient& api, const RunIdentity& run, FileSender& sender, std::int64_t timeout_us,
            std::int64_t file_timeout_us);

  std::vector<ArtifactOutcome> take_outcomes() { return std::exchange(outcomes_, {}); }
  /// Every artifact that is not sent yet has failed, for this reason.
  void give_up(const std::string& why);

 private:
  enum class Stage {
    kCreate,
    kRedigest,
    kManifest,
    kReferences,
    kFiles,
    kManifestFile,
    kCommit,
    kUse
  };
  struct Job {
    protocol::ArtifactRecord record;
    Stage stage = Stage::kCreate;
    std::string server_id, latest_id, manifest_id;
    std::size_t next_file = 0;  ///< of the manifest's entries: the first without an address
    std::deque<FileJob> puts;   ///< addresses known, not handed to the sender yet
    std::size_t in_flight = 0;
    bool manifest_is_put = false;
    std::string manifest_text;
    int refused_puts = 0;
    std::string failure;  ///< why it fails, once what is in flight has come back
  };

  bool start_next();
  std::optional<Trouble> create(ApiClient& api, const protocol::RunAddress& run);
  std::optional<Trouble> redigest();
  std::optional<Trouble> announce_manifest(ApiClient& api, const protocol::RunAddress& run);
  std::optional<Trouble> resolve_references(ApiClient& api);
  std::optional<Trouble> ask_for_files(ApiClient& api);
  std::optional<Trouble> ask_for_manifest_file(ApiClient& api, const protocol::RunAddress& run);
  std::optional<Trouble> commit(ApiClient& api);
  std::optional<Trouble> use(ApiClient& api, const protocol::RunAddress& run);
  std::optional<Trouble> request_step(ApiClient& api, const protocol::RunAddress& run);
  protocol::ManifestRequest manifest_request(const std::string& digest) const;
  std::optional<Trouble> collect(FileSender& sender, bool& progress);
  void finish_job();
  void fail_job(const std::string& why);

  std::deque<Record> waiting_;
  std::optional<Job> job_;
  std::map<std::string, std::string> server_ids_;  // of the client ids sent so far
  std::vector<ArtifactOutcome> outcomes_;
  std::uint64_t failed_ = 0;
  std::int64_t timeout_us_ = 0, file_timeout_us_ = 0;  // of the step under way
};

}  // namespace runstone::uplink
