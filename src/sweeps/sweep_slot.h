#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/records.h"
#include "sweeps/bayes.h"
#include "sweeps/config.h"
#include "sweeps/hyperband.h"

namespace runstone::sweeps {

/// What is kept of one run between two questions of a sweep's agents.
struct MemberFacts {
  std::vector<Value> values;  ///< of the sweep's parameters
  bool has_values = false;
  std::optional<double> metric;      ///< once it has ended
  std::int64_t metric_read_at = -1;  ///< the run's updated_at_us when it was read
  std::optional<RunProgress> progress;
  std::int64_t lines_read = 0;  ///< history lines that `progress` has seen
  std::int64_t next_step = std::numeric_limits<std::int64_t>::min();
};

/// A sweep in memory: its config as read and what is known of its runs. Only a cache: all of it can
/// be read again. The mutex is held while anything happens to the sweep.
struct SweepSlot {
  std::mutex mutex;
  std::string config_yaml;  ///< what `config` was read from
  std::shared_ptr<const SweepConfig> config;
  std::map<store::RunId, MemberFacts> members;
};

/// The slots of the sweeps asked for last.
class SweepSlots {
 public:
  std::shared_ptr<SweepSlot> get(std::int64_t sweep) {
    const std::scoped_lock lock(mutex_);
    auto& entry = slots_[sweep];
    if (!entry.slot) entry.slot = std::make_shared<SweepSlot>();
    entry.used_at = ++clock_;
    auto slot = entry.slot;
    while (slots_.size() > kMaxSlots) {
      auto oldest = slots_.end();
      for (auto it = slots_.begin(); it != slots_.end(); ++it) {
        // One that is in use must stay the only one of its sweep.
        if (it->second.slot.use_count() > 1) continue;
        if (oldest == slots_.end() || it->second.used_at < oldest->second.used_at) oldest = it;
      }
      if (oldest == slots_.end()) break;
      slots_.erase(oldest);
    }
    return slot;
  }

 private:
  static constexpr std::size_t kMaxSlots = 64;
  struct Entry {
    std::shared_ptr<SweepSlot> slot;  // shared with the calls that are at work on it
    std::int64_t used_at = 0;
  };
  std::mutex mutex_;
  std::int64_t clock_ = 0;
  std::map<std::int64_t, Entry> slots_;
};

}  // namespace runstone::sweeps
