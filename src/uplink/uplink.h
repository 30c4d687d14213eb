#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/record.h"
#include "protocol/run_config.h"
#include "remote/target.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::uplink {

using remote::RunIdentity;
using remote::Target;

/// Which stored run a run goes on from.
struct StartFrom {
  enum class Rule {
    kNew,     ///< none: rows begin at step 0, whatever the server has
    kAllow,   ///< the run of the same id, if there is one
    kMust,    ///< the run of the same id, which has to be there
    kNever,   ///< there must be none of this id
    kRewind,  ///< `run_id`, the run itself, without its rows behind `step`
    kFork,    ///< `run_id`, another run, up to `step`
  } rule = Rule::kNew;
  std::string run_id;
  std::int64_t step = 0;
};

/// What the server needs to know to create a run. Empty text means: not given.
struct RunRequest {
  std::string run_id;
  std::string entity, project, display_name, notes, group, job_type, sweep_id, host, program;
  std::string git_commit, git_remote;
  std::optional<std::vector<std::string>> tags;  ///< absent: leave unchanged
  /// Keys to values as the user gave them, `_wandb` included if it is known already; null: not
  /// sent.
  Value config;
  protocol::RunConfigFacts facts;  ///< what the config has under `_wandb` from the beginning
};

/// What a run that goes on begins with; all zero and empty for a new one.
struct Origin {
  bool resumed = false;  ///< the run was there
  std::int64_t next_step = 0;
  double runtime_secs = 0;
  std::int64_t created_at_us = 0;
  protocol::WriterRecord lines;  ///< where this writer's lines begin
  Dict summary;
};
struct Contacted {
  RunIdentity identity;
  RunRequest request;  ///< what was asked for, filled up with what the server had
  Origin origin;
};

struct ContactOptions {
  std::int64_t timeout_us = 2'000'000;
  /// Asks again until the time is over; else a server that does not answer is asked once.
  bool keeps_asking = false;
  /// Asked now and then, on the calling thread, while it waits; true ends the waiting.
  std::function<bool()> is_interrupted;
};
/// Creates the run, or finds what it goes on from. Blocks; for init().
/// Errors   kUnauthenticated: the key is refused (401, or a server that knows no such user);
///          kPermissionDenied: 403; kInvalidArgument: the server refuses the request for good (400,
///          422, a GraphQL error), with its words; kFailedPrecondition: the run is not there though
///          it must be, or is though it must not; kNotFound: no such run to rewind or fork;
///          kUnavailable: all else (no connection, no answer in time, 5xx, 429, not JSON): start
///          with a local name, an Uplink goes on trying.
Result<Contacted> contact(const Target& target, const RunRequest& request,
                          const StartFrom& from = {}, const ContactOptions& options = {});

enum class MessageLevel { kInfo, kWarning, kError };

struct UplinkOptions {
  Target target;
  std::string journal_path;  ///< .../run-<id>.wandb; the run's files are in files/ beside it
  RunRequest request;        ///< used, with the journal's run record, if `identity` is absent
  std::optional<RunIdentity> identity;  ///< of contact(), if it succeeded
  bool outage_told = false;             ///< contact() failed, and the user knows
  // 0: as is usual.
  std::int64_t heartbeat_us = 0, request_timeout_us = 0, file_timeout_us = 0;

  // Called on the uplink's own thread. They must not call the Uplink and should return at once.
  std::function<void(const RunIdentity&)> on_identity;  ///< the server was reached after init
  std::function<void()> on_stop;                        ///< somebody pressed stop; once
  bool stop_on_fatal_error =
      false;  ///< `on_stop`, too, if nothing more can be sent before finish()
  /// An artifact is on the server (its id), or will never be (the reason).
  std::function<void(const std::string& client_id, const Result<std::string>& server_id)>
      on_artifact;
  /// For the terminal, rare: the server is away, is back, has refused the run.
  std::function<void(MessageLevel, const std::string&)> on_message;
};

/// What became of the run's data. Everything that is not delivered is in the journal.
struct DeliveryReport {
  bool complete = false;                 ///< every record that was in the journal is acknowledged
  std::uint64_t acked_rows = 0;          ///< history rows that the server has
  std::uint64_t left_rows = 0;           ///< history rows in the journal that it does not have yet
  std::uint64_t dropped_lines = 0;       ///< too long for the server; they are in the journal only
  std::uint64_t failed_files = 0;        ///< run files that were refused or could not be read
  std::uint64_t unreadable_records = 0;  ///< intact in the journal, but of no form known here
  std::uint64_t refused_alerts = 0;      ///< the server said no for good
  std::uint64_t artifacts_not_sent = 0;  ///< refused, or not sent yet
  bool stopped_by_server = false;        ///< 404, 401, 403, ...: sending ended before finish()
  std::string error;                     ///< the last trouble, for the user; empty if complete
};

/// Delivers one journal while it grows. Starts one thread; the journal is the only queue, so memory
/// does not grow with an outage. Nothing here ever blocks the thread that logs.
/// After fork() the child must neither call nor destroy its copy (the thread is not there):
/// release() the pointer.
class Uplink {
 public:
  static Result<std::unique_ptr<Uplink>> start(UplinkOptions options);
  virtual ~Uplink() = default;  ///< cancels what is under way, as finish(0) does

  /// The exit record has been appended: delivers the rest and returns when all is acknowledged,
  /// when the server has refused for good, or after `timeout_us`, even if the server hangs. 0: at
  /// once. `rows_written` (of the journal) spares the counting of rows that were never read.
  virtual DeliveryReport finish(std::int64_t timeout_us,
                                std::optional<std::uint64_t> rows_written = std::nullopt) = 0;
  /// Who the run is by now: of contact(), or once the thread has reached the server.
  virtual RunIdentity identity() const = 0;
  /// Rows acknowledged so far; any thread.
  virtual std::uint64_t acked_rows() const = 0;
  /// Clock::now_us() of the last acknowledgement; 0 if there was none. Any thread.
  virtual std::int64_t last_ack_us() const = 0;
};

}  // namespace runstone::uplink
