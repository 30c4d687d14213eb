#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json.h"
#include "model/config_rules.h"
#include "model/key_path.h"
#include "model/metric_rules.h"

namespace runstone {
namespace {

TEST(KeyPath, JoinAndSplitAreInverse) {
  for (const KeyPath& path : {KeyPath{"a"}, KeyPath{"a.b"}, KeyPath{"a", "b"}, KeyPath{"a\\", ".b"},
                              KeyPath{"", ""}, KeyPath{"\\.", "\\\\", "x"}}) {
    EXPECT_EQ(split_key_path(join_key_path(path)), path) << join_key_path(path);
  }
  EXPECT_EQ(join_key_path({"a.b", "c"}), "a\\.b.c");
}

TEST(MetricRules, StepMetricTurnsSyncOnUnlessToldOtherwise) {
  MetricOptions options;
  options.step_metric = "epoch";
  EXPECT_EQ(parse_metric_change("a", options)->step_sync, std::optional(true));
  options.step_sync = false;
  EXPECT_EQ(parse_metric_change("a", options)->step_sync, std::optional(false));
}

TEST(MetricRules, FlagsOnceTrueStayTrueUnlessOverwritten) {
  MetricTable table;
  MetricChange change;
  change.name = "a";
  change.hidden = true;
  table.define(change);
  change.hidden = false;
  EXPECT_TRUE(table.define(change).hidden);
  change.overwrite = true;
  EXPECT_FALSE(table.define(change).hidden);
}

TEST(MetricRules, StepMetricGetsAnEntryOfItsOwn) {
  MetricTable table;
  MetricChange change;
  change.name = "val/*";
  change.step_metric = "ep";
  table.define(change);
  ASSERT_EQ(table.all().size(), 2u);
  EXPECT_EQ(table.all()[1].name, "ep");
  EXPECT_FALSE(table.all()[1].defined);
}

class ConfigRules : public testing::Test {
 protected:
  Result<void> update(const Dict& values, bool allow = false) {
    return table_.update(
        values, allow, [&](const std::string& key) { changed_.push_back(key); },
        [&](const std::string& text) { warnings_.push_back(text); });
  }
  ConfigTable table_;
  std::vector<std::string> changed_, warnings_;
};

TEST_F(ConfigRules, C1ChangeNeedsPermissionAndIsAllOrNothing) {
  ASSERT_TRUE(update({{"lr", 0.1}, {"n", 1}}));
  const auto refused = update({{"new", 1}, {"lr", 0.2}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConfigLocked);
  EXPECT_NE(refused.error().message.find("Attempted to change value of key"), std::string::npos);
  EXPECT_FALSE(table_.values().contains("new"));
  EXPECT_TRUE(update({{"lr", 0.1}, {"n", 1.0}}));  // equal as numbers
  EXPECT_TRUE(update({{"lr", 0.2}}, true));
  EXPECT_EQ(*table_.values().find("lr"), Value(0.2));
}

TEST_F(ConfigRules, DefaultsFillOnlyWhatIsMissing) {
  ASSERT_TRUE(update({{"lr", 0.1}}));
  table_.set_defaults({{"lr", 9}, {"bs", 4}}, [](const std::string&) {});
  EXPECT_EQ(*table_.values().find("lr"), Value(0.1));
  EXPECT_EQ(*table_.values().find("bs"), Value(4));
}

TEST_F(ConfigRules, LockedKeysIgnoreWritesWithAWarning) {
  table_.update_locked({{"lr", 0.5}}, "sweep", [](const std::string&) {});
  ASSERT_TRUE(update({{"lr", 0.1}}, true));
  EXPECT_EQ(*table_.values().find("lr"), Value(0.5));
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("was locked by 'sweep'"), std::string::npos);
}

TEST_F(ConfigRules, C2KeysLoseOuterDashesAndNanBecomesNull) {
  ASSERT_TRUE(update({{"--bs-", std::nan("")}, {"n", List{std::nan("")}}}));
  EXPECT_TRUE(table_.values().find("bs")->is_null());
  EXPECT_EQ(json::to_text(*table_.values().find("n")), "[null]");
}

TEST(ConfigYaml, QuotesWhatWouldReadAsAnotherType) {
  const Dict config = {
      {"n", Value({{"a", List{1, Value({{"b", 2}})}}, {"s", "x: y"}, {"none", nullptr}})},
      {"lr", 0.1},
      {"inf", std::numeric_limits<double>::infinity()},
      {"big", 1e20},
      {"version", "3.11"},
      {"quote", "it's 'x',"},
      {"lines", "a\nb"},
      {"empty", Dict()},
      {"list", List()}};
  EXPECT_EQ(to_config_yaml(wrap_config(config)),
            "big:\n    value: 1.0e+20\n"
            "inf:\n    value: .inf\n"
            "lines:\n    value: \"a\\nb\"\n"
            "list:\n    value: []\n"
            "lr:\n    value: 0.1\n"
            "'n':\n    value:\n        a:\n            - 1\n            -\n"
            "                b: 2\n        none: null\n        s: 'x: y'\n"
            "quote:\n    value: 'it''s ''x'','\n"
            "version:\n    value: '3.11'\n");
}

}  // namespace
}  // namespace runstone
