#include "query/chart_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/try.h"
#include "query/chart_bucket.h"
#include "query/chart_by_rows.h"
#include "query/chart_points.h"

namespace runstone::query {
namespace {

using parts::Block;
using parts::KeyEntry;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Rows between two places of a part that are read at once rather than by two reads.
constexpr std::int64_t kReadGap = 16384;

/// Either a block of which all rows count, or rows of a part, or points already read.
struct Item {
  enum class Kind { kBlock, kRows, kPoints } kind = Kind::kPoints;
  const ViewPart* part = nullptr;
  const KeyEntry* key = nullptr;
  const Block* block = nullptr;
  std::int64_t begin = 0, end = 0;  // rows of the key, or indices of the points
  double first_x = 0, last_x = 0;   // of a block
};

double first_x(const Block& block, const std::string& x) {
  return x == "_step"      ? static_cast<double>(block.first_step)
         : x == "_runtime" ? block.first_runtime
                           : block.first_timestamp;
}
double last_x(const Block& block, const std::string& x) {
  return x == "_step"      ? static_cast<double>(block.last_step)
         : x == "_runtime" ? block.last_runtime
                           : block.last_timestamp;
}

class SeriesReader {
 public:
  SeriesReader(const StreamView& view, const SeriesRequest& request, ColumnCache* cache)
      : view_(view),
        request_(request),
        cache_(cache),
        min_(request.min.value_or(-kInfinity)),
        max_(request.max.value_or(kInfinity)),
        after_(request.after.value_or(std::numeric_limits<std::int64_t>::min())) {}

  Result<Series> read() {
    for (const auto& rows : view_.tail) {
      scan_points(*rows, request_.key, request_.x, after_, tail_);
    }
    sort_points(tail_);
    series_.last_step = last_step();
    if (!overviews_serve()) {
      RUNSTONE_TRY(auto series, chart_by_rows(view_, request_, std::move(tail_), cache_));
      series.last_step = series_.last_step;
      return series;
    }
    plan_by_overviews();
    // Edges of the range, and blocks that hold more than numbers.
    RUNSTONE_TRY(expand([](const Item& item) { return item.kind == Item::Kind::kRows; }));
    series_.count = count();
    if (series_.count <= request_.points) {
      RUNSTONE_TRY(expand([](const Item&) { return true; }));
      give_rows();
    } else {
      set_buckets();
      RUNSTONE_TRY(expand([this](const Item& item) { return !fits(item); }));
      give_buckets();
    }
    return std::move(series_);
  }

 private:
  /// The part's entry of the key; null where it can have no row that is asked for.
  const KeyEntry* find_key(const ViewPart& part) const {
    if (part.reader->info().last_step <= after_) return nullptr;
    return part.reader->overview().find(request_.key);
  }

  std::int64_t last_step() const {
    std::int64_t last = -1;
    for (const auto step : tail_.step) last = std::max(last, step);
    for (const auto& part : view_.parts) {
      const auto* key = find_key(part);
      if (key == nullptr) continue;
      const auto step = part.reader->overview().blocks(*key)[key->blocks() - 1].last_step;
      if (step > after_) last = std::max(last, step);
    }
    return last;
  }

  /// Whether x rises from block to block over all parts and the tail, so that blocks are ranges of
  /// x.
  bool overviews_serve() const {
    const bool by_step = request_.x == "_step";
    const bool by_runtime = request_.x == "_runtime";
    if (!by_step && !by_runtime && request_.x != "_timestamp") return false;
    double x = -kInfinity;
    std::int64_t step = std::numeric_limits<std::int64_t>::min();
    for (const auto& part : view_.parts) {
      const auto& overview = part.reader->overview();
      const auto* key = find_key(part);
      if (key == nullptr) continue;
      if (!part.hidden.empty()) return false;
      if (by_runtime ? !overview.runtimes_ascend() : !by_step && !overview.timestamps_ascend()) {
        return false;
      }
      const auto blocks = overview.blocks(*key);
      const Block& last = blocks[blocks.size() - 1];
      if (!(first_x(blocks[0], request_.x) >= x) || blocks[0].first_step < step) return false;
      x = last_x(last, request_.x);
      step = last.last_step;
    }
    return tail_.size() == 0 || (tail_.x.front() >= x && tail_.step.front() >= step);
  }

  void plan_by_overviews() {
    for (const auto& part : view_.parts) {
      const auto& overview = part.reader->overview();
      const auto* key = find_key(part);
      if (key == nullptr) continue;
      // Of very long runs 16 blocks together are still narrower than a bucket.
      const bool large =
          key->rows > request_.points * parts::kBlockRows * parts::kBlocksPerSuper * 4;
      const auto blocks = large ? overview.supers(*key) : overview.blocks(*key);
      const auto size = parts::kBlockRows * (large ? parts::kBlocksPerSuper : 1);
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        const auto begin = static_cast<std::int64_t>(i) * size;
        plan_block({Item::Kind::kBlock, &part, key, &blocks[i], begin, begin + blocks[i].rows,
                    first_x(blocks[i], request_.x), last_x(blocks[i], request_.x)});
      }
    }
    add_points(tail_, 0, tail_.size());
  }

  void plan_block(Item item) {
    const Block& block = *item.block;
    const bool outside = item.last_x < min_ || item.first_x > max_ || block.last_step <= after_;
    if (outside) return;
    const bool inside = item.first_x >= min_ && item.last_x <= max_ && block.first_step > after_;
    const bool numbers_only = block.rows == block.numbers + block.nans;
    if (!inside || !numbers_only) item.kind = Item::Kind::kRows;
    items_.push_back(item);
  }

  bool wanted(const ChartPoints& points, std::size_t i) const {
    // False for a NaN x, too.
    return points.x[i] >= min_ && points.x[i] <= max_ && points.step[i] > after_;
  }
  void take(const ChartPoints& from, std::size_t begin, std::size_t end, ChartPoints& into) const {
    for (std::size_t i = begin; i < end; ++i) {
      if (wanted(from, i)) into.add(from.x[i], from.value[i], from.step[i], from.line[i]);
    }
  }
  /// Takes those of the points that are in the range as the next item.
  void add_points(const ChartPoints& points, std::size_t begin, std::size_t end) {
    Item item;
    item.begin = static_cast<std::int64_t>(points_.size());
    take(points, begin, end, points_);
    item.end = static_cast<std::int64_t>(points_.size());
    if (item.end > item.begin) items_.push_back(item);
  }

  /// Replaces the items that `chosen` picks by their points; those near each other are read at
  /// once.
  template <typename Chosen>
  Result<void> expand(Chosen chosen) {
    std::vector<Item> before;
    before.swap(items_);
    ChartPoints read;
    const ViewPart* read_part = nullptr;
    std::int64_t read_begin = 0, read_end = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const Item& item = before[i];
      if (item.kind == Item::Kind::kPoints || !chosen(item)) {
        items_.push_back(item);
        continue;
      }
      if (item.part != read_part || item.begin >= read_end) {
        read = ChartPoints();
        read_part = item.part;
        read_begin = item.begin;
        read_end = item.end;
        for (std::size_t next = i + 1; next < before.size(); ++next) {
          const Item& other = before[next];
          if (other.part != item.part || other.begin - read_end > kReadGap) break;
          if (chosen(other)) read_end = other.end;
        }
        RUNSTONE_TRY(read_points(*item.part, *item.key, request_.x, read_begin, read_end, read));
      }
      add_points(read, static_cast<std::size_t>(item.begin - read_begin),
                 static_cast<std::size_t>(item.end - read_begin));
    }
    return {};
  }

  std::int64_t count() const {
    std::int64_t count = 0;
    for (const Item& item : items_) count += item.end - item.begin;
    return count;
  }

  /// Buckets of equal width in x over what is there and asked for.
  void set_buckets() {
    const auto first = [&](const Item& item) {
      return item.kind == Item::Kind::kPoints ? points_.x[static_cast<std::size_t>(item.begin)]
                                              : item.first_x;
    };
    const auto last = [&](const Item& item) {
      return item.kind == Item::Kind::kPoints ? points_.x[static_cast<std::size_t>(item.end - 1)]
                                              : item.last_x;
    };
    buckets_ = Buckets(first(items_.front()), last(items_.back()), request_.points);
  }
  /// A block no wider than a bucket goes whole into the bucket of its last row: the buckets' edges
  /// may move by less than a pixel, but what a bucket says of its rows stays exact.
  bool fits(const Item& item) const { return buckets_.fit(item.last_x - item.first_x); }

  void give_rows() {
    for (const Item& item : items_) {
      for (auto i = static_cast<std::size_t>(item.begin); i < static_cast<std::size_t>(item.end);
           ++i) {
        series_.x.push_back(points_.x[i]);
        series_.mean.push_back(points_.value[i]);
      }
    }
  }

  void give_buckets() {
    series_.sampled = true;
    std::int64_t current = -1;
    Bucket bucket;
    const auto enter = [&](std::int64_t index) {
      if (index == current) return;
      bucket.give_to(series_);
      bucket = Bucket();
      current = index;
    };
    for (const Item& item : items_) {
      if (item.kind == Item::Kind::kBlock) {
        // Never back: rows already given out are before these.
        enter(std::max(current, buckets_.index_of(item.last_x)));
        bucket.add(*item.block, item.last_x);
        continue;
      }
      for (auto i = static_cast<std::size_t>(item.begin); i < static_cast<std::size_t>(item.end);
           ++i) {
        enter(std::max(current, buckets_.index_of(points_.x[i])));
        bucket.add(points_.x[i], points_.value[i]);
      }
    }
    bucket.give_to(series_);
  }

  const StreamView& view_;
  const SeriesRequest& request_;
  ColumnCache* const cache_;  // may be null
  const double min_, max_;
  const std::int64_t after_;
  ChartPoints tail_;
  ChartPoints points_;  // what items of kind kPoints refer to
  std::vector<Item> items_;
  Buckets buckets_;
  Series series_;
};

}  // namespace

Result<Series> chart_series(const StreamView& view, const SeriesRequest& request,
                            ColumnCache* cache) {
  if (request.points < 1 || request.points > kMaxPoints) {
    return fail(ErrorCode::kInvalidArgument, "points must be 1 to " + std::to_string(kMaxPoints));
  }
  return SeriesReader(view, request, cache).read();
}

}  // namespace runstone::query
