#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "runstone/result.h"
#include "store/alert_store.h"
#include "store/store.h"

namespace runstone::alerts {

inline constexpr std::int64_t kAlertsPerRunMax = 10'000;
inline constexpr std::size_t kTitleBytesMax = 4096;
inline constexpr std::size_t kTextBytesMax = 1 << 20;
inline constexpr std::int64_t kWaitDefaultUs = 60'000'000;
inline constexpr std::int64_t kWaitMaxUs = 10LL * 365 * 24 * 3600 * 1'000'000;
inline constexpr std::size_t kTargetsMax = 1000;

/// An alert as a run sends it.
struct AlertRequest {
  store::RunId run{};
  store::EntityId entity{};
  std::string title, text;
  store::AlertSeverity severity = store::AlertSeverity::kInfo;
  std::int64_t wait_us = kWaitDefaultUs;
};

/// Keeps alerts and sends them on. Blocking calls, any thread.
class Alerts {
 public:
  /// Borrows all of them.
  static Result<std::unique_ptr<Alerts>> create(store::Store& store, const Clock& clock);
  virtual ~Alerts() = default;

  /// Begins to send; `base_url` is in front of the links to runs.
  virtual void start(std::string base_url) = 0;
  /// Ends the background work. Idempotent.
  virtual void stop() = 0;

  /// Durable on return, with all that is to be sent of it.
  /// Errors   kInvalidArgument: no title, or too long; kFailedPrecondition: kAlertsPerRunMax.
  virtual Result<store::RaisedAlert> raise(AlertRequest request) = 0;

  /// Who may set what is the caller's to check; what a target may be is checked here.
  virtual Result<store::AlertTarget> create_target(store::AlertTarget target) = 0;
  virtual Result<void> update_target(const store::AlertTarget& target) = 0;
  /// Sends a message to it at once. The error says why it did not arrive.
  virtual Result<void> test_target(const store::AlertTarget& target) = 0;
  /// Queues a failed delivery anew. kFailedPrecondition if it is queued or delivered.
  virtual Result<void> retry(store::AlertDeliveryId id) = 0;
};

}  // namespace runstone::alerts
