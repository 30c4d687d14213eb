#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "alerts/message.h"
#include "base/clock.h"
#include "net/client/http_client.h"
#include "net/client/smtp_client.h"
#include "store/store.h"

namespace runstone::alerts {

inline constexpr int kAttemptsMax = 14;  ///< the last one some three hours after the first
inline constexpr std::int64_t kRetryFirstUs = 1'000'000;
inline constexpr std::int64_t kRetryMaxUs = 3600LL * 1'000'000;

/// How long to wait after the `attempts`th failure: doubling, with up to a quarter of `jitter`
/// (0..1) on top, so that many servers do not come back at once.
std::int64_t retry_delay_us(int attempts, double jitter);

/// Connections of one sender: it uses one at a time, another thread may cancel.
class Sender {
 public:
  Sender(const std::string& user_agent, const Clock& clock);
  Outcome send(const store::AlertTarget& target, const Message& message);
  void cancel();

 private:
  const Clock& clock_;
  const std::unique_ptr<net::HttpTransport> public_http_, any_http_;
  const std::unique_ptr<net::MailTransport> mail_;
};

/// Sends what the store says is queued. A target gets one at a time, in order of their time; a slow
/// one holds up nobody else while a thread is left.
class DeliveryQueue {
 public:
  static constexpr int kThreads = 4;

  DeliveryQueue(store::Store& store, const Clock& clock, std::string user_agent);
  ~DeliveryQueue();
  /// `base_url` is in front of the links to runs.
  void start(std::string base_url);
  void wake();  ///< something was queued
  void stop();  ///< ends what is being sent; it stays queued

  /// What a delivery tells. kNotFound if the alert or the run is gone.
  Result<Message> message_of(const store::AlertDelivery& delivery) const;

 private:
  void loop(Sender& sender);
  std::optional<store::AlertDelivery> take();  // waits; nothing at the end
  void attempt(Sender& sender, store::AlertDelivery delivery);
  void record(store::AlertDelivery delivery, const Outcome& outcome);

  store::Store& store_;
  const Clock& clock_;
  const std::string user_agent_;
  std::string base_url_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t wakes_ = 0;
  bool stopping_ = false;
  std::set<store::AlertTargetId> busy_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::vector<std::thread> threads_;
};

}  // namespace runstone::alerts
