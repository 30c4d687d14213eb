#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/identify.h"
#include "api/routes.h"
#include "query/series_format.h"

// POST /api/series: chart data as binary columns.
namespace runstone::api {
namespace {

// A page asks many keys of few runs: each run is looked up, and its rights checked, once.
class RunsByPath {
 public:
  RunsByPath(const Services& services, const auth::Principal& principal)
      : services_(services), principal_(principal) {}

  const Result<store::RunInfo>& find(const std::string& path) {
    const auto known = runs_.find(path);
    if (known != runs_.end()) return known->second;
    return runs_.emplace(path, look_up(path)).first->second;
  }

 private:
  Result<store::RunInfo> look_up(const std::string& path) const {
    const auto first = path.find('/'), second = path.find('/', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      return fail(ErrorCode::kInvalidArgument, "a run is named entity/project/run");
    }
    const auto entity = path.substr(0, first);
    const auto project = path.substr(first + 1, second - first - 1);
    if (!auth::authorize(principal_, auth::Action::kRead, {entity, project})) {
      return fail(ErrorCode::kNotFound, "there is no run " + path);
    }
    return services_.store.find_run(entity, project, path.substr(second + 1), {false, false});
  }

  const Services& services_;
  const auth::Principal& principal_;
  std::map<std::string, Result<store::RunInfo>> runs_;
};

http::Response post_series(const Services& services, const auth::Principal& principal,
                           const http::Request& request) {
  const auto queries = query::parse_series_request(request.body);
  if (!queries) return failure_response(queries.error());
  RunsByPath runs(services, principal);
  std::vector<query::SeriesAnswer> answers(queries->size());
  std::vector<query::Query::SeriesOfRun> found;
  std::vector<query::SeriesAnswer*> answer_of;  // of each in `found`
  for (std::size_t i = 0; i < queries->size(); ++i) {
    const auto& asked = (*queries)[i];
    answers[i].run = asked.run;
    answers[i].key = asked.request.key;
    if (const auto& run = runs.find(asked.run)) {
      found.push_back({&*run, asked.request});
      answer_of.push_back(&answers[i]);
    } else {
      answers[i].error = run.error().message;
    }
  }
  auto series = services.query.series_many(found);
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i]) {
      answer_of[i]->series = *std::move(series[i]);
    } else {
      answer_of[i]->error = series[i].error().message;
    }
  }
  return http::text_response(200, query::encode_series(answers), query::kSeriesContentType)
      .with("Cache-Control", "no-store");
}

}  // namespace

void add_series_route(http::Router& router, const Services& services) {
  router.add(
      http::Method::kPost, "/api/series",
      for_principal(services, [&services](const auth::Principal& principal, http::Request request) {
        return post_series(services, principal, request);
      }));
}

}  // namespace runstone::api
