#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "base/json.h"
#include "store/parts/part.h"
#include "store/parts/sample_lines.h"

namespace runstone::parts {
namespace {

PartBytes sample_part() {
  std::mt19937_64 random(7);
  RowBatch batch;
  for (int line = 0; line < 400; ++line) {
    Dict row = random_row(random);
    row.set("_step", line);
    EXPECT_TRUE(batch.add_line(line, json::to_text(Value(row))));
  }
  return *write_part(batch);
}

/// Opens and reads all there is; the error, or kInternal's absence as nothing.
Result<void> read_everything(const PartBytes& bytes) {
  auto part = PartReader::open(memory_source(bytes.parquet), bytes.overview);
  if (!part) return fail(part.error());
  RowBatch rows;
  return (*part)->read_lines(rows, 0, std::numeric_limits<std::int64_t>::max());
}

void expect_corrupt(const PartBytes& bytes, std::size_t at) {
  const auto read = read_everything(bytes);
  ASSERT_FALSE(read) << "byte " << at;
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt)
      << "byte " << at << ": " << read.error().message;
}

TEST(PartDamage, EveryFlippedByteOfTheOverviewIsFound) {
  const PartBytes whole = sample_part();
  ASSERT_TRUE(read_everything(whole));
  for (std::size_t at = 0; at < whole.overview.size(); ++at) {
    PartBytes damaged = whole;
    damaged.overview[at] = static_cast<char>(damaged.overview[at] ^ (1 << (at % 8)));
    expect_corrupt(damaged, at);
  }
}

TEST(PartDamage, FlippedBytesOfTheParquetFileAreFound) {
  const PartBytes whole = sample_part();
  const std::size_t stride = std::max<std::size_t>(1, whole.parquet.size() / 1500);
  for (std::size_t at = 0; at < whole.parquet.size(); at += stride) {
    PartBytes damaged = whole;
    damaged.parquet[at] = static_cast<char>(damaged.parquet[at] ^ (1 << (at % 8)));
    expect_corrupt(damaged, at);
  }
}

TEST(PartDamage, CutFilesAreFound) {
  const PartBytes whole = sample_part();
  for (const double part : {0.0, 0.1, 0.5, 0.9, 0.999}) {
    PartBytes damaged = whole;
    damaged.parquet.resize(
        static_cast<std::size_t>(part * static_cast<double>(whole.parquet.size())));
    expect_corrupt(damaged, damaged.parquet.size());
    damaged = whole;
    damaged.overview.resize(
        static_cast<std::size_t>(part * static_cast<double>(whole.overview.size())));
    expect_corrupt(damaged, damaged.overview.size());
  }
}

TEST(PartDamage, AnOverviewOfAnotherPartIsRefused) {
  const PartBytes whole = sample_part();
  RowBatch other;
  ASSERT_TRUE(other.add_line(0, R"({"a":1})"));
  const auto foreign = write_part(other);
  ASSERT_TRUE(foreign);
  expect_corrupt({whole.parquet, foreign->overview, {}}, 0);
}

}  // namespace
}  // namespace runstone::parts
