#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

#include "query/series.h"

namespace runstone::query {

inline constexpr std::int64_t kMaxSeriesQueries = 500;
inline constexpr std::int64_t kMaxSeriesPoints = 2'000'000;
inline constexpr const char* kSeriesContentType = "application/vnd.runstone.series";

/// One entry of the request's `queries`.
struct SeriesQuery {
  std::string run;  ///< "entity/project/run", as given
  SeriesRequest request;
};
/// The body of POST /api/series. kInvalidArgument, naming the entry and the field, for what
/// docs/format/web-api.md does not allow.
Result<std::vector<SeriesQuery>> parse_series_request(std::string_view body);

/// One entry of the answer: a series, or the text of what went wrong.
struct SeriesAnswer {
  std::string run;
  std::string key;
  Series series;
  std::string error;  ///< empty for none
};
/// The body of the answer: header and columns, as docs/format/web-api.md says.
std::string encode_series(const std::vector<SeriesAnswer>& answers);

}  // namespace runstone::query
