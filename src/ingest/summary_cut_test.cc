// What a summary becomes when the history behind it is cut.
#include "ingest/summary_cut.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace runstone::ingest {
namespace {

std::vector<store::KeyInfo> keys(const std::vector<std::string>& names) {
  std::vector<store::KeyInfo> infos;
  for (const auto& name : names) {
    store::KeyInfo info;
    info.name = name;
    infos.push_back(info);
  }
  return infos;
}

parts::RowBatch batch(std::int64_t first_line, const std::vector<std::string>& lines) {
  parts::RowBatch rows;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(rows.add_line(first_line + static_cast<std::int64_t>(i), lines[i]));
  }
  return rows;
}

Value applied(const SummaryCut& cut, const std::string& before) {
  const auto after = cut.apply(before);
  EXPECT_TRUE(after) << before;
  return *json::parse(*after);
}

TEST(SummaryCut, LastValuesAreThoseOfTheKeptRows) {
  SummaryCut cut(keys({"loss", "late", "name", "_step"}), "{}");
  // In any order: the higher line is the later one.
  cut.add(batch(2, {R"({"_step":2,"loss":0.5})"}));
  cut.add(batch(0, {R"({"_step":0,"loss":3,"name":"a"})", R"({"_step":1,"loss":2})"}));
  EXPECT_EQ(applied(cut, R"({"loss":0.1,"late":7,"name":"z","_step":9,"by_hand":{"x":[1]}})"),
            *json::parse(R"({"loss":0.5,"name":"a","_step":2,"by_hand":{"x":[1]}})"));
}

TEST(SummaryCut, AggregatesAreWorkedOutAnew) {
  const std::string config =
      R"({"_wandb":{"value":{"m":[{"1":"acc","8":2},{"2":"val/*","8":2},{"1":"loss"}]}}})";
  SummaryCut cut(keys({"acc", "loss", "val/f1"}), config);
  cut.add(batch(0, {R"({"acc":0.5,"loss":4,"val/f1":0.25})", R"({"acc":0.25,"loss":NaN})",
                    R"({"acc":0.75,"loss":2,"val/f1":0.125})"}));
  EXPECT_EQ(
      applied(cut,
              R"({"acc":{"best":9,"first":9,"last":9},"loss":{"min":0,"max":0,"mean":0,"best":0},
                       "val/f1":{"best":9}})"),
      *json::parse(R"({"acc":{"best":0.75,"first":0.5,"last":0.75},
                       "loss":{"min":2,"max":4,"mean":3,"best":2},"val/f1":{"best":0.25}})"));
}

TEST(SummaryCut, NestedKeysAndMediaAreCutByTheirPath) {
  SummaryCut cut(keys({"n.x", "n.y", "image", "a\\.b"}), "{}");
  cut.add(batch(0, {R"({"n":{"x":1},"a.b":5,"image":{"_type":"image-file","path":"one.png"}})"}));
  EXPECT_EQ(
      applied(cut,
              R"({"n":{"x":3,"y":4},"a.b":6,"image":{"_type":"image-file","path":"two.png"}})"),
      *json::parse(R"({"n":{"x":1},"a.b":5,"image":{"_type":"image-file","path":"one.png"}})"));
}

TEST(SummaryCut, TheRunTimeGoesBackToThatOfTheLastRow) {
  SummaryCut cut(keys({"_runtime"}), "{}");
  cut.add(batch(0, {R"({"_runtime":4.75})"}));
  EXPECT_EQ(applied(cut, R"({"_runtime":90.5,"_wandb":{"runtime":90}})"),
            *json::parse(R"({"_runtime":4.75,"_wandb":{"runtime":4}})"));
}

TEST(SummaryCut, WithoutRowsOnlyWhatWasSetByHandStays) {
  const SummaryCut cut(keys({"loss"}), "not JSON");
  EXPECT_EQ(applied(cut, R"({"loss":{"best":1},"note":"x","empty":{}})"),
            *json::parse(R"({"note":"x","empty":{}})"));
  EXPECT_FALSE(cut.apply("{"));
}

}  // namespace
}  // namespace runstone::ingest
