#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ingest/history_facts.h"
#include "store/store.h"

namespace runstone::ingest {

/// What ingest keeps in memory of a run that is being written: all of it can be read back from the
/// store. Guarded by the service's write mutex, apart from `id` and `path`, which never change.
struct RunSlot {
  struct Tail {
    std::int64_t values = 0;     ///< in the tail, about; for deciding when to compact
    std::int64_t raw_bytes = 0;  ///< of its lines
    std::int64_t lines = 0;
    std::int64_t version = 0;  ///< rises whenever lines are changed rather than added
  };

  store::RunId id{};
  std::string path;     ///< entity/project/run
  store::RunInfo info;  ///< without config and summary
  bool gone = false;    ///< deleted, or its state in memory cannot be trusted: look it up again
  std::int64_t used_at_us = 0;  ///< monotonic

  std::unordered_map<std::string, store::KeyInfo> keys;
  std::unordered_set<std::string> dirty_keys;  ///< counts that the store does not have yet
  bool has_new_keys = false;                   ///< some of them it does not even know by name
  std::int64_t keys_written_at_us = 0;         ///< monotonic

  std::array<Tail, store::kStreamCount> tails;
  bool compaction_queued = false;  ///< or under way: a run is in one worker's hands at a time
  /// In shared mode the hashes of each writer's last bodies; read from the store when first needed.
  std::optional<std::unordered_map<std::string, std::deque<std::string>>> shared_bodies;

  Tail& tail(store::Stream stream) { return tails[static_cast<std::size_t>(stream)]; }
  std::int64_t& lines(store::Stream stream) {
    return stream == store::Stream::kHistory  ? info.history_lines
           : stream == store::Stream::kEvents ? info.event_lines
                                              : info.console_lines;
  }
  /// Adds (sign 1) or takes away (-1) counts; names of keys never seen before go to `new_names`.
  void count(const HistoryFacts& facts, int sign, std::vector<std::string>* new_names);
};

/// Sets the counter of a stream's lines in an update.
void set_lines(store::RunUpdate& update, store::Stream stream, std::int64_t lines);

}  // namespace runstone::ingest
