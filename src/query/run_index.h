#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "runstone/result.h"

#include "query/filter.h"
#include "query/lru_cache.h"
#include "query/run_facts.h"
#include "store/store.h"

namespace runstone::query {

/// A run as an index keeps it: its row without config and summary, and the facts of these.
struct IndexedRun {
  store::RunInfo row;
  RunFacts config, summary;
};

/// All runs of one project in memory, packed, for filters and orders. Before each use it asks the
/// store what changed since the last; only that is read and parsed. Guarded by its mutex: shared
/// for reading, exclusive in refresh().
class ProjectIndex {
 public:
  explicit ProjectIndex(store::ProjectId project) : project_(project) {}

  /// Brings it up to date with the store.
  Result<void> refresh(const store::Store& store);

  std::shared_mutex& mutex() const { return mutex_; }
  const std::deque<IndexedRun>& runs() const { return runs_; }
  const PathTable& config_paths() const { return config_paths_; }
  const PathTable& summary_paths() const { return summary_paths_; }
  std::int64_t memory_bytes() const { return bytes_; }

 private:
  void take(store::ChangedRun&& changed);
  void erase(std::size_t place);
  Result<void> forget_missing(const store::Store& store);

  const store::ProjectId project_;
  mutable std::shared_mutex mutex_;
  std::int64_t change_ = -1;  // the newest that it has seen
  std::deque<IndexedRun> runs_;
  std::unordered_map<store::RunId, std::size_t> places_;
  PathTable config_paths_, summary_paths_;
  std::int64_t bytes_ = 0;
};

/// The values of indexed runs for a list of fields.
class IndexedValues final : public FieldValues {
 public:
  IndexedValues(const ProjectIndex& index, const std::vector<FieldPath>& fields);
  void use(const IndexedRun& run);
  const Value* at(std::size_t field) const override;

 private:
  struct Slot {
    const FieldPath* field;
    std::vector<std::uint32_t> paths;
    mutable Value value;
    mutable enum class State : char { kUnknown, kMissing, kThere } state = State::kUnknown;
  };
  std::vector<Slot> slots_;
  const IndexedRun* run_ = nullptr;
};

/// Indexes of the projects that were asked for last, within a bound of bytes.
class RunIndexes {
 public:
  explicit RunIndexes(std::int64_t max_bytes) : max_bytes_(max_bytes), indexes_(max_bytes) {}
  /// Up to date. The caller locks its mutex (shared) while reading.
  Result<std::shared_ptr<const ProjectIndex>> open(const store::Store& store,
                                                   store::ProjectId project);
  /// Makes those of the projects that were active last, within half of the bound, so that nobody
  /// waits for them after a start. Ends early once `stop` is set.
  Result<void> prepare(const store::Store& store, const std::atomic<bool>& stop);

 private:
  const std::int64_t max_bytes_;
  std::mutex making_;  // so that two requests do not build one project's index twice
  LruCache<std::shared_ptr<ProjectIndex>> indexes_;
};

}  // namespace runstone::query
