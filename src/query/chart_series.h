#pragma once

#include "runstone/result.h"

#include "query/chart_points.h"
#include "query/series.h"
#include "query/stream_view.h"

namespace runstone::query {

/// One line of a chart from a view of the run's stream. Reads overviews and, where a bucket's edge
/// cuts a block or a block is wider than a bucket, the rows themselves; so min and max are exact.
/// Parts that end at or before `after` are not looked into. `cache` may be null.
Result<Series> chart_series(const StreamView& view, const SeriesRequest& request,
                            ColumnCache* cache = nullptr);

}  // namespace runstone::query
