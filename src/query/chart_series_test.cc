#include "query/chart_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "base/json.h"

namespace runstone::query {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Sample {
  double x = 0, value = 0;
};

/// A run as rows of text, cut into parts of `part_lines` lines and a tail of what is left.
class Lines {
 public:
  void add(std::string line) { lines_.push_back(std::move(line)); }
  void add(std::int64_t step, double value, double runtime) {
    std::string line = "{\"_step\":" + std::to_string(step) + ",\"_runtime\":";
    json::append_double(line, runtime);
    line += ",\"loss\":";
    json::append_double(line, value);
    add(line + "}");
  }
  std::size_t size() const { return lines_.size(); }

  StreamView view(std::size_t part_lines, std::size_t tail_lines) const {
    StreamView view;
    std::size_t at = 0;
    const std::size_t in_parts = lines_.size() - std::min(tail_lines, lines_.size());
    while (at < in_parts) {
      const auto end = std::min(at + part_lines, in_parts);
      const auto bytes = parts::write_part(batch(at, end));
      EXPECT_TRUE(bytes);
      auto reader = parts::PartReader::open(parts::memory_source(bytes->parquet), bytes->overview);
      EXPECT_TRUE(reader);
      ViewPart part;
      part.reader = *reader;
      part.info.first_line = static_cast<std::int64_t>(at);
      part.info.end_line = static_cast<std::int64_t>(end);
      view.parts.push_back(part);
      at = end;
    }
    if (at < lines_.size()) {
      view.tail.push_back(std::make_shared<parts::RowBatch>(batch(at, lines_.size())));
    }
    return view;
  }

 private:
  parts::RowBatch batch(std::size_t begin, std::size_t end) const {
    parts::RowBatch rows;
    for (auto i = begin; i < end; ++i) {
      EXPECT_TRUE(rows.add_line(static_cast<std::int64_t>(i), lines_[i])) << lines_[i];
    }
    return rows;
  }
  std::vector<std::string> lines_;
};

Series series_of(const StreamView& view, const SeriesRequest& request) {
  const auto series = chart_series(view, request);
  EXPECT_TRUE(series) << series.error().message;
  return series ? *series : Series();
}

bool same(double a, double b) { return (std::isnan(a) && std::isnan(b)) || a == b; }

/// Every bucket against the rows between its x and that of the bucket before.
void expect_exact(const Series& series, const std::vector<Sample>& rows,
                  const SeriesRequest& request) {
  ASSERT_EQ(series.count, static_cast<std::int64_t>(rows.size()));
  if (!series.sampled) {
    ASSERT_LE(series.count, request.points);
    ASSERT_EQ(series.x.size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(series.x[i], rows[i].x);
      ASSERT_TRUE(same(series.mean[i], rows[i].value));
    }
    return;
  }
  ASSERT_GT(series.count, request.points);
  ASSERT_LE(static_cast<std::int64_t>(series.x.size()), request.points);
  std::size_t at = 0;
  for (std::size_t b = 0; b < series.x.size(); ++b) {
    double low = kNan, high = kNan, sum = 0;
    int finite = 0;
    const auto begin = at;
    for (; at < rows.size() && rows[at].x <= series.x[b]; ++at) {
      const double value = rows[at].value;
      if (std::isnan(value)) continue;
      low = std::isnan(low) ? value : std::min(low, value);
      high = std::isnan(high) ? value : std::max(high, value);
      if (std::isfinite(value)) {
        sum += value;
        ++finite;
      }
    }
    ASSERT_GT(at, begin) << "an empty bucket " << b;
    ASSERT_EQ(rows[at - 1].x, series.x[b]) << "bucket " << b;
    ASSERT_TRUE(same(series.min[b], low)) << "bucket " << b;
    ASSERT_TRUE(same(series.max[b], high)) << "bucket " << b;
    if (finite > 0) {
      ASSERT_NEAR(series.mean[b], sum / finite, 1e-9 * (1 + std::abs(sum)));
    }
  }
  ASSERT_EQ(at, rows.size());
}

double random_value(std::mt19937_64& random) {
  switch (random() % 40) {
    case 0:
      return kNan;
    case 1:
      return std::numeric_limits<double>::infinity();
    case 2:
      return -std::numeric_limits<double>::infinity();
    default:
      return static_cast<double>(random() % 100000) / 7.0;
  }
}

TEST(ChartSeries, AgreesWithTheRowsInEveryBucketAtEveryZoom) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 4; ++round) {
    Lines lines;
    std::vector<std::int64_t> steps;
    std::vector<double> runtimes, values;
    std::int64_t step = 0;
    for (int i = 0; i < 12'000; ++i) {
      // Now and then a long pause, so that blocks are wider than buckets.
      step += random() % 3000 == 0 ? 20'000 : 1 + static_cast<std::int64_t>(random() % 3);
      steps.push_back(step);
      runtimes.push_back(static_cast<double>(step) * 0.25);
      values.push_back(random_value(random));
      lines.add(steps.back(), values.back(), runtimes.back());
    }
    const auto view = lines.view(1000 + random() % 5000, random() % 3000);
    for (int zoom = 0; zoom < 40; ++zoom) {
      SeriesRequest request;
      request.key = "loss";
      request.points = 1 + static_cast<std::int64_t>(random() % 500);
      const bool by_time = random() % 2 == 0;
      request.x = by_time ? "_runtime" : "_step";
      const auto& x_of = [&](std::size_t i) {
        return by_time ? runtimes[i] : static_cast<double>(steps[i]);
      };
      if (random() % 4 != 0) request.min = x_of(random() % steps.size()) - 0.1;
      if (random() % 4 != 0)
        request.max = request.min.value_or(0) + static_cast<double>(random() % 9000);
      if (random() % 4 == 0) request.after = steps[random() % steps.size()];
      std::vector<Sample> rows;
      for (std::size_t i = 0; i < steps.size(); ++i) {
        const bool wanted = x_of(i) >= request.min.value_or(-1e300) &&
                            x_of(i) <= request.max.value_or(1e300) &&
                            steps[i] > request.after.value_or(-1);
        if (wanted) rows.push_back({x_of(i), values[i]});
      }
      expect_exact(series_of(view, request), rows, request);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(ChartSeries, DrawsASpikeOfOneRowAtEveryZoom) {
  Lines lines;
  constexpr int kRows = 60'000;
  for (int i = 0; i < kRows; ++i)
    lines.add(i, i == 31'415 ? 1000.0 : i == 31'416 ? -1000.0 : 0.5, i * 0.1);
  const auto view = lines.view(20'000, 5'000);
  for (const std::int64_t points : {1, 2, 10, 100, 1000, 10'000}) {
    for (double half = kRows; half >= 2; half /= 3) {
      SeriesRequest request;
      request.key = "loss";
      request.points = points;
      request.min = 31'415 - half;
      request.max = 31'415 + half;
      const auto series = series_of(view, request);
      const auto& high = series.sampled ? series.max : series.mean;
      const auto& low = series.sampled ? series.min : series.mean;
      EXPECT_EQ(*std::max_element(high.begin(), high.end()), 1000.0) << points << " " << half;
      EXPECT_EQ(*std::min_element(low.begin(), low.end()), -1000.0) << points << " " << half;
    }
  }
}

TEST(ChartSeries, SpreadsBucketsEvenlyOverX) {
  Lines lines;
  for (int i = 0; i < 50'000; ++i) lines.add(i, i, i);
  SeriesRequest request;
  request.key = "loss";
  request.points = 100;
  const auto series = series_of(lines.view(100'000, 0), request);
  ASSERT_GE(series.x.size(), 95u);
  for (std::size_t i = 1; i < series.x.size(); ++i) EXPECT_LE(series.x[i] - series.x[i - 1], 1100);
}

TEST(ChartSeries, SortsByAnXThatFallsAndRises) {
  Lines lines;
  std::vector<Sample> rows;
  std::mt19937_64 random(5);
  for (int i = 0; i < 5000; ++i) {
    const double x = static_cast<double>((i * 7919) % 5003);
    const double value = random_value(random);
    std::string line = "{\"_step\":" + std::to_string(i) +
                       ",\"epoch\":" + std::to_string(static_cast<int>(x)) + ",\"loss\":";
    json::append_double(line, value);
    lines.add(line + (i % 3 == 0 ? ",\"only\":1}" : "}"));
    rows.push_back({x, value});
  }
  lines.add("{\"_step\":5000,\"loss\":1}");      // no x: not drawn
  lines.add("{\"_step\":5001,\"epoch\":7777}");  // no value: not drawn
  lines.add("{\"_step\":5002,\"epoch\":NaN,\"loss\":1}");
  std::sort(rows.begin(), rows.end(), [](const Sample& a, const Sample& b) { return a.x < b.x; });
  for (const std::int64_t points : {37, 10'000}) {
    SeriesRequest request;
    request.key = "loss";
    request.x = "epoch";
    request.points = points;
    expect_exact(series_of(lines.view(700, 300), request), rows, request);
  }
}

TEST(ChartSeries, LeavesOutTextAndTakesBoolsForOneAndZero) {
  Lines lines;
  for (int i = 0; i < 600; ++i) {
    const char* value = i % 3 == 0 ? "\"x\"" : i % 3 == 1 ? "true" : "NaN";
    lines.add("{\"_step\":" + std::to_string(i) + ",\"v\":" + value + "}");
  }
  SeriesRequest request;
  request.key = "v";
  request.points = 1000;
  const auto series = series_of(lines.view(500, 50), request);
  EXPECT_EQ(series.count, 400);
  EXPECT_EQ(series.mean[0], 1);
  EXPECT_TRUE(std::isnan(series.mean[1]));
}

TEST(ChartSeries, HiddenLinesAreNotDrawn) {
  Lines lines;
  for (int i = 0; i < 3000; ++i) lines.add(i, i == 1500 ? 99 : 1, i);
  auto view = lines.view(10'000, 0);
  view.parts[0].hidden = {1500};
  SeriesRequest request;
  request.key = "loss";
  request.points = 10;
  const auto series = series_of(view, request);
  EXPECT_EQ(series.count, 2999);
  EXPECT_EQ(*std::max_element(series.max.begin(), series.max.end()), 1);
}

TEST(ChartSeries, FollowsALiveRunFromAStep) {
  Lines lines;
  for (int i = 0; i < 1000; ++i) lines.add(i, i, i);
  SeriesRequest request;
  request.key = "loss";
  request.after = 990;
  const auto series = series_of(lines.view(600, 100), request);
  EXPECT_EQ(series.x, (std::vector<double>{991, 992, 993, 994, 995, 996, 997, 998, 999}));
  EXPECT_EQ(series.last_step, 999);
}

TEST(ChartSeries, OfAnUnknownKeyOrAnEmptyRangeIsEmpty) {
  Lines lines;
  lines.add(0, 1, 0);
  SeriesRequest request;
  request.key = "nothing";
  EXPECT_EQ(series_of(lines.view(10, 0), request).count, 0);
  request.key = "loss";
  request.min = 5;
  request.max = 1;
  const auto empty = series_of(lines.view(10, 0), request);
  EXPECT_EQ(empty.count, 0);
  EXPECT_TRUE(empty.x.empty());
  EXPECT_EQ(series_of(StreamView(), request).last_step, -1);
}

TEST(ChartSeries, TakesSteplessEventsByLine) {
  Lines lines;
  for (int i = 0; i < 10; ++i)
    lines.add("{\"_runtime\":" + std::to_string(i * 15) +
              ",\"system\":{\"cpu\":" + std::to_string(i) + "}}");
  SeriesRequest request;
  request.key = "system.cpu";
  request.x = "_runtime";
  EXPECT_EQ(series_of(lines.view(5, 3), request).x,
            (std::vector<double>{0, 15, 30, 45, 60, 75, 90, 105, 120, 135}));
}

}  // namespace
}  // namespace runstone::query
