#include "store/parts/part.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/json.h"
#include "store/parts/sample_lines.h"

namespace runstone::parts {
namespace {

std::shared_ptr<const PartReader> reopen(const PartBytes& bytes) {
  auto part = PartReader::open(memory_source(bytes.parquet), bytes.overview);
  EXPECT_TRUE(part) << part.error().message;
  return part ? *part : nullptr;
}

std::shared_ptr<const PartReader> part_of(const RowBatch& batch) {
  auto bytes = write_part(batch);
  EXPECT_TRUE(bytes) << bytes.error().message;
  return bytes ? reopen(*bytes) : nullptr;
}

RowBatch read_all(const PartReader& part) {
  RowBatch rows;
  const auto read = part.read_lines(rows, std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(read) << read.error().message;
  return rows;
}

/// Lines with random rows and, mostly, rising steps.
RowBatch random_batch(std::mt19937_64& random, int lines, bool shuffled_steps = false) {
  RowBatch batch;
  std::int64_t step = 0;
  for (int line = 0; line < lines; ++line) {
    Dict row = random_row(random);
    step += static_cast<std::int64_t>(random() % 3);
    row.set("_step", shuffled_steps ? static_cast<std::int64_t>(random() % 1000) : step);
    EXPECT_TRUE(batch.add_line(line + 100, json::to_text(Value(row))));
  }
  return batch;
}

bool same_double(double a, double b) { return (std::isnan(a) && std::isnan(b)) || a == b; }

TEST(Part, GivesEveryRowBackWithEqualValues) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (const bool shuffled : {false, true}) {
    const RowBatch batch = random_batch(random, 2000, shuffled);
    const auto part = part_of(batch);
    ASSERT_NE(part, nullptr);
    const RowBatch again = read_all(*part);
    ASSERT_EQ(again.rows().size(), batch.rows().size());
    for (std::size_t i = 0; i < batch.rows().size(); ++i) {
      const auto& want = batch.rows()[i];
      const auto& got = again.rows()[i];
      ASSERT_EQ(got.line, want.line);
      ASSERT_EQ(got.step, want.step);
      ASSERT_EQ(got.hash, want.hash);
      ASSERT_TRUE(same_value(again.to_value(got), batch.to_value(want)))
          << json::to_text(batch.to_value(want)) << "\n"
          << json::to_text(again.to_value(got));
    }
  }
}

TEST(Part, KeepsTheTypeOfEveryLeaf) {
  RowBatch batch;
  const char* text =
      R"({"a":1,"b":NaN,"c":"x","d":true,"e":null,"f":[1],"g":{"_type":"t"},"h":{},"i":"NaN",
                         "j":9007199254740993})";
  ASSERT_TRUE(batch.add_line(0, text));
  const RowBatch again = read_all(*part_of(batch));
  ASSERT_EQ(again.leaves().size(), 10u);
  for (const auto& leaf : again.leaves()) {
    const auto key = batch.find_key(again.key_name(leaf.key));
    const auto want = std::find_if(batch.leaves().begin(), batch.leaves().end(),
                                   [&](const Leaf& l) { return l.key == *key; });
    EXPECT_EQ(leaf.type, want->type) << again.key_name(leaf.key);
    EXPECT_TRUE(same_double(leaf.value, want->value)) << again.key_name(leaf.key);
  }
}

TEST(Part, SlicesAreSortedByStepThenLine) {
  RowBatch batch;
  const std::vector<int> steps = {5, 3, 3, 9, 1};
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(batch.add_line(
        i, "{\"_step\":" + std::to_string(steps[i]) + ",\"v\":" + std::to_string(i) + "}"));
  }
  const auto part = part_of(batch);
  const auto* key = part->overview().find("v");
  ASSERT_NE(key, nullptr);
  const auto slice = part->read(*key, false);
  ASSERT_TRUE(slice);
  EXPECT_EQ(slice->step, (std::vector<std::int64_t>{1, 3, 3, 5, 9}));
  EXPECT_EQ(slice->line, (std::vector<std::int64_t>{4, 1, 2, 0, 3}));
  EXPECT_EQ(slice->value, (std::vector<double>{4, 1, 2, 0, 3}));
  EXPECT_FALSE(part->overview().steps_ascend());
}

TEST(Part, OverviewAgreesWithTheRowsOfEveryBlock) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const RowBatch batch = random_batch(random, 20'000);
  const auto part = part_of(batch);
  const auto& overview = part->overview();
  for (const auto& key : overview.keys()) {
    const auto slice = part->read(key, true);
    ASSERT_TRUE(slice);
    ASSERT_EQ(static_cast<std::int64_t>(slice->step.size()), key.rows);
    for (const bool super : {false, true}) {
      const auto blocks = super ? overview.supers(key) : overview.blocks(key);
      const std::size_t size =
          static_cast<std::size_t>(super ? kBlockRows * kBlocksPerSuper : kBlockRows);
      std::size_t covered = 0;
      for (std::size_t b = 0; b < blocks.size(); ++b) {
        const std::size_t begin = b * size;
        const std::size_t end = std::min(begin + size, slice->step.size());
        Block want;
        double last = std::numeric_limits<double>::quiet_NaN();
        double sum = 0, low = INFINITY, high = -INFINITY;
        for (std::size_t i = begin; i < end; ++i) {
          if (slice->has_value[i] == 0) continue;
          last = slice->value[i];
          if (std::isnan(last)) {
            ++want.nans;
            continue;
          }
          ++want.numbers;
          low = std::min(low, last);
          high = std::max(high, last);
          if (std::isinf(last)) {
            ++want.infinities;
          } else {
            sum += last;
          }
        }
        const Block& got = blocks[b];
        ASSERT_EQ(got.rows, end - begin);
        ASSERT_EQ(got.first_step, slice->step[begin]);
        ASSERT_EQ(got.last_step, slice->step[end - 1]);
        ASSERT_EQ(got.numbers, want.numbers);
        ASSERT_EQ(got.nans, want.nans);
        ASSERT_EQ(got.infinities, want.infinities);
        ASSERT_TRUE(same_double(got.last, last));
        ASSERT_NEAR(got.sum, sum, 1e-9 * (1 + std::abs(sum)));
        if (want.numbers > 0) {
          ASSERT_EQ(got.min, low);
          ASSERT_EQ(got.max, high);
        } else {
          ASSERT_TRUE(std::isnan(got.min) && std::isnan(got.max));
        }
        covered += got.rows;
      }
      ASSERT_EQ(covered, slice->step.size());
    }
  }
}

TEST(Part, ReadsAnyRangeOfAKeyThatSpansRowGroups) {
  RowBatch batch;
  for (int i = 0; i < 150'000; ++i) {
    ASSERT_TRUE(batch.add_line(i, "{\"_step\":" + std::to_string(i) +
                                      ",\"v\":" + std::to_string(i * 0.5) +
                                      (i % 1000 == 0 ? ",\"rare\":\"text\"}" : "}")));
  }
  const auto part = part_of(batch);
  const auto* key = part->overview().find("v");
  ASSERT_GT(part->overview().runs().size(), 4u);
  for (const auto& [begin, end] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 150'000},
                                                          {65'535, 65'537},
                                                          {131'072, 131'073},
                                                          {149'999, 150'000},
                                                          {7, 7},
                                                          {60'000, 140'000}}) {
    const auto slice = part->read(*key, true, begin, end);
    ASSERT_TRUE(slice);
    ASSERT_EQ(static_cast<std::int64_t>(slice->value.size()), end - begin);
    for (std::size_t i = 0; i < slice->value.size(); ++i) {
      ASSERT_EQ(slice->line[i], begin + static_cast<std::int64_t>(i));
      ASSERT_EQ(slice->value[i], 0.5 * static_cast<double>(slice->line[i]));
    }
  }
  const auto rare = part->read(*part->overview().find("rare"), true);
  ASSERT_TRUE(rare);
  EXPECT_EQ(rare->other, std::vector<std::string>(150, "\"text\""));
}

TEST(Part, TakesAHundredThousandKeysInARow) {
  std::string line = "{";
  for (int i = 0; i < 100'000; ++i)
    line += "\"layer/" + std::to_string(i) + "\":" + std::to_string(i) + ".5,";
  RowBatch batch;
  for (int step = 0; step < 3; ++step) {
    ASSERT_TRUE(batch.add_line(step, line + "\"_step\":" + std::to_string(step) + "}"));
  }
  const auto part = part_of(batch);
  EXPECT_EQ(part->info().keys, 100'001);
  EXPECT_EQ(part->info().values, 300'003);
  const auto slice = part->read(*part->overview().find("layer/77777"), false);
  ASSERT_TRUE(slice);
  EXPECT_EQ(slice->value, std::vector<double>(3, 77777.5));
}

TEST(Part, KeepsLinesWithoutLeavesAndTellsResendFromReplacement) {
  RowBatch batch;
  ASSERT_TRUE(batch.add_line(3, "{}"));
  ASSERT_TRUE(batch.add_line(4, R"({"a":1})"));
  const auto part = part_of(batch);
  const auto hashes = part->line_hashes();
  ASSERT_TRUE(hashes);
  ASSERT_EQ(hashes->size(), 2u);
  EXPECT_EQ((*hashes)[1], std::make_pair(std::int64_t{4}, hash_line(R"({"a":1.0})")));
  EXPECT_NE((*hashes)[1].second, hash_line(R"({"a":2})"));
  EXPECT_EQ(read_all(*part).rows().size(), 2u);
}

TEST(Part, OfOnlyEmptyLinesIsStillAPart) {
  RowBatch batch;
  ASSERT_TRUE(batch.add_line(0, "{}"));
  const auto part = part_of(batch);
  EXPECT_EQ(part->info().lines, 1);
  EXPECT_EQ(part->info().values, 0);
}

TEST(Part, MergingTakesEachLineFromTheLastPart) {
  RowBatch first, second;
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(first.add_line(i, "{\"_step\":" + std::to_string(i) + ",\"a\":1}"));
  for (int i = 5; i < 12; ++i)
    ASSERT_TRUE(second.add_line(i, "{\"_step\":" + std::to_string(i) + ",\"b\":2}"));
  const std::vector<std::shared_ptr<const PartReader>> parts = {part_of(first), part_of(second)};
  const auto merged = merge_parts(parts);
  ASSERT_TRUE(merged);
  const RowBatch rows = read_all(*reopen(*merged));
  ASSERT_EQ(rows.rows().size(), 12u);
  EXPECT_EQ(json::to_text(rows.to_value(*rows.find_row(4))), R"({"_step":4,"a":1})");
  EXPECT_EQ(json::to_text(rows.to_value(*rows.find_row(5))), R"({"_step":5,"b":2})");
}

TEST(Part, WithoutLinesIsRefused) {
  const auto part = write_part(RowBatch());
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace runstone::parts
