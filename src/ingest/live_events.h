#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace runstone::ingest {

/// One server-sent event, as docs/format/web-api.md has them ("rows", "run", "config", "console",
/// "files", "resync"; "hello" and the comment lines are the route's).
struct LiveEvent {
  std::uint64_t id = 0;  ///< ascending
  std::string type;
  std::string data;  ///< JSON
};

/// What a subscriber follows: a run (all three set) or a project's runs (run empty).
struct LiveFilter {
  std::string entity;
  std::string project;
  std::string run;
};

/// A page's view of the changes. Its queue is bounded: past kQueueBytesMax all of it is replaced by
/// one "resync". Destroying it ends the subscription; after that on_ready is not called any more.
class LiveSubscription {
 public:
  static constexpr std::size_t kQueueBytesMax = 1 << 20;
  virtual ~LiveSubscription() = default;
  /// What has come since the last call, oldest first; empty if nothing has. Never blocks.
  virtual std::vector<LiveEvent> take() = 0;
};

/// Changes that were committed, for who looks on. Coalesced: at most one event of a type each 250
/// ms for a run.
class LiveEvents {
 public:
  virtual ~LiveEvents() = default;
  /// `on_ready` is called, on a thread of ours and with no lock that take() needs, whenever the
  /// queue goes from empty to not empty; it should only post take() to the subscriber's own thread.
  virtual std::unique_ptr<LiveSubscription> subscribe(LiveFilter filter,
                                                      std::function<void()> on_ready) = 0;
  /// An event that another subject made, of the run `path` ("entity/project/run"): `json` is an
  /// object, without the run's name. Sent with the run's next ones.
  virtual void announce(const std::string& path, const std::string& type, std::string json) = 0;
};

}  // namespace runstone::ingest
