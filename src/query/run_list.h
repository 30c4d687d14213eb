#pragma once

#include <string_view>

#include "runstone/result.h"

#include "query/query.h"
#include "store/store.h"

namespace runstone::query {

class RunIndexes;

/// Query::runs(): filter, order, page.
Result<RunPage> list_runs(const store::Store& store, RunIndexes& indexes,
                          const RunListRequest& request);
Result<std::int64_t> count_filtered(const store::Store& store, RunIndexes& indexes,
                                    store::ProjectId project, std::string_view filters);
Result<ProjectPage> list_projects(const store::Store& store, std::string_view entity,
                                  std::int64_t first, std::string_view after,
                                  const ProjectTest& visible);

}  // namespace runstone::query
