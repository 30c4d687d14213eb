#include "model/summary_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json.h"

namespace runstone {
namespace {

void define(SummaryTable& table, const std::string& name, const MetricOptions& options = {}) {
  const auto change = parse_metric_change(name, options);
  ASSERT_TRUE(change) << change.error().message;
  table.define(*change);
}
MetricOptions with_summary(const std::string& ops, const std::string& goal = "") {
  MetricOptions options;
  options.summary = ops;
  if (!goal.empty()) options.goal = goal;
  return options;
}
void log(SummaryTable& table, const std::string& leaf_path, ValueRef value) {
  table.observe(table.slot_of_name(leaf_path), value);
}
std::string text(const SummaryTable& table) { return json::to_text(Value(table.to_dict())); }

TEST(SummaryTable, ShowsTheLastValueOfEachLeaf) {
  SummaryTable table;
  log(table, "loss", 1.5);
  log(table, "loss", 2);
  log(table, "name", "x");
  log(table, "n.a", true);
  log(table, "n.b", ValueRef::json("[1,2]"));
  EXPECT_EQ(text(table), R"({"loss":2,"name":"x","n":{"a":true,"b":[1,2]}})");
}

TEST(SummaryTable, DM2AllOperationsCountEveryNumber) {
  SummaryTable table;
  define(table, "v", with_summary("min,max,mean,last,first"));
  for (const double v : {3., 1., 2., 5.}) log(table, "v", v);
  EXPECT_EQ(text(table), R"({"v":{"min":1,"max":5,"mean":2.75,"last":5,"first":3}})");
}

TEST(SummaryTable, DM3BestFollowsTheGoal) {
  SummaryTable table;
  define(table, "up", with_summary("best", "maximize"));
  define(table, "down", with_summary("best", "minimize"));
  for (const double v : {1., 3., 2.}) {
    log(table, "up", v);
    log(table, "down", v);
  }
  EXPECT_EQ(text(table), R"({"up":{"best":3},"down":{"best":1}})");
}

TEST(SummaryTable, DM4DefinitionsMergeUnlessOverwritten) {
  SummaryTable table;
  define(table, "v", with_summary("min"));
  define(table, "v", with_summary("max"));
  log(table, "v", 1);
  log(table, "v", 2);
  EXPECT_EQ(text(table), R"({"v":{"min":1,"max":2}})");
  MetricOptions over = with_summary("max");
  over.overwrite = true;
  define(table, "v", over);
  EXPECT_EQ(text(table), R"({"v":{"max":2}})");
}

TEST(SummaryTable, DM5WrongDefinitionsSayWhatIsWrong) {
  const auto message = [](const char* name, const MetricOptions& options) {
    const auto change = parse_metric_change(name, options);
    return change ? std::string("accepted") : change.error().message;
  };
  EXPECT_NE(message("", {}).find("requires non-empty name"), std::string::npos);
  EXPECT_NE(message("a*b", {}).find("glob suffixes only"), std::string::npos);
  EXPECT_NE(message("a", with_summary("median")).find("summary op"), std::string::npos);
  EXPECT_NE(message("a", with_summary("min, max")).find("summary op"), std::string::npos);
  EXPECT_NE(message("a", with_summary("best", "upwards")).find("goal"), std::string::npos);
  EXPECT_EQ(message("a/*", with_summary("MIN,Max", "MAXimize")), "accepted");
}

TEST(SummaryTable, DM6ValuesBeforeTheDefinitionCount) {
  SummaryTable table;
  log(table, "v", 3);
  define(table, "v", with_summary("max"));
  log(table, "v", 1);
  EXPECT_EQ(text(table), R"({"v":{"max":3}})");
}

TEST(SummaryTable, NoneHidesTheMetricAndFollowsTheLatestCall) {
  SummaryTable table;
  log(table, "v", 1);
  define(table, "v", with_summary("none"));
  log(table, "v", 2);
  EXPECT_EQ(text(table), "{}");
  define(table, "v", with_summary("max"));
  EXPECT_EQ(text(table), R"({"v":{"max":2}})");
}

TEST(SummaryTable, CopyIsThePlainLastValue) {
  SummaryTable table;
  define(table, "v", with_summary("copy"));
  log(table, "v", 7);
  EXPECT_EQ(text(table), R"({"v":7})");
}

TEST(SummaryTable, LongestGlobWinsAtTheFirstValueAndStays) {
  SummaryTable table;
  define(table, "*", with_summary("min"));
  define(table, "val/*", with_summary("max"));
  log(table, "val/acc", 1);
  log(table, "loss", 1);
  log(table, "_hidden", 1);
  define(table, "val/a*", with_summary("mean"));  // too late for val/acc
  log(table, "val/acc", 2);
  log(table, "loss", 2);
  EXPECT_EQ(text(table), R"({"val/acc":{"max":2},"loss":{"min":1},"_hidden":1})");
}

TEST(SummaryTable, CallAfterAGlobMergesWithWhatTheGlobMade) {
  SummaryTable table;
  define(table, "v*", with_summary("max"));
  log(table, "v1", 4);
  define(table, "v1", with_summary("min"));
  log(table, "v1", 2);
  EXPECT_EQ(text(table), R"({"v1":{"min":2,"max":4}})");
}

TEST(SummaryTable, NameWithDotsIsANestedValueAndEscapedDotIsNot) {
  SummaryTable table;
  define(table, "nest.a", with_summary("max"));
  define(table, "x\\.y", with_summary("min"));
  log(table, "nest.a", 1);
  log(table, "x\\.y", 2);
  EXPECT_EQ(text(table), R"({"nest":{"a":{"max":1}},"x.y":{"min":2}})");
}

TEST(SummaryTable, NanMakesMinMaxAndMeanNanButNotBest) {
  SummaryTable table;
  define(table, "v", with_summary("min,max,mean,best"));
  log(table, "v", 1.0);
  log(table, "v", std::numeric_limits<double>::quiet_NaN());
  log(table, "v", 0.5);
  EXPECT_EQ(text(table), R"({"v":{"min":NaN,"max":NaN,"mean":NaN,"best":0.5}})");
}

TEST(SummaryTable, TextAndBoolsCountOnlyForFirstAndLast) {
  SummaryTable table;
  define(table, "v", with_summary("min,mean,last,first"));
  log(table, "v", "a");
  log(table, "v", true);
  EXPECT_EQ(text(table), R"({"v":{"last":true,"first":"a"}})");
  log(table, "v", 4);
  EXPECT_EQ(text(table), R"({"v":{"min":4,"mean":4,"last":4,"first":"a"}})");
}

TEST(SummaryTable, NullTakesTheKeyOut) {
  SummaryTable table;
  log(table, "v", 1);
  log(table, "v", nullptr);
  EXPECT_EQ(text(table), "{}");
  log(table, "v", 2);
  EXPECT_EQ(text(table), R"({"v":2})");
}

TEST(SummaryTable, LeafAndDictReplaceEachOther) {
  SummaryTable table;
  log(table, "v", 1);
  log(table, "v.x", 2);
  EXPECT_EQ(text(table), R"({"v":{"x":2}})");
  log(table, "v", 3);
  EXPECT_EQ(text(table), R"({"v":3})");
}

TEST(SummaryTable, S2NestedSetKeepsItsSiblings) {
  SummaryTable table;
  table.set({"u"}, Value({{"v", 1}}));
  table.set({"u", "w"}, 5);
  EXPECT_EQ(text(table), R"({"u":{"v":1,"w":5}})");
  table.set({"u"}, Value({{"z", 0}}));
  EXPECT_EQ(text(table), R"({"u":{"z":0}})");
  table.erase({"u", "missing"});
  table.erase({"u", "z"});
  EXPECT_EQ(text(table), "{}");
}

TEST(SummaryTable, SetByHandClearsTheOperations) {
  SummaryTable table;
  define(table, "v", with_summary("max"));
  log(table, "v", 3);
  table.set({"v"}, 9);
  EXPECT_EQ(text(table), R"({"v":9})");
  log(table, "v", 4);
  EXPECT_EQ(text(table), R"({"v":4})");
  table.set({"v"}, std::nan(""));
  table.set({"inf"}, std::numeric_limits<double>::infinity());
  EXPECT_EQ(text(table), R"({"inf":Infinity})");
}

// What take_changes() hands out, replayed into a table that sees the same rows.
void replay(SummaryTable& from, SummaryTable& to) {
  std::vector<KeyPath> removed;
  std::vector<std::pair<KeyPath, Value>> updated;
  from.take_changes([&](const KeyPath& path, std::optional<std::string_view> json) {
    if (!json) return removed.push_back(path);
    updated.emplace_back(path, *json::parse(*json));
  });
  for (const auto& path : removed) to.apply_record_remove(path);
  for (const auto& [path, value] : updated) to.apply_record_update(path, value);
}

TEST(SummaryTable, ReaderOfRowsAndRecordsGetsTheSameSummary) {
  SummaryTable writer, reader;
  const auto both = [&](const std::string& key, ValueRef value) {
    log(writer, key, value);
    log(reader, key, value);
  };
  define(writer, "v", with_summary("min,max"));
  define(reader, "v", with_summary("min,max"));
  both("v", 3);
  both("n.a", 1);
  replay(writer, reader);
  EXPECT_EQ(text(reader), text(writer));
  writer.set({"v"}, 7);
  replay(writer, reader);
  EXPECT_EQ(text(reader), text(writer));
  both("v", 8);
  both("n", 2);
  replay(writer, reader);
  EXPECT_EQ(text(reader), text(writer));
  EXPECT_EQ(text(writer), R"({"v":8,"n":2})");
}

TEST(SummaryTable, RecordsAloneGiveTheSummaryToo) {
  SummaryTable writer, reader;
  define(writer, "v", with_summary("min,max"));
  log(writer, "v", 3);
  log(writer, "n.a", 1);
  replay(writer, reader);
  EXPECT_EQ(text(reader), R"({"n":{"a":1},"v":{"min":3,"max":3}})");
  MetricOptions over = with_summary("max");
  over.overwrite = true;
  define(writer, "v", over);
  writer.erase({"n"});
  replay(writer, reader);
  EXPECT_EQ(text(reader), R"({"v":{"max":3}})");
}

// What a row of known numbers costs must change nothing of what comes out.
TEST(SummaryTable, ColumnsGiveTheFiguresOfSingleValuesToTheLastBit) {
  SummaryTable by_value, by_columns;
  for (auto* table : {&by_value, &by_columns})
    define(*table, "*", with_summary("min,max,mean,last"));
  const std::vector<std::string> names = {"a", "b", "c"};
  std::vector<SummarySlot*> slots;
  for (const auto& name : names) slots.push_back(&by_columns.slot_of_name(name));
  SummaryColumns columns;
  columns.reset(slots);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (int row = 0; row < 200; ++row) {
    const double tenth = row * 0.1;
    const double odd = row == 70 ? nan : row == 90 ? infinity : -1e17 / (row + 1);
    const std::int64_t whole = (std::int64_t{1} << 53) + row;
    log(by_value, "a", tenth);
    log(by_value, "b", odd);
    log(by_value, "c", row % 2 == 0 ? ValueRef(whole) : ValueRef(tenth));
    columns.put(0, tenth);
    columns.put(1, odd);
    if (row % 2 == 0) {
      columns.put(2, whole);
    } else {
      columns.put(2, tenth);
    }
    by_columns.observe_columns(columns);
    columns.put(0, -1.0);  // a row that turned out to be another shape: never observed
    if (row % 30 == 5) {   // another road between
      log(by_value, "b", -3.5);
      log(by_columns, "b", -3.5);
    }
    if (row % 50 == 7) {
      ASSERT_EQ(text(by_columns), text(by_value)) << "row " << row;
    }
  }
  EXPECT_EQ(text(by_columns), text(by_value));
  by_columns.erase({"a"});
  columns.put(0, 1.0);
  columns.put(1, 1.0);
  columns.put(2, 1.0);
  by_columns.observe_columns(columns);
  for (const auto& name : names) log(by_value, name, 1.0);
  EXPECT_EQ(text(by_columns), text(by_value)) << "a value taken out by hand comes back with a row";
}

TEST(SummaryTable, BorrowedFiguresCountAsChanged) {
  SummaryTable table;
  log(table, "a", 1.0);
  table.take_changes([](const KeyPath&, std::optional<std::string_view>) {});
  SummaryColumns columns;
  SummarySlot* const slots[] = {&table.slot_of_name("a")};
  columns.reset(slots);
  for (const double value : {2.0, 3.0}) {
    columns.put(0, value);
    table.observe_columns(columns);
    EXPECT_TRUE(table.has_changes());
  }
  std::string changes;
  table.take_changes([&](const KeyPath& path, std::optional<std::string_view> json) {
    changes += path[0] + "=" + std::string(*json) + " ";
  });
  EXPECT_EQ(changes, "a=3 ");
  EXPECT_FALSE(table.has_changes());
}

}  // namespace
}  // namespace runstone
