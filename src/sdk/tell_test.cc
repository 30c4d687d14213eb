// Alerts, preemption, pinned keys, status.
#include <gmock/gmock.h>

#include "base/json.h"
#include "sdk/test_run.h"

namespace runstone::testing_support {
namespace {

using testing::HasSubstr;

TEST(Tell, AL1AnAlertIsRecordedWithItsLevelAndItsWait) {
  Workplace place;
  auto run = place.start();
  AlertOptions warn;
  warn.level = "WARN";
  warn.wait_duration_secs = 300;
  ASSERT_TRUE(run.alert("Low accuracy", "acc 0.3", warn));
  ASSERT_TRUE(run.alert("t", "default"));
  AlertOptions lower;
  lower.level = "warn";
  EXPECT_EQ(run.alert("t", "x", lower).error().code, ErrorCode::kInvalidArgument);
  AlertOptions negative;
  negative.wait_duration_secs = -1;
  EXPECT_EQ(run.alert("t", "x", negative).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(run.alert(std::string(100, 'a'), "long"));
  EXPECT_THAT(place.all_lines(), HasSubstr("up to 64 characters"));
  run.finish();
  EXPECT_EQ(run.alert("t", "x").error().code, ErrorCode::kFailedPrecondition);
  const auto alerts = read_journal(run.sync_dir()).all<protocol::AlertRecord>();
  ASSERT_EQ(alerts.size(), 3u);
  EXPECT_EQ(alerts[0].level, "WARN");
  EXPECT_EQ(alerts[0].wait_duration_ms, 300'000);
  EXPECT_EQ(alerts[1].level, "INFO");
  EXPECT_EQ(alerts[1].wait_duration_ms, 60'000);
  EXPECT_EQ(alerts[2].title.size(), 100u);
}

TEST(Tell, MP1PreemptionIsRecorded) {
  Workplace place;
  auto run = place.start();
  ASSERT_TRUE(run.mark_preempting());
  run.finish(1);
  EXPECT_EQ(read_journal(run.sync_dir()).all<protocol::PreemptingRecord>().size(), 1u);
  EXPECT_EQ(run.mark_preempting().error().code, ErrorCode::kFailedPrecondition);
}

TEST(Tell, PinnedKeysReplaceThoseBefore) {
  Workplace place;
  auto run = place.start();
  ASSERT_TRUE(run.pin_config_keys({"a", "b.c"}));
  ASSERT_TRUE(run.pin_config_keys({"d"}));
  const Dict config = run.config().all_with_private();
  EXPECT_EQ(json::to_text(*config.find("_wandb")->get("pinned_keys")), R"(["d"])");
}

TEST(Tell, ST1AStatusOfflineIsAllZero) {
  Workplace place;
  auto run = place.start();
  ASSERT_TRUE(run.log({{"a", 1}}));
  const RunStatus status = *run.status();
  EXPECT_EQ(status.sync_items_total, 0u);
  EXPECT_EQ(status.sync_items_pending, 0u);
  EXPECT_FALSE(status.sync_time);
  run.finish();
  EXPECT_FALSE(run.status());
}

}  // namespace
}  // namespace runstone::testing_support
