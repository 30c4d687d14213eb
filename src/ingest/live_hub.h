#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ingest/live_events.h"
#include "store/records.h"

namespace runstone::ingest {

/// What one commit changed of one run.
struct RunChange {
  std::string path;   ///< entity/project/run
  bool anew = false;  ///< lines went away: whoever shows the run reads it from the start
  bool rows = false;
  std::int64_t row_total = 0;
  std::int64_t last_step = -1;
  std::vector<std::string> new_keys;
  bool run = false;  ///< state, name, heartbeat: the fields below
  std::string state;
  std::string display_name;
  std::int64_t heartbeat_at_us = 0;
  std::optional<std::string> summary_json;
  bool config = false;
  std::vector<std::pair<std::int64_t, std::string>> console;
  std::vector<std::string> files;
  std::vector<std::pair<std::string, std::string>> others;  ///< type and data of announce()
};

/// Gathers changes and hands them to subscribers, at most each kIntervalUs for a run.
class LiveHub final : public LiveEvents {
 public:
  static constexpr std::int64_t kIntervalUs = 250'000;
  static constexpr std::size_t kOthersMax = 100;         ///< announced in one interval; the newest
  static constexpr std::size_t kConsoleLinesMax = 2000;  ///< in one event; more are read anew

  /// With `thread` false nothing runs by itself: tests call pump().
  LiveHub(const Clock& clock, bool thread);
  ~LiveHub() override;
  std::unique_ptr<LiveSubscription> subscribe(LiveFilter filter,
                                              std::function<void()> on_ready) override;
  void announce(const std::string& path, const std::string& type, std::string json) override;

  /// False while nobody looks: the caller need not make a RunChange. Cheap.
  bool wanted() const { return subscriber_count_.load(std::memory_order_relaxed) > 0; }
  void publish(RunChange change);
  /// Sends what is due at the clock's time; microseconds until more is, or -1 for nothing.
  std::int64_t pump();
  void stop();

 private:
  class Subscription;
  struct Queue;
  struct RunLive {
    std::optional<RunChange> pending;
    std::int64_t sent_at_us = INT64_MIN / 2;               // monotonic
    std::unordered_map<std::string, std::string> summary;  // leaf path -> JSON last told
  };

  void loop();
  void send(RunLive& live, const RunChange& change);
  void deliver(const std::string& path, const char* type, std::string data);
  void unsubscribe(const std::shared_ptr<Queue>& queue);

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t next_id_ = 1;
  std::atomic<int> subscriber_count_{0};
  std::vector<std::shared_ptr<Queue>> queues_;  // shared with their subscriptions
  std::map<std::string, RunLive> runs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace runstone::ingest
