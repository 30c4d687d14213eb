#pragma once

#include "runstone/result.h"

#include "query/chart_points.h"
#include "query/series.h"
#include "query/stream_view.h"

namespace runstone::query {

/// A line of a chart whose x does not rise from row to row, so that blocks say nothing of it: all
/// rows are read, and counted into buckets without being sorted. `tail` has the points of the
/// view's tail. With a cache, a part's columns are decoded once. `last_step` is left to the caller.
Result<Series> chart_by_rows(const StreamView& view, const SeriesRequest& request, ChartPoints tail,
                             ColumnCache* cache);

}  // namespace runstone::query
