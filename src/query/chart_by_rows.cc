#include "query/chart_by_rows.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "query/chart_bucket.h"

namespace runstone::query {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

class RowsReader {
 public:
  RowsReader(const SeriesRequest& request, ColumnCache* cache)
      : request_(request),
        cache_(cache),
        min_(request.min.value_or(-kInfinity)),
        max_(request.max.value_or(kInfinity)),
        after_(request.after.value_or(std::numeric_limits<std::int64_t>::min())) {}

  Result<Series> read(const StreamView& view, ChartPoints tail) {
    for (const auto& part : view.parts) {
      const auto* key = part.reader->overview().find(request_.key);
      if (key == nullptr || part.reader->info().last_step <= after_) continue;
      RUNSTONE_TRY(auto columns, columns_of(part, *key));
      sources_.push_back(std::move(columns));
    }
    sources_.push_back(std::make_shared<ChartPoints>(std::move(tail)));

    double low = kInfinity, high = -kInfinity;
    for_each_wanted([&](const ChartPoints& points, std::size_t i) {
      ++series_.count;
      low = std::min(low, points.x[i]);
      high = std::max(high, points.x[i]);
    });
    if (series_.count <= request_.points) {
      give_rows();
    } else {
      give_buckets(Buckets(low, high, request_.points));
    }
    return std::move(series_);
  }

 private:
  Result<ColumnsPointer> columns_of(const ViewPart& part, const parts::KeyEntry& key) const {
    // Hidden lines belong to the view, not to the part.
    const bool keep = cache_ != nullptr && part.hidden.empty() && !part.cache_key.empty();
    // Keys may hold any character; their lengths keep two pairs apart.
    const std::string cache_key =
        part.cache_key + "/" + std::to_string(request_.x.size()) + "/" + request_.x + request_.key;
    if (keep) {
      if (auto columns = cache_->find(cache_key)) return columns;
    }
    auto columns = std::make_shared<ChartPoints>();
    if (request_.after) {  // usually a few rows at the end
      const auto blocks = part.reader->overview().blocks(key);
      const auto first = std::partition_point(
          blocks.begin(), blocks.end(),
          [this](const parts::Block& block) { return block.last_step <= after_; });
      const std::int64_t begin = (first - blocks.begin()) * parts::kBlockRows;
      if (begin < key.rows) {
        RUNSTONE_TRY(read_points(part, key, request_.x, begin, key.rows, *columns));
      }
      return ColumnsPointer(columns);
    }
    RUNSTONE_TRY(read_points(part, key, request_.x, 0, key.rows, *columns));
    if (keep) cache_->put(cache_key, columns, columns->memory_bytes());
    return ColumnsPointer(columns);
  }

  template <typename Take>
  void for_each_wanted(Take take) const {
    for (const auto& points : sources_) {
      for (std::size_t i = 0; i < points->size(); ++i) {
        // A NaN x is in no range.
        if (points->x[i] >= min_ && points->x[i] <= max_ && points->step[i] > after_) {
          take(*points, i);
        }
      }
    }
  }

  void give_rows() {
    ChartPoints all;
    for_each_wanted([&](const ChartPoints& points, std::size_t i) {
      all.add(points.x[i], points.value[i], points.step[i], points.line[i]);
    });
    sort_points(all);
    series_.x = std::move(all.x);
    series_.mean = std::move(all.value);
  }

  void give_buckets(const Buckets& buckets) {
    series_.sampled = true;
    std::vector<Bucket> filled(static_cast<std::size_t>(request_.points));
    for_each_wanted([&](const ChartPoints& points, std::size_t i) {
      filled[static_cast<std::size_t>(buckets.index_of(points.x[i]))].add(points.x[i],
                                                                          points.value[i]);
    });
    for (const Bucket& bucket : filled) bucket.give_to(series_);
  }

  const SeriesRequest& request_;
  ColumnCache* const cache_;  // may be null
  const double min_, max_;
  const std::int64_t after_;
  std::vector<ColumnsPointer> sources_;
  Series series_;
};

}  // namespace

Result<Series> chart_by_rows(const StreamView& view, const SeriesRequest& request, ChartPoints tail,
                             ColumnCache* cache) {
  return RowsReader(request, cache).read(view, std::move(tail));
}

}  // namespace runstone::query
