#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ingest/branch_point.h"
#include "ingest/history_facts.h"
#include "ingest/ingest.h"
#include "ingest/live_hub.h"
#include "ingest/run_slot.h"
#include "store/parts/part.h"

namespace runstone::ingest {

/// Lines of one stream, read and compressed before they wait for their commit.
struct PreparedStream {
  store::Stream stream{};
  protocol::StreamLines lines;
  store::TailChunk chunk;  ///< of all the lines at their offset
  HistoryFacts facts;      ///< of the history
};

/// A request that waits for the next transaction.
struct Pending {
  RunPath path;
  std::vector<PreparedStream> streams;
  protocol::FileStreamBody flags;  ///< the body without its lines
  bool shared = false;
  std::string writer, body_hash;  ///< in shared mode
  std::int64_t bytes = 0;
  std::shared_ptr<Completion<Result<AppendAnswer>>> done;  // shared with the awaiting coroutine
};

/// One transaction in the making.
struct Round {
  store::Batch batch;
  struct Touched {
    std::shared_ptr<RunSlot> slot;  // shared with the table of slots
    store::RunUpdate update;
    RunChange change;
    bool write_keys = false;
  };
  std::vector<Touched> runs;
  std::optional<Error> failure;  ///< of a commit; nobody who was in this round is acknowledged then

  Touched& of(const std::shared_ptr<RunSlot>& slot);
};

/// Ingest over a Store and an ObjectStore. append.cc takes bodies in, commit.cc makes transactions
/// of them, replace.cc settles lines that were there before, shared.cc orders many writers,
/// runs.cc and run_files.cc have the blocking calls, branch.cc rewinds and forks, compact.cc makes
/// parts, background.cc runs the threads.
class IngestService final : public Ingest {
 public:
  IngestService(store::Store& store, objects::ObjectStore& objects, const Clock& clock,
                Executor& pool, const IngestOptions& options);
  ~IngestService() override;
  /// Collects what a crash left, then begins.
  Result<void> begin();

  void stop() override;
  Task<Result<AppendAnswer>> append(AppendRequest request) override;
  Result<UpsertedRun> upsert_run(UpsertRun input) override;
  Result<store::RunInfo> rewind_run(store::RunId run, std::int64_t step) override;
  Result<std::vector<store::RunFile>> create_files(store::RunId run,
                                                   std::vector<std::string> names) override;
  Result<store::RunFile> store_file(store::RunId run, std::string_view name,
                                    FileContent content) override;
  Result<void> delete_file(store::RunId run, std::string_view name) override;
  Result<void> set_state(store::RunId run, std::string_view state) override;
  Result<void> request_stop(store::RunId run) override;
  Result<void> delete_runs(const std::vector<store::RunId>& runs) override;
  Result<void> move_runs(const std::vector<store::RunId>& runs, store::ProjectId project) override;
  Result<void> rename_project(store::ProjectId project, std::string_view name) override;
  LiveEvents& live() override { return hub_; }
  IngestCounts counts() const override;
  Result<void> check_silence() override;
  Result<void> compact(bool all) override;

 private:
  using Slot = std::shared_ptr<RunSlot>;  // shared by the table, rounds and the compactor

  // slots.cc: the runs in memory.
  Result<Slot> find_slot(const RunPath& path);
  Result<Slot> find_slot(store::RunId id);
  Result<Slot> load_slot(store::RunInfo info);  // slots_mutex_ held
  void drop_slot(const Slot& slot);
  void drop_slots(store::ProjectId project);
  void drop_slots(const std::vector<store::RunId>& runs);
  void evict_slots();

  // runs.cc
  Result<void> delete_some(std::span<const store::RunId> runs);

  // append.cc
  Result<Pending> prepare(AppendRequest request);
  bool enqueue(Pending& pending);

  // commit.cc; write_mutex_ held, apart from commit_loop.
  void commit_loop();
  void commit_waiting(std::vector<Pending>& waiting);
  Result<AppendAnswer> plan(Pending& pending, Round& round);
  Result<void> plan_stream(const Slot& slot, PreparedStream& prepared, Round& round);
  Result<void> commit_round(Round& round);
  void add_keys(Round::Touched& touched, store::Batch& batch);
  void queue_compaction_if_due(const Slot& slot);

  // replace.cc
  Result<void> plan_replacement(const Slot& slot, PreparedStream& prepared, Round& round);

  // shared.cc
  Result<void> plan_shared(const Slot& slot, Pending& pending, Round& round);
  Result<void> place_shared_lines(const Slot& slot, Pending& pending, Round& round);
  /// For a writer whose summary has only what it logged itself: over what is there.
  Result<void> put_summary_over(const Slot& slot, Pending& pending, Round& round);

  // branch.cc
  Result<std::string> summary_up_to(store::RunId run, std::int64_t step) const;
  /// The config of a run over the one that it was forked from.
  Result<std::string> own_config_over(const std::string& parent_json, store::RunId run) const;
  Result<store::RunInfo> begin_with_history(const store::RunInfo& run, const BranchPoint& from);

  // run_files.cc
  std::mutex& file_mutex(std::string_view name);

  // runs.cc
  Result<UpsertedRun> write_run(UpsertRun input, const std::optional<BranchPoint>& branch);
  Result<void> commit_update(const Slot& slot, store::RunUpdate update, RunChange change);
  RunChange change_of(const RunSlot& slot) const;

  // compact.cc
  Result<store::NewPart> store_part(store::RunId run, store::Stream stream, parts::PartBytes part);
  void remove_objects_of(const store::NewPart& part);
  void bury(const std::vector<store::PartInfo>& parts);
  Result<bool> compact_run(store::RunId run, bool force);
  Result<bool> compact_stream(const Slot& slot, store::Stream stream, bool force);
  Result<bool> compact_streams(const Slot& slot, bool force);
  void queue_compaction(store::RunId run, RunSlot* slot);
  Result<void> collect_garbage();
  void remove_buried(bool all);

  // background.cc
  void background_loop();
  void compact_loop();

  store::Store& store_;
  objects::ObjectStore& objects_;
  const Clock& clock_;
  Executor& pool_;
  const IngestOptions options_;
  const std::int64_t started_at_us_;
  LiveHub hub_;

  std::mutex slots_mutex_;  // taken after write_mutex_ where both are
  std::unordered_map<std::string, Slot> slots_by_path_;
  std::unordered_map<std::int64_t, Slot> slots_by_id_;

  std::array<std::mutex, 16> file_mutexes_;  // by name: a file's bytes and its row change together

  std::mutex write_mutex_;  // whoever changes runs holds it from reading to commit

  std::mutex queue_mutex_;
  std::condition_variable queue_wake_;
  std::vector<Pending> queue_;
  std::int64_t queued_bytes_ = 0;
  bool stopping_ = false;

  std::mutex compact_mutex_;  // the queue of runs to compact, and the objects to remove
  std::condition_variable compact_wake_, background_wake_;
  std::deque<store::RunId> compact_queue_;
  std::deque<std::pair<std::int64_t, std::string>> buried_;  // (monotonic time, object key)

  struct Counts {
    std::atomic<std::int64_t> requests{0}, lines{0}, values{0}, commits{0}, retried_lines{0},
        gap_lines{0}, bad_lines{0}, ignored_parts{0}, compactions{0}, compaction_errors{0},
        refused{0};
  } counts_;

  std::thread commit_thread_;
  std::thread background_thread_;
  std::vector<std::thread> compact_threads_;
};

/// In shared mode each writer sends only what it set itself: its keys over those that are there,
/// and of `_wandb` likewise each entry, and of the environments (`e`) each writer's.
Result<std::string> merge_configs(const std::string& before, const std::string& own);

/// Where a run's objects are: "runs/12" and "parts/12".
std::string files_prefix(store::RunId run);
std::string parts_prefix(store::RunId run);

/// An overview's bytes, from SQL or the object store.
Result<std::string> read_overview(const store::Store& store, const objects::ObjectStore& objects,
                                  const store::PartInfo& part);
/// The Parquet bytes likewise.
Result<std::string> read_part_bytes(const store::Store& store, const objects::ObjectStore& objects,
                                    const store::PartInfo& part);

}  // namespace runstone::ingest
