#include "alerts/alerts.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "alerts/delivery_queue.h"
#include "alerts/target_rules.h"
#include "base/encoding.h"
#include "base/random_id.h"
#include "base/try.h"

namespace runstone::alerts {
namespace {

constexpr const char* kUserAgent = "runstone-alerts";

class AlertsService final : public Alerts {
 public:
  AlertsService(store::Store& store, const Clock& clock)
      : store_(store), clock_(clock), queue_(store, clock, kUserAgent) {}
  ~AlertsService() override { stop(); }

  void start(std::string base_url) override {
    {
      const std::scoped_lock lock(mutex_);
      base_url_ = base_url;
    }
    queue_.start(std::move(base_url));
  }

  void stop() override {
    {
      const std::scoped_lock lock(mutex_);
      stopped_ = true;
      for (Sender* sender : testing_) sender->cancel();
    }
    queue_.stop();
  }

  Result<store::RaisedAlert> raise(AlertRequest request) override {
    if (request.title.empty()) return fail(ErrorCode::kInvalidArgument, "an alert needs a title");
    if (request.title.size() > kTitleBytesMax || request.text.size() > kTextBytesMax) {
      return fail(ErrorCode::kInvalidArgument,
                  "an alert's title has at most " + std::to_string(kTitleBytesMax) +
                      " bytes, its text " + std::to_string(kTextBytesMax));
    }
    store::NewAlert alert;
    alert.run = request.run;
    alert.entity = request.entity;
    alert.key = random_uuid();
    alert.title = std::move(request.title);
    alert.text = std::move(request.text);
    alert.severity = request.severity;
    alert.created_at_us = clock_.now_us();
    alert.wait_us = std::clamp<std::int64_t>(request.wait_us, 0, kWaitMaxUs);
    alert.alerts_max = kAlertsPerRunMax;
    RUNSTONE_TRY(const auto raised, store_.alerts().raise(alert));
    if (raised.delivery_count > 0) queue_.wake();
    return raised;
  }

  Result<store::AlertTarget> create_target(store::AlertTarget target) override {
    RUNSTONE_TRY(check_target(target));
    RUNSTONE_TRY(const auto all, store_.alerts().list_targets());
    if (all.size() >= kTargetsMax) {
      return fail(ErrorCode::kFailedPrecondition,
                  "the server has " + std::to_string(kTargetsMax) + " alert targets already");
    }
    target.created_at_us = clock_.now_us();
    return store_.alerts().create_target(target);
  }

  Result<void> update_target(const store::AlertTarget& target) override {
    RUNSTONE_TRY(check_target(target));
    RUNSTONE_TRY(store_.alerts().update_target(target));
    queue_.wake();  // it may be enabled again
    return {};
  }

  Result<void> test_target(const store::AlertTarget& target) override {
    Message message;
    message.key = message.delivery_key = random_uuid();
    message.title = "Test of alert target " + target.name;
    message.text = "This message was asked for by an administrator of the server.";
    message.created_at_us = clock_.now_us();
    Sender sender(kUserAgent, clock_);
    {
      const std::scoped_lock lock(mutex_);
      if (stopped_) return fail(ErrorCode::kUnavailable, "the server is stopping");
      testing_.insert(&sender);
      message.run_url = base_url_;
    }
    const auto outcome = sender.send(target, message);
    {
      const std::scoped_lock lock(mutex_);
      testing_.erase(&sender);
    }
    if (outcome.kind == Outcome::Kind::kDelivered) return {};
    return fail(ErrorCode::kFailedPrecondition, outcome.error);
  }

  Result<void> retry(store::AlertDeliveryId id) override {
    RUNSTONE_TRY(auto delivery, store_.alerts().get_delivery(id));
    if (delivery.state != store::DeliveryState::kFailed) {
      return fail(ErrorCode::kFailedPrecondition, std::string("the delivery is ") +
                                                      store::to_string(delivery.state) +
                                                      "; only a failed one can be tried again");
    }
    delivery.state = store::DeliveryState::kQueued;
    delivery.attempts = 0;
    delivery.next_attempt_at_us = delivery.updated_at_us = clock_.now_us();
    RUNSTONE_TRY(store_.alerts().update_delivery(delivery));
    queue_.wake();
    return {};
  }

 private:
  store::Store& store_;
  const Clock& clock_;
  DeliveryQueue queue_;
  std::mutex mutex_;  // of what follows
  std::string base_url_;
  bool stopped_ = false;
  std::set<Sender*> testing_;
};

}  // namespace

Result<std::unique_ptr<Alerts>> Alerts::create(store::Store& store, const Clock& clock) {
  return std::unique_ptr<Alerts>(std::make_unique<AlertsService>(store, clock));
}

}  // namespace runstone::alerts
