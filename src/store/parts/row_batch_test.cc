#include "store/parts/row_batch.h"

#include <cmath>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "store/parts/sample_lines.h"

namespace runstone::parts {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The leaves of one line as "path=type:JSON".
std::vector<std::string> leaves_of(std::string_view text) {
  RowBatch batch;
  const auto added = batch.add_line(0, text);
  if (!added) return {"error"};
  std::vector<std::string> out;
  const auto& row = batch.rows().front();
  for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
    const auto& leaf = batch.leaves()[i];
    out.push_back(batch.key_name(leaf.key) + "=" + to_string(leaf.type) + ":" +
                  json::to_text(batch.leaf_value(leaf)));
  }
  return out;
}

Value value_of(std::string_view text) {
  RowBatch batch;
  EXPECT_TRUE(batch.add_line(0, text));
  return batch.to_value(batch.rows().front());
}

TEST(RowBatch, TakesEveryKindOfNumberExactly) {
  EXPECT_THAT(
      leaves_of(R"({"a":1,"b":-0.5,"c":1e300,"d":9007199254740993,"e":-9223372036854775808})"),
      ElementsAre("a=number:1", "b=number:-0.5", "c=number:1e+300", "d=number:9007199254740993",
                  "e=number:-9223372036854775808"));
  EXPECT_THAT(leaves_of(R"({"a":NaN,"b":Infinity,"c":-Infinity})"),
              ElementsAre("a=number:NaN", "b=number:Infinity", "c=number:-Infinity"));
}

TEST(RowBatch, TakesIntegersPast64BitsAsDoubles) {
  EXPECT_THAT(leaves_of(R"({"a":9223372036854775808,"b":123456789012345678901234567890})"),
              ElementsAre("a=number:9223372036854775808", "b=number:1.2345678901234568e+29"));
}

TEST(RowBatch, KeepsTextBoolNullListsAndMediaAsValues) {
  EXPECT_THAT(
      leaves_of(
          R"({"t":"x","b":true,"n":null,"l":[1, NaN],"m":{"p":1,"_type":"image-file"},"e":{}})"),
      ElementsAre("t=string:\"x\"", "b=bool:true", "n=null:null", "l=other:[1,NaN]",
                  "m=media:{\"p\":1,\"_type\":\"image-file\"}", "e=other:{}"));
}

TEST(RowBatch, TakesTheTextsOfNaNAndInfinityForNumbersAndGivesThemBackAsText) {
  EXPECT_THAT(leaves_of(R"({"a":"NaN","b":"-Infinity"})"),
              ElementsAre("a=number:\"NaN\"", "b=number:\"-Infinity\""));
}

TEST(RowBatch, FlattensNestedDictsToEscapedLeafPaths) {
  EXPECT_THAT(leaves_of(R"({"a":{"b":1,"c.d":{"e\\f":2}},"a.b":3})"),
              ElementsAre("a.b=number:1", "a.c\\.d.e\\\\f=number:2", "a\\.b=number:3"));
}

TEST(RowBatch, LetsTheLastOfARepeatedKeyCount) {
  EXPECT_THAT(leaves_of(R"({"a":1,"b":2,"a":3})"), ElementsAre("a=number:3", "b=number:2"));
  EXPECT_THAT(leaves_of(R"({"a":1,"a":{"b":2}})"), ElementsAre("a.b=number:2"));
  EXPECT_THAT(leaves_of(R"({"a":{"b":1},"a":{"c":2}})"), ElementsAre("a.c=number:2"));
  EXPECT_THAT(leaves_of(R"({"a":{"b":2},"a":1})"), ElementsAre("a=number:1"));
}

TEST(RowBatch, RefusesWhatIsNoObjectAndStaysAsItWas) {
  RowBatch batch;
  ASSERT_TRUE(batch.add_line(0, R"({"a":1})"));
  for (const char* text :
       {"", "[1]", "{", "{\"a\":}", "{\"a\":1}x", "{\"a\":nan}", "{\"a\":[1,foo]}",
        "{\"a\":{\"_type\":bar}}", "{\"a\":01}", "\"x\"", "{\"a\":tru}"}) {
    EXPECT_FALSE(batch.add_line(1, text)) << text;
  }
  ASSERT_EQ(batch.rows().size(), 1u);
  ASSERT_EQ(batch.leaves().size(), 1u);
  ASSERT_TRUE(batch.add_line(1, R"({"b":2})"));
  EXPECT_EQ(json::to_text(batch.to_value(batch.rows()[1])), R"({"b":2})");
}

TEST(RowBatch, KeepsTextThatIsNoObjectWholeWhenAskedTo) {
  RowBatch batch;
  batch.add_line_or_keep(0, "{broken");
  EXPECT_EQ(batch.undecodable(), 1);
  EXPECT_EQ(json::to_text(batch.to_value(batch.rows()[0])), R"({"_undecodable":"{broken"})");
}

TEST(RowBatch, TakesTheStepFromAnIntAndElseTheLineNumber) {
  RowBatch batch;
  ASSERT_TRUE(batch.add_line(7, R"({"_step":41})"));
  ASSERT_TRUE(batch.add_line(8, R"({"_step":"x"})"));
  ASSERT_TRUE(batch.add_line(9, R"({"_step":9007199254740993})"));
  EXPECT_EQ(batch.rows()[0].step, 41);
  EXPECT_EQ(batch.rows()[1].step, 8);
  EXPECT_EQ(batch.rows()[2].step, 9007199254740993);
}

TEST(RowBatch, ReplacesALineAndKeepsLinesInOrder) {
  RowBatch batch;
  for (const int line : {5, 6, 8}) ASSERT_TRUE(batch.add_line(line, R"({"a":1})"));
  ASSERT_TRUE(batch.add_line(6, R"({"a":2,"b":3})"));
  ASSERT_TRUE(batch.add_line(4, "{}"));
  ASSERT_EQ(batch.rows().size(), 4u);
  EXPECT_EQ(batch.rows()[0].line, 4);
  EXPECT_EQ(json::to_text(batch.to_value(*batch.find_row(6))), R"({"a":2,"b":3})");
  EXPECT_EQ(batch.find_row(7), nullptr);
}

TEST(RowBatch, HashTellsValuesApartButNotTheirSpellingOrOrder) {
  const auto hash = hash_line(R"({"a":1,"b":{"c":0.5},"t":"\u00e9"})");
  EXPECT_EQ(hash, hash_line("{\"t\":\"\xC3\xA9\", \"b\": {\"c\": 5e-1}, \"a\": 1.0}"));
  EXPECT_NE(hash, hash_line(R"({"a":2,"b":{"c":0.5},"t":"\u00e9"})"));
  EXPECT_NE(hash, hash_line(R"({"b":1,"a":{"c":0.5},"t":"\u00e9"})"));
  EXPECT_NE(hash_line(R"({"a":1,"b":2})"), hash_line(R"({"a":2,"b":1})"));
  EXPECT_NE(hash_line(R"({"a":9007199254740993})"), hash_line(R"({"a":9007199254740992})"));
  EXPECT_NE(hash_line(R"({"a":true})"), hash_line(R"({"a":1})"));
}

TEST(RowBatch, GivesRandomRowsBackWithEqualValues) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  RowBatch batch;
  for (int line = 0; line < 3000; ++line) {
    const Dict row = random_row(random);
    const std::string text = json::to_text(Value(row));
    ASSERT_TRUE(batch.add_line(line, text)) << text;
    const auto& info = batch.rows().back();
    const auto want = plain_leaves(row);
    std::map<std::string, Value> got;
    for (auto i = info.leaf_begin; i < info.leaf_end; ++i) {
      got[batch.key_name(batch.leaves()[i].key)] = batch.leaf_value(batch.leaves()[i]);
    }
    ASSERT_EQ(got.size(), want.size()) << text;
    for (const auto& [path, value] : want) {
      ASSERT_TRUE(got.count(path) == 1 && same_value(got[path], value)) << path << " in " << text;
    }
    std::string again;
    batch.append_json(again, info);
    const auto reread = json::parse(again);
    ASSERT_TRUE(reread) << again;
    const auto leaves = plain_leaves(*reread->if_dict());
    ASSERT_EQ(leaves.size(), want.size()) << again;
    for (const auto& [path, value] : want) ASSERT_TRUE(same_value(leaves.at(path), value)) << again;
  }
}

TEST(RowBatch, EmptyLinesAreRowsWithoutLeaves) {
  EXPECT_THAT(leaves_of("{}"), IsEmpty());
  EXPECT_EQ(value_of("{ }"), Value(Dict()));
}

}  // namespace
}  // namespace runstone::parts
