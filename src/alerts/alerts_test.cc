#include "alerts/alerts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "alerts/delivery_queue.h"
#include "net/client/scripted_server.h"
#include "store/memory/memory_store.h"

namespace runstone::alerts {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

// What a receiver on this machine has heard.
class Receiver {
 public:
  explicit Receiver(std::vector<int> statuses)
      : statuses_(std::move(statuses)), server_([this](const auto& request) {
          const std::scoped_lock lock(mutex_);
          heard_.push_back(request);
          changed_.notify_all();
          net::ScriptedAnswer answer;
          const auto at = std::min(heard_.size(), statuses_.size()) - 1;
          answer.status = statuses_[at];
          if (answer.status == 302) answer.headers = {{"Location", "/elsewhere"}};
          return answer;
        }) {}
  std::string url() const { return server_.url() + "/hook"; }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return heard_.size() >= count; });
  }
  std::vector<net::ScriptedRequest> heard() {
    const std::scoped_lock lock(mutex_);
    return heard_;
  }

 private:
  const std::vector<int> statuses_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<net::ScriptedRequest> heard_;
  net::ScriptedServer server_;
};

class AlertsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_->create_user({.name = "alice"}).has_value());
    entity_ = store_->find_entity("alice").value().id;
    const auto project = store_->create_project(entity_, "p1", 1).value().id;
    run_ = store_->create_run({.project = project, .name = "r1", .display_name = "brisk"}, {})
               .value()
               .id;
  }

  store::AlertTarget add(const std::string& url, bool allow_private = true) {
    store::AlertTarget target{.name = "hook", .url = url, .secret = "0123456789abcdef"};
    target.allow_private = allow_private;
    return store_->alerts().create_target(target).value();
  }
  AlertRequest request(const std::string& title) {
    return {.run = run_, .entity = entity_, .title = title, .text = "text"};
  }
  // The state of the one delivery, once it is no longer queued.
  store::AlertDelivery settled() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    store::ListDeliveries all;
    const auto targets = store_->alerts().list_targets().value();
    for (const auto& target : targets) all.targets.push_back(target.id);
    while (true) {
      const auto found = store_->alerts().list_deliveries(all).value();
      const bool done = !found.empty() && found[0].state != store::DeliveryState::kQueued;
      if (done || std::chrono::steady_clock::now() > deadline) return found.at(0);
      std::this_thread::yield();
    }
  }

  std::unique_ptr<store::Store> store_ = store::memory::make_store();
  std::unique_ptr<Alerts> alerts_ = Alerts::create(*store_, system_clock()).value();
  store::EntityId entity_{};
  store::RunId run_{};
};

TEST_F(AlertsTest, DeliversWhatWasRaised) {
  Receiver receiver({200});
  add(receiver.url());
  alerts_->start("http://here");
  ASSERT_TRUE(alerts_->raise(request("a")));
  ASSERT_TRUE(receiver.wait_for(1));
  EXPECT_NE(receiver.heard()[0].body.find("http://here/alice/p1/runs/r1"), std::string::npos);
  EXPECT_EQ(settled().state, store::DeliveryState::kDelivered);
}

TEST_F(AlertsTest, DeliversWhatWasQueuedBeforeTheStart) {
  Receiver receiver({200});
  add(receiver.url());
  ASSERT_TRUE(alerts_->raise(request("a")));
  alerts_->start("http://here");
  EXPECT_TRUE(receiver.wait_for(1));
}

TEST_F(AlertsTest, TriesAgainWithTheSameKeyAndBody) {
  Receiver receiver({500, 200});
  add(receiver.url());
  alerts_->start("");
  ASSERT_TRUE(alerts_->raise(request("a")));
  ASSERT_TRUE(receiver.wait_for(2));
  const auto heard = receiver.heard();
  EXPECT_EQ(heard[0].header("idempotency-key"), heard[1].header("idempotency-key"));
  EXPECT_EQ(heard[0].body, heard[1].body);
  const auto delivery = settled();
  EXPECT_EQ(delivery.state, store::DeliveryState::kDelivered);
  EXPECT_EQ(delivery.attempts, 2);
}

TEST_F(AlertsTest, RedirectIsRefusedAndNotFollowed) {
  Receiver receiver({302});
  add(receiver.url());
  alerts_->start("");
  ASSERT_TRUE(alerts_->raise(request("a")));
  const auto delivery = settled();
  EXPECT_EQ(delivery.state, store::DeliveryState::kFailed);
  EXPECT_NE(delivery.last_error.find("redirect"), std::string::npos);
  EXPECT_EQ(receiver.heard().size(), 1U);
}

TEST_F(AlertsTest, PrivateAddressIsRefusedWhenItIsReached) {
  Receiver receiver({200});
  // Past the rules for targets, as a name would be that resolves to this machine.
  add(receiver.url(), false);
  alerts_->start("");
  ASSERT_TRUE(alerts_->raise(request("a")));
  const auto delivery = settled();
  EXPECT_EQ(delivery.state, store::DeliveryState::kFailed);
  EXPECT_NE(delivery.last_error.find("127.0.0.1 is no public address"), std::string::npos);
  EXPECT_TRUE(receiver.heard().empty());
}

TEST_F(AlertsTest, FailedDeliveryCanBeTriedAgain) {
  Receiver receiver({404, 200});
  add(receiver.url());
  alerts_->start("");
  ASSERT_TRUE(alerts_->raise(request("a")));
  const auto failed = settled();
  EXPECT_EQ(failed.state, store::DeliveryState::kFailed);
  ASSERT_TRUE(alerts_->retry(failed.id));
  ASSERT_TRUE(receiver.wait_for(2));
  EXPECT_EQ(settled().state, store::DeliveryState::kDelivered);
  EXPECT_EQ(alerts_->retry(failed.id).error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(AlertsTest, StopDoesNotWaitForASlowReceiver) {
  net::ScriptedServer slow(
      [](const auto&) { return net::ScriptedAnswer{.kind = net::ScriptedAnswer::Kind::kHang}; });
  add(slow.url());
  alerts_->start("");
  ASSERT_TRUE(alerts_->raise(request("a")));
  alerts_->stop();
  EXPECT_EQ(store_->alerts().queue_heads().value().size(), 1U);  // for the next start
}

TEST_F(AlertsTest, RefusesAnAlertWithoutTitleOrTooLong) {
  EXPECT_EQ(alerts_->raise(request("")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(alerts_->raise(request(std::string(kTitleBytesMax + 1, 'x'))).error().code,
            ErrorCode::kInvalidArgument);
}

TEST_F(AlertsTest, TestMessageSaysWhyItDidNotArrive) {
  Receiver receiver({200, 403});
  const auto target = add(receiver.url());
  EXPECT_TRUE(alerts_->test_target(target).has_value());
  const auto refused = alerts_->test_target(target);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "it answered status 403");
}

TEST(RetryDelay, DoublesUpToAnHour) {
  EXPECT_EQ(retry_delay_us(1, 0), 1'000'000);
  EXPECT_EQ(retry_delay_us(2, 0), 2'000'000);
  EXPECT_EQ(retry_delay_us(5, 0), 16'000'000);
  EXPECT_EQ(retry_delay_us(14, 0), kRetryMaxUs);
  EXPECT_EQ(retry_delay_us(1'000'000, 0), kRetryMaxUs);
  EXPECT_EQ(retry_delay_us(1, 1), 1'250'000);
}

}  // namespace
}  // namespace runstone::alerts
