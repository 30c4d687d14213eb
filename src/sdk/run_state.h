#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "artifact/server.h"
#include "base/clock.h"
#include "journal/journal_writer.h"
#include "model/config_rules.h"
#include "model/summary_table.h"
#include "protocol/history_encoder.h"
#include "protocol/record.h"
#include "runstone/run.h"
#include "sdk/artifacts_under_way.h"
#include "sdk/console_files.h"
#include "sdk/debug_log.h"
#include "sdk/end_report.h"
#include "sdk/init_plan.h"
#include "sdk/key_table.h"
#include "sdk/live_files.h"
#include "sdk/open_row.h"
#include "sdk/row_shape.h"
#include "sdk/run_directory.h"
#include "sdk/surroundings.h"
#include "sdk/tensorboard_sync.h"
#include "sdk/terminal.h"
#include "uplink/uplink.h"

namespace runstone {

class ChildJournals;
class MediaSink;
class Surroundings;
struct BoundField;

/// Everything one Run has. What is said of Run's members holds for the members of the same names.
///
/// Locking: `mutex_` guards the rules and the journal's order; it is held for copies in memory,
/// never while the disk or the network is waited for (but for a journal that cannot be mapped). The
/// user's Printer is called without it. fork() takes it first, so that a child finds every table
/// whole. One background thread, the keeper: once a second it writes summary changes, syncs the
/// journal, takes over rows of children; it also writes the files that nobody waits for. What may
/// take longer (git, GPUs, packages) is found by Surroundings, the machine is read by
/// probe::Sampler.
class RunState {
 public:
  RunState(InitPlan plan, Printer printer);
  ~RunState();
  RunState(const RunState&) = delete;
  RunState& operator=(const RunState&) = delete;

  static Result<std::shared_ptr<RunState>> start(const InitOptions& options);
  static Result<std::shared_ptr<RunState>> attach(std::string_view token);
  std::string child_token() const;
  // merge_children.cc; see child_journals.h
  static Result<void> merge_children(const std::string& run_directory,
                                     const std::string& journal_path);

  // run_log.cc
  Result<void> log(Span<const Field> fields, const LogOptions& options);
  Result<void> log_numbers(Span<const std::string_view> keys, Span<const double> values,
                           const LogOptions& options);
  // run_media.cc
  Result<void> log_media(Span<const Field> fields, const LogOptions& options);
  Result<Value> bind_media(ValueRef media, const std::string& key, const std::string& step);
  Result<BoundField> bind_field(const Field& field, const std::string& step);
  // run_rules.cc
  Result<Metric> define_metric(std::string_view name, const MetricOptions& options);
  Result<void> change_config(
      const char* method,
      const std::function<Result<void>(ConfigTable&, const ConfigTable::Changed&,
                                       const ConfigTable::Warn&)>& change);
  Result<void> set_private_config(const std::vector<std::string>& path, Value value);
  Result<void> persist_config();
  Dict config_values() const;
  Dict summary_values() const;
  std::optional<Value> summary_value(const std::vector<std::string>& path) const;
  Result<void> set_summary(const std::vector<std::string>& path, const Value& value);
  Result<void> erase_summary(const std::vector<std::string>& path);
  Result<void> set_text(const char* method, std::string_view text);  ///< "name" or "notes"
  Result<void> set_tags(const std::vector<std::string>& tags);
  void write_console(Run::Stream stream, std::string_view text);
  // run_console.cc
  void write_logger_line(std::string_view line);
  Result<void> add_file(std::string_view path, std::string_view policy);
  // run_save.cc
  Result<std::vector<std::string>> save(const std::string& pattern, const SaveOptions& options);
  // run_artifact.cc
  struct ArtifactUse {
    std::string distributed_id;
    bool finalize = true;
    bool use_after_commit = false;
    bool is_internal = false;  ///< of the run itself: reserved types are its own
  };
  Result<void> log_artifact(const char* method, const Artifact& artifact,
                            const LogArtifactOptions& options, const ArtifactUse& use);
  Result<Artifact> log_path(const char* method, const std::string& path, std::string name,
                            const std::string& type, const LogArtifactOptions& options);
  Result<Artifact> artifact_of_path(const std::string& path, std::string name,
                                    const std::string& type) const;
  bool refuses_long_tables() const {
    return plan_.settings.flag("table_raise_on_max_row_limit_exceeded") ||
           plan_.settings.flag("strict");
  }
  Result<std::string> distributed_id(const std::string& given) const;
  // run_use_artifact.cc
  Result<Artifact> use_artifact(const std::string& name, const UseArtifactOptions& options);
  Result<Artifact> use_artifact(const Artifact& artifact, const UseArtifactOptions& options);
  Result<Artifact> link_artifact(const Artifact& artifact, const std::string& target_path,
                                 const std::vector<std::string>& aliases);
  Result<std::string> use_model(const std::string& name);
  Result<Artifact> link_model(const std::string& path, const std::string& registered_model_name,
                              const std::string& name, const std::vector<std::string>& aliases);
  /// The server that an online run is sent to, for what waits for it; made at the first call.
  std::shared_ptr<const artifact::Server> artifact_server();
  Result<std::optional<Artifact>> log_code(const std::string& root, const std::string& name,
                                           const CodeFilter& include, const CodeFilter& exclude);
  Result<void> use_artifact_id(const std::string& server_id);
  // run_restore.cc
  Result<std::string> restore(const std::string& name, const RestoreOptions& options);
  // run_tell.cc
  Result<void> alert(std::string_view title, std::string_view text, const AlertOptions& options);
  Result<void> mark_preempting();
  Result<RunStatus> status() const;
  // run_tensorboard.cc
  Result<void> sync_tensorboard(const std::string& directory, const std::string& root);
  // run_finish.cc
  FinishReport finish(std::optional<int> exit_code);

  // Facts; the strings may change under the lock, hence copies.
  template <typename T>
  T read(T RunState::*member) const {
    const std::scoped_lock lock(mutex_);
    return this->*member;
  }
  const InitPlan& plan() const { return plan_; }
  const RunDirectory& directory() const { return directory_; }
  bool finished() const;
  bool is_child() const;
  std::int64_t step() const;
  double start_time() const { return static_cast<double>(first_start_us_) / 1e6; }
  bool resumed() const { return origin_.resumed; }
  std::int64_t starting_step() const { return origin_.next_step; }
  Settings settings() const;
  std::uint64_t row_count() const { return rows_written_.load(std::memory_order_relaxed); }
  std::string url_of(std::string_view what) const;  ///< "" or "runs/<id>"

  // run_stop.cc
  bool should_stop() const;

  // fork_registry.cc
  void lock_for_fork() { mutex_.lock(); }
  void unlock_after_fork() { mutex_.unlock(); }
  void unlock_in_child();

  std::string name_, notes_, entity_, project_;
  bool has_name_ = false, has_notes_ = false;
  std::vector<std::string> tags_;

 private:
  friend class ChildJournals;
  friend class MediaSink;
  friend class TensorboardSync;
  friend class Surroundings;
  enum class Life { kRecording, kFinishing, kFinished };

  // run_artifact.cc, run_use_artifact.cc
  Result<void> check_where_logged(const artifact::Draft& draft);
  Result<void> check_online(const char* method, ErrorCode offline_code) const;

  // run_start.cc
  Result<void> open();
  Result<void> contact_server();
  void take_identity(uplink::Contacted made);
  void start_without_server(const std::string& why);
  void write_first_records();
  void start_keeper();
  void create_journal(RunDirectoryRequest request);
  void start_uplink();
  void announce() const;
  protocol::RunRecord run_record() const;

  // run_log.cc; all with the lock held
  Result<void> check_recording(const char* method) const;
  bool prepare_step(const LogOptions& options, std::string& warning);
  /// Where somebody else numbers the rows: the server of a shared run, or TensorBoard's own steps.
  bool ignores_steps() const { return plan_.writer.is_shared() || syncs_tensorboard_; }
  /// False, with nothing taken, if there are media among the fields.
  template <typename FieldAt>
  bool take_fields(std::size_t size, const FieldAt& field, const LogOptions& options);
  /// Whether a log() writes its row; what it does if nothing was said.
  bool commits(const LogOptions& options) const {
    return options.commit.value_or(!options.step || child_ || ignores_steps());
  }
  /// Whether the fields of a log() are a row of their own, which nothing is added to.
  bool takes_whole_row(const LogOptions& options) const;
  /// A row of the keys of the last one, in which nothing needs a look. False: nothing was taken.
  template <typename FieldAt>
  bool log_known_row(std::size_t size, const FieldAt& field, const LogOptions& options);
  template <typename FieldAt>
  bool write_known_row(std::size_t size, const FieldAt& field);
  void write_open_row();
  void write_row();
  void end_row();
  void add_synced_steps();
  void append_record(protocol::RecordBody body);
  void append_encoded(std::string_view body);
  void append_bytes(std::string_view record, std::string_view marker = {});
  void log_disabled(Span<const Field> fields);
  double seconds_since_start() const;
  void look_at_clock();

  // run_keeper.cc, on the keeper's thread
  void keep();
  template <typename Work>
  void try_to_keep(const Work& work);
  void tick();
  void flush_summary(bool with_runtime);
  void write_config_file();
  void write_summary_file();
  void record_files(const std::vector<std::string>& names);
  void tell_losses();
  void look_at_live_files();
  void look_at_tensorboard(bool at_finish);
  void warn(const std::string& text) const { terminal_.warn(text); }
  /// A file in the run's tmp/ folder with these bytes; its path.
  std::string keep_temporary(std::string_view bytes, const std::string& extension);
  void wake_keeper();

  // run_console.cc
  void record_console(bool is_stderr, std::string_view valid);
  void keep_console(ConsolePiece piece);
  void write_console_file();
  std::string end_console_files();
  std::string renew_console_file(const std::string& name);
  void start_redirect();
  void stop_redirect();
  void take_redirected(bool is_stderr, std::string_view bytes);

  // run_machine.cc
  void look_around();
  void start_surroundings();
  void stop_surroundings();
  void start_sampler();
  void stop_sampler();

  // run_stop.cc
  void stop_program();

  // run_finish.cc
  void stop_keeper();
  void tell_how_it_went(const std::string& journal_path);
  void deliver(FinishReport& report);

  // Being a child; with the lock held
  bool was_forked() const;  ///< this copy belongs to a process that has not noticed yet
  bool in_child() const;
  void become_child();
  void leave_parent();
  void leave_threads();
  /// Takes over one record of a child; false if it must wait until the open row is written.
  bool take_child_record(const protocol::Record& record, std::string_view marker, bool at_finish);
  // merge_children.cc: what a dead writer knew
  struct Recovered;
  Result<Recovered> recover(const std::string& journal_path);
  void recover_record(const protocol::Record& record, Recovered& recovered);
  void recover_row(const protocol::HistoryRecord& row);

  InitPlan plan_;
  DebugLog user_log_, internal_log_;  // logs/debug.log, logs/debug-internal.log
  Terminal terminal_;
  RunDirectory directory_;
  std::int64_t start_time_us_ = 0;       // of this process's part of the run
  std::int64_t first_start_us_ = 0;      // of the run: earlier, if it was resumed
  std::int64_t start_monotonic_us_ = 0;  // where `_runtime` counts from
  uplink::Origin origin_;                // what it goes on from
  unsigned birth_generation_ = 0;
  bool child_ = false;  // become_child() was called, or attached

  mutable std::mutex mutex_;
  Life life_ = Life::kRecording;
  std::optional<journal::JournalWriter> journal_;
  std::int64_t record_num_ = 0;
  protocol::HistoryEncoder encoder_;
  std::string record_bytes_;
  SummaryTable summary_;
  ConfigTable config_;
  KeyTable keys_{summary_};
  OpenRow open_row_{keys_};
  std::int64_t step_ = 0;
  RowShape shape_;
  std::int64_t open_row_at_us_ = 0;           // of the last merge; monotonic
  std::int64_t wall_minus_monotonic_us_ = 0;  // as the keeper saw it last: a row reads one clock
  std::uint64_t rules_version_ = 1;
  bool any_step_sync_ = false;
  SummarySlot *step_slot_ = nullptr, *runtime_slot_ = nullptr, *timestamp_slot_ = nullptr;
  std::optional<protocol::EncodedKey> runtime_key_, timestamp_key_;
  bool syncs_tensorboard_ = false;     // setting sync_tensorboard
  bool ignored_step_told_ = false;     // that step= has no effect
  bool json_values_ = false;           // setting x_journal_json
  std::optional<double> row_runtime_;  // of a child's row, which was written earlier
  std::string row_marker_;             // of a child's row: whose, and which (child_journals.h)
  std::uint64_t lost_records_ = 0;
  std::string loss_reason_;
  bool loss_told_ = false;
  std::uint64_t lost_media_ = 0;
  std::string media_loss_reason_;
  std::vector<ConsolePiece> console_waiting_;  // for the files, which the keeper writes
  std::size_t console_waiting_bytes_ = 0;
  std::uint64_t console_behind_bytes_ = 0;  // of pieces that no longer fitted there
  bool config_dirty_ = false;
  MetricSketch sketch_;  // of the keeper: the metrics as they were at each of its ticks
  std::uint64_t sketch_ticks_ = 0;
  ArtifactsUnderWay artifacts_;
  std::shared_ptr<const artifact::Server> artifact_server_;  // owned with artifacts found there
  unsigned artifact_server_generation_ = 0;                  // a child makes its own
  std::map<std::string, std::string> artifact_types_;  // of names that the server was asked for
  LiveFiles live_files_;
  TensorboardSync tensorboard_;
  std::atomic<bool> told_of_saving_without_folders_{false};
  std::atomic<std::uint64_t> rows_written_{0};

  std::unique_ptr<ChildJournals> children_;
  uplink::Target target_;
  uplink::RunRequest request_;
  std::optional<uplink::RunIdentity> identity_;  // of the server, if it answered at init
  std::unique_ptr<uplink::Uplink> uplink_;
  ProgramPlace place_;
  Dict first_facts_;
  std::shared_ptr<Surroundings> surroundings_;  // shared with its own thread, which may hang
  std::uint64_t sampler_id_ = 0;                // of our listener at the process's sampler; 0: none
  std::unique_ptr<std::thread> keeper_;         // a pointer: a child forgets it without joining
  std::binary_semaphore keeper_signal_{0};
  std::atomic<bool> keeper_signalled_{false}, keeper_stop_{false};
  bool keeper_trouble_told_ = false;
  std::unique_ptr<ConsoleFiles> console_files_;  // of the keeper, later of finish()
  std::uint64_t redirect_id_ = 0;
  std::string cut_characters_[2];  // of the redirected streams; of their reader's thread
  std::atomic<bool> should_stop_{false};
  mutable std::atomic<bool> asks_to_stop_{false};  // should_stop() was called
  std::mutex finish_mutex_;  // one finish() at a time; the second waits for the first
};

/// Makes fork() safe for this run: its lock is taken around it.
void register_for_fork(RunState& run);
void unregister_for_fork(RunState& run);

}  // namespace runstone
