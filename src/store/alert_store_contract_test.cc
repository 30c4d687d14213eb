#include "store/alert_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include "store/engine_fixture.h"

namespace runstone::store {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;

class AlertStoreContract : public EngineTest {
 protected:
  void SetUp() override {
    const auto project = store_->create_project(entity_, "p1", 1).value().id;
    run_ =
        store_->create_run({.project = project, .name = "r1", .display_name = "r1"}, {}).value().id;
  }

  AlertStore& alerts() { return store_->alerts(); }
  NewAlert alert(const std::string& title, std::int64_t at_us = 1000) {
    NewAlert made{.run = run_, .entity = entity_, .key = "key-" + title, .title = title};
    made.text = "text of " + title;
    made.created_at_us = at_us;
    return made;
  }
  AlertTarget target(const std::string& name) {
    AlertTarget made;
    made.name = name;
    made.url = "https://example.org/" + name;
    return made;
  }

  RunId run_{};
};

TEST_P(AlertStoreContract, KeepsAlertsAndListsTheNewestFirst) {
  for (const auto* title : {"a", "b", "c"}) ASSERT_TRUE(alerts().raise(alert(title)));
  const auto page = alerts().list_alerts({.run = run_, .limit = 2}).value();
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].title, "c");
  EXPECT_EQ(page[0].text, "text of c");
  EXPECT_EQ(page[0].key, "key-c");
  const auto rest = alerts().list_alerts({.run = run_, .before = page[1].id}).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].title, "a");
  EXPECT_EQ(alerts().count_alerts(run_).value(), 3);
  EXPECT_EQ(alerts().get_alert(rest[0].id).value().title, "a");
  const std::vector wanted{page[0].id, rest[0].id, AlertId(999)};
  EXPECT_EQ(alerts().get_alerts(wanted).value().size(), 2U);
}

TEST_P(AlertStoreContract, OneTitleWithinItsWaitIsCountedAndNotKeptAgain) {
  auto first = alert("a", 10 * kMinuteUs);
  first.wait_us = kMinuteUs;
  const auto kept = alerts().raise(first).value();
  EXPECT_TRUE(kept.stored);
  auto soon = first;
  soon.created_at_us += kMinuteUs - 1;
  const auto repeated = alerts().raise(soon).value();
  EXPECT_FALSE(repeated.stored);
  EXPECT_EQ(repeated.alert, kept.alert);
  EXPECT_EQ(alerts().get_alert(kept.alert).value().repeat_count, 1);
  auto other_title = soon;
  other_title.title = "b";
  EXPECT_TRUE(alerts().raise(other_title).value().stored);
  auto later = first;
  later.created_at_us += kMinuteUs;
  EXPECT_TRUE(alerts().raise(later).value().stored);
}

TEST_P(AlertStoreContract, NoWaitKeepsEveryOne) {
  EXPECT_TRUE(alerts().raise(alert("a")).value().stored);
  EXPECT_TRUE(alerts().raise(alert("a")).value().stored);
}

TEST_P(AlertStoreContract, RefusesMoreThanTheBound) {
  auto bounded = alert("a");
  bounded.alerts_max = 1;
  ASSERT_TRUE(alerts().raise(bounded));
  EXPECT_EQ(alerts().raise(bounded).error().code, ErrorCode::kFailedPrecondition);
}

TEST_P(AlertStoreContract, QueuesForTargetsThatWantIt) {
  auto everywhere = alerts().create_target(target("server")).value();
  auto mine = target("mine");
  mine.entity = entity_;
  mine = alerts().create_target(mine).value();
  auto others = target("others");
  others.entity = EntityId(to_number(entity_) + 100);
  ASSERT_TRUE(alerts().create_target(others));
  auto errors_only = target("errors");
  errors_only.min_severity = AlertSeverity::kError;
  ASSERT_TRUE(alerts().create_target(errors_only));
  auto off = target("off");
  off.enabled = false;
  ASSERT_TRUE(alerts().create_target(off));
  const auto raised = alerts().raise(alert("a")).value();
  EXPECT_EQ(raised.delivery_count, 2);
  const std::vector ids{raised.alert};
  const auto deliveries = alerts().deliveries_of(ids).value();
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(deliveries[0].target, everywhere.id);
  EXPECT_EQ(deliveries[1].target, mine.id);
  EXPECT_EQ(deliveries[0].state, DeliveryState::kQueued);
  EXPECT_EQ(deliveries[0].next_attempt_at_us, 1000);
}

TEST_P(AlertStoreContract, HeadsAreTheFirstDueOfEachEnabledTarget) {
  auto a = alerts().create_target(target("a")).value();
  const auto b = alerts().create_target(target("b")).value();
  ASSERT_TRUE(alerts().raise(alert("one", 100)));
  ASSERT_TRUE(alerts().raise(alert("two", 200)));
  auto heads = alerts().queue_heads().value();
  ASSERT_EQ(heads.size(), 2U);
  EXPECT_EQ(heads[0].next_attempt_at_us, 100);
  EXPECT_EQ(heads[1].next_attempt_at_us, 100);
  auto retried = heads[0];
  retried.attempts = 1;
  retried.next_attempt_at_us = 900;
  retried.last_error = "status 500";
  ASSERT_TRUE(alerts().update_delivery(retried));
  heads = alerts().queue_heads().value();
  ASSERT_EQ(heads.size(), 2U);
  EXPECT_EQ(heads[0].target, b.id);
  EXPECT_EQ(heads[1].target, a.id);
  EXPECT_EQ(heads[1].next_attempt_at_us, 200);
  a.enabled = false;
  ASSERT_TRUE(alerts().update_target(a));
  EXPECT_EQ(alerts().queue_heads().value().size(), 1U);
}

TEST_P(AlertStoreContract, DeliveryKeepsItsStateAndLastError) {
  const auto made = alerts().create_target(target("a")).value();
  ASSERT_TRUE(alerts().raise(alert("one")));
  auto delivery = alerts().queue_heads().value().at(0);
  delivery.state = DeliveryState::kFailed;
  delivery.attempts = 3;
  delivery.last_error = "status 404";
  delivery.updated_at_us = 55;
  ASSERT_TRUE(alerts().update_delivery(delivery));
  const auto found = alerts().get_delivery(delivery.id).value();
  EXPECT_EQ(found.state, DeliveryState::kFailed);
  EXPECT_EQ(found.attempts, 3);
  EXPECT_EQ(found.last_error, "status 404");
  EXPECT_TRUE(alerts().queue_heads().value().empty());
  ListDeliveries failed{.targets = {made.id}, .state = DeliveryState::kFailed};
  EXPECT_EQ(alerts().list_deliveries(failed).value().size(), 1U);
  failed.state = DeliveryState::kQueued;
  EXPECT_TRUE(alerts().list_deliveries(failed).value().empty());
  EXPECT_TRUE(alerts().list_deliveries({.targets = {}}).value().empty());
}

TEST_P(AlertStoreContract, TargetComesBackWithAllItsFields) {
  AlertTarget mail;
  mail.kind = AlertTargetKind::kMail;
  mail.entity = entity_;
  mail.name = "post";
  mail.url = "smtp://mail.example.org:587";
  mail.secret = "s3cret";
  mail.username = "bot";
  mail.sender = "bot@example.org";
  mail.recipients = {"a@example.org", "b@example.org"};
  mail.min_severity = AlertSeverity::kWarn;
  mail.allow_private = true;
  mail.created_at_us = 9;
  const auto id = alerts().create_target(mail).value().id;
  auto found = alerts().get_target(id).value();
  EXPECT_EQ(found.kind, AlertTargetKind::kMail);
  EXPECT_EQ(found.entity, mail.entity);
  EXPECT_EQ(found.url, mail.url);
  EXPECT_EQ(found.secret, mail.secret);
  EXPECT_EQ(found.username, mail.username);
  EXPECT_EQ(found.sender, mail.sender);
  EXPECT_EQ(found.recipients, mail.recipients);
  EXPECT_EQ(found.min_severity, mail.min_severity);
  EXPECT_TRUE(found.allow_private);
  found.recipients = {"c@example.org"};
  ASSERT_TRUE(alerts().update_target(found));
  EXPECT_EQ(alerts().list_targets().value().at(0).recipients, found.recipients);
}

TEST_P(AlertStoreContract, DeletedTargetTakesItsDeliveriesAlong) {
  const auto made = alerts().create_target(target("a")).value();
  const auto raised = alerts().raise(alert("one")).value();
  ASSERT_TRUE(alerts().delete_target(made.id));
  EXPECT_EQ(alerts().delete_target(made.id).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(alerts().queue_heads().value().empty());
  EXPECT_TRUE(alerts().get_alert(raised.alert).has_value());
}

TEST_P(AlertStoreContract, DeletedAlertsLeaveNothingQueued) {
  ASSERT_TRUE(alerts().create_target(target("a")));
  ASSERT_TRUE(alerts().raise(alert("one")));
  const auto delivery = alerts().queue_heads().value().at(0);
  ASSERT_TRUE(alerts().delete_alerts(run_));
  EXPECT_EQ(alerts().count_alerts(run_).value(), 0);
  EXPECT_TRUE(alerts().queue_heads().value().empty());
  EXPECT_TRUE(alerts().update_delivery(delivery).has_value());  // a late answer is no error
}

TEST_P(AlertStoreContract, DeletedRunTakesItsAlertsAlong) {
  ASSERT_TRUE(alerts().create_target(target("a")));
  ASSERT_TRUE(alerts().raise(alert("one")));
  ASSERT_TRUE(store_->delete_runs({{run_, "runs/1"}}));
  EXPECT_EQ(alerts().count_alerts(run_).value(), 0);
  EXPECT_TRUE(alerts().queue_heads().value().empty());
}

INSTANTIATE_TEST_SUITE_P(Engines, AlertStoreContract, every_engine(), engine_name);

}  // namespace
}  // namespace runstone::store
