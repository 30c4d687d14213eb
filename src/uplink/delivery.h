#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "fs/file_system.h"
#include "journal/journal_reader.h"
#include "uplink/api.h"
#include "uplink/backoff.h"
#include "uplink/file_sender.h"
#include "uplink/file_uploads.h"
#include "uplink/origin.h"
#include "uplink/replay.h"
#include "uplink/sync_state.h"
#include "uplink/uplink.h"

namespace runstone::uplink {

/// How a delivery knows that the journal's end is the end.
enum class JournalEnd {
  kExitRecord,  ///< our own process writes it: only an exit record, or finish(), ends it
  kWriterGone,  ///< another process may be writing: its exit record, or the end of what it left
};

struct DeliveryOptions {
  fs::Path journal;
  RunRequest request;  ///< what is not empty wins over the journal's run record
  std::optional<RunIdentity> identity;
  bool outage_told = false;  ///< the user knows already that the server is away
  JournalEnd journal_end = JournalEnd::kExitRecord;
  /// Goes on where the server's acknowledgement ended, by the file beside the journal.
  bool use_sync_state = false;
  std::uint64_t first_history_line = 0;
  std::vector<std::pair<std::string, std::string>> replace_tags;

  std::function<void(const RunIdentity&)> on_identity;
  std::function<void()> on_stop;
  bool stop_on_fatal_error = false;  ///< a refusal before hurry() is told to on_stop, too
  std::function<void(const ArtifactOutcome&)> on_artifact;
  std::function<void(MessageLevel, const std::string&)> on_message;

  /// Makes connections for a pool that sends files beside the rows; none: they take turns with the
  /// rows. `wake` is called, on another thread, when turn() has something to do before it said.
  MakeTransport make_file_transport;
  std::function<void()> wake;
  /// A journal of a program that takes no lock: whether a process has it open for writing.
  std::function<bool()> has_foreign_writer;

  std::int64_t send_interval_us = 250'000;  ///< between requests while rows come
  std::int64_t heartbeat_us = 30'000'000;   ///< of silence
  std::int64_t request_timeout_us = 60'000'000;
  std::int64_t file_timeout_us = 600'000'000;
  std::int64_t first_wait_us = 500'000, max_wait_us = 30'000'000;  ///< after failures
  /// A body of about this size is sent at once; below a proxy's usual 1 MiB.
  std::size_t batch_bytes = 768 * 1024;
};

/// Delivers one journal to one server, one step at a time: the only code that does, for a live run
/// and for `sync`. It never waits; turn() says until when there is nothing to do, so that its
/// thread can sleep and a test can turn the clock. Memory is bounded by one request, however long
/// the outage.
class Delivery {
 public:
  Delivery(fs::FileSystem& disk, const Clock& clock, net::HttpTransport& transport, Target target,
           DeliveryOptions options);

  struct Turn {
    enum class Kind { kAgain, kWait, kEnded } kind = Kind::kAgain;
    std::int64_t wake_at_us = 0;  ///< of Clock::monotonic_us, for kWait
  };
  /// Reads a piece of the journal, or sends one request.
  Turn turn();
  /// From now on nothing waits for more to come, and what waits after a failure is tried at once.
  void hurry();

  // Any thread.
  std::uint64_t acked_rows() const { return acked_rows_; }
  std::int64_t last_ack_us() const { return last_ack_us_; }
  /// Ends the sending of files; the transport's owner cancels that one.
  void cancel_files() {
    file_sender_->cancel();
    artifact_sender_->cancel();
  }

  // The delivering thread, or after it has ended.
  const std::optional<RunIdentity>& identity() const { return identity_; }
  bool complete() const { return phase_ == Phase::kEnded && !refused_; }
  bool refused() const { return refused_; }
  bool crashed() const { return end_seen_ && !replay_.exit(); }
  /// When a request last succeeded, or when the delivery began; now, while a file is on its way.
  std::int64_t last_success_us() const {
    const bool sends = files_.is_sending() || artifacts_.is_waiting(*artifact_sender_);
    return sends ? clock_.monotonic_us() : last_success_us_;
  }
  /// The report so far; `rows_written` as in Uplink::finish().
  DeliveryReport report(std::optional<std::uint64_t> rows_written) const;
  const RunReplay& replay() const { return replay_; }
  const journal::JournalReader* reader() const { return reader_ ? &*reader_ : nullptr; }

 private:
  enum class Phase { kStreaming, kFiles, kLastUpsert, kComplete, kEnded };
  /// A kind of request with its own waits: files that fail must not hold up rows.
  struct Lane {
    Backoff backoff;
    std::int64_t blocked_until_us = 0;
    std::int64_t server_wish_us = 0;  ///< Retry-After: kept even in a hurry
    bool failing = false;
  };
  /// A request that is being sent, unchanged until it is acknowledged.
  struct Sealed {
    protocol::FileStreamRequest request;
    RunReplay::Delivered covers;  ///< what the server has once this is acknowledged
    bool completes = false;
  };

  fs::Path files_directory() const { return options_.journal.parent_path() / "files"; }
  bool read_journal();
  Result<bool> open_journal();
  bool is_end_now(journal::ReadOutcome outcome);
  bool writer_is_alive();
  void become_shared(const protocol::WriterRecord& writer);
  std::optional<Turn> register_run();
  std::optional<Turn> update_run();
  std::optional<Turn> send_files();
  std::optional<Turn> send_artifacts();
  std::optional<Turn> send_alert();
  std::optional<Turn> send_stream();
  bool stream_is_due() const;
  bool has_console_lines() const;
  void seal(bool completes);
  void seal_shared(bool completes);
  void note_in_flight();
  bool make_smaller(const Trouble& trouble);
  std::optional<Turn> next_phase();
  Turn wait_turn() const;

  protocol::UpsertBucket upsert_of_run(bool whole) const;
  StartFrom wanted_origin() const;
  std::optional<Turn> go_on_from(const StartFrom& from);
  void go_on_behind(protocol::StoredRun stored);
  void start_from_sync_state();
  void acknowledged(const RunReplay::Delivered& covers);
  void save_state(bool now);
  Turn failed(Lane& lane, const Trouble& trouble);
  void succeeded(Lane& lane);
  void refuse(const Trouble& trouble);
  void tell_stop();
  bool ready(const Lane& lane) const;
  void say(MessageLevel level, const std::string& text) const;

  fs::FileSystem& disk_;
  const Clock& clock_;
  DeliveryOptions options_;
  ApiClient api_;
  RunReplay replay_;
  FileUploads files_;
  ArtifactUploads artifacts_;
  std::unique_ptr<FileSender> file_sender_, artifact_sender_;
  std::optional<journal::JournalReader> reader_;
  std::optional<RunIdentity> identity_;

  Phase phase_ = Phase::kStreaming;
  /// What the server had of the run when this journal, which was written offline, was first sent.
  std::optional<SyncState::Before> began_behind_;
  bool origin_known_ = false;
  /// Of several writers of one run: the server orders their lines as they come.
  std::optional<protocol::WriterRecord> shared_;
  std::optional<SyncState::InFlight> in_flight_;
  protocol::FileStreamRequest batch_;
  std::deque<Sealed> outbox_;  ///< one; more while a server finds it too large
  RunReplay::Delivered acked_;
  std::atomic<std::uint64_t> acked_rows_ = 0;
  std::atomic<std::int64_t> last_ack_us_ = 0;
  std::vector<protocol::AlertRecord> alerts_;

  Lane stream_lane_, graphql_lane_, file_lane_, artifact_lane_;
  std::int64_t interval_us_;
  std::int64_t last_stream_us_ = 0, last_upsert_us_ = 0, last_success_us_ = 0, last_save_us_ = 0;
  std::int64_t next_read_us_ = 0, next_summary_us_ = 0;
  bool run_changed_ = false, end_seen_ = false, hurried_ = false, refused_ = false;
  bool stop_told_ = false, outage_told_ = options_.outage_told, state_known_ = false;
  std::uint64_t failed_upserts_ = 0, unreadable_records_ = 0;
  std::uint64_t refused_rows_ = 0, refused_lines_ = 0, refused_alerts_ = 0;
  std::string last_error_;
};

}  // namespace runstone::uplink
