#include <chrono>

#include "base/log.h"
#include "base/try.h"
#include "ingest/ingest_service.h"

namespace runstone::ingest {

IngestService::IngestService(store::Store& store, objects::ObjectStore& objects, const Clock& clock,
                             Executor& pool, const IngestOptions& options)
    : store_(store),
      objects_(objects),
      clock_(clock),
      pool_(pool),
      options_(options),
      started_at_us_(clock.now_us()),
      hub_(clock, options.background) {}

IngestService::~IngestService() { stop(); }

Result<void> IngestService::begin() {
  RUNSTONE_TRY(collect_garbage());
  commit_thread_ = std::thread([this] { commit_loop(); });
  if (!options_.background) return {};
  background_thread_ = std::thread([this] { background_loop(); });
  for (int i = 0; i < options_.compaction_threads; ++i) {
    compact_threads_.emplace_back([this] { compact_loop(); });
  }
  return {};
}

void IngestService::stop() {
  {
    const std::scoped_lock lock(queue_mutex_, compact_mutex_);
    stopping_ = true;
  }
  queue_wake_.notify_all();
  compact_wake_.notify_all();
  background_wake_.notify_all();
  if (commit_thread_.joinable()) commit_thread_.join();  // after what is queued
  if (background_thread_.joinable()) background_thread_.join();
  for (auto& thread : compact_threads_) thread.join();
  compact_threads_.clear();
  hub_.stop();
  remove_buried(true);
}

void IngestService::background_loop() {
  while (true) {
    {
      std::unique_lock lock(compact_mutex_);
      background_wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; });
      if (stopping_) return;
    }
    if (auto done = check_silence(); !done) {
      log_error("ingest: looking for silent runs: " + done.error().message);
    }
    remove_buried(false);
    evict_slots();
  }
}

void IngestService::compact_loop() {
  while (true) {
    store::RunId run{};
    {
      std::unique_lock lock(compact_mutex_);
      compact_wake_.wait(lock, [this] { return stopping_ || !compact_queue_.empty(); });
      if (stopping_) return;  // the rest is found at the next start
      run = compact_queue_.front();
      compact_queue_.pop_front();
    }
    // An error of one run must not hold up the others.
    if (auto done = compact_run(run, false); !done) {
      ++counts_.compaction_errors;
      log_error("ingest: compaction of run " + std::to_string(store::to_number(run)) + ": " +
                done.error().message);
    }
  }
}

IngestCounts IngestService::counts() const {
  IngestCounts counts;
  counts.requests = counts_.requests;
  counts.lines = counts_.lines;
  counts.values = counts_.values;
  counts.commits = counts_.commits;
  counts.retried_lines = counts_.retried_lines;
  counts.gap_lines = counts_.gap_lines;
  counts.bad_lines = counts_.bad_lines;
  counts.ignored_parts = counts_.ignored_parts;
  counts.compactions = counts_.compactions;
  counts.compaction_errors = counts_.compaction_errors;
  counts.refused = counts_.refused;
  return counts;
}

Result<std::unique_ptr<Ingest>> Ingest::create(store::Store& store, objects::ObjectStore& objects,
                                               const Clock& clock, Executor& pool,
                                               IngestOptions options) {
#if defined(__x86_64__)
  // The readers of lines are compiled for such machines: a clear word instead of SIGILL.
  if (!__builtin_cpu_supports("avx2")) {
    return fail(ErrorCode::kFailedPrecondition,
                "the server needs a processor with AVX2 (x86-64-v3, 2013 or later)");
  }
#endif
  auto service = std::make_unique<IngestService>(store, objects, clock, pool, options);
  RUNSTONE_TRY(service->begin());
  return std::unique_ptr<Ingest>(std::move(service));
}

}  // namespace runstone::ingest
