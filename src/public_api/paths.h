#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"

#include "public_api/session.h"

namespace runstone::public_api {

struct RunPath {
  std::string entity, project, id;
};
/// "entity/project/id", "entity/project/runs/id" (or sweeps), "entity/project:id", "project/id",
/// "project:id", "id", or the address of a page; what is missing is the session's.
/// Errors: kInvalidArgument (another form, or a part that nobody gives), those of a request.
Result<RunPath> parse_run_path(std::string_view path, Session& session);

struct ProjectPath {
  std::string entity, project;
};
/// "entity/project" or "project"; empty: the session's.
Result<ProjectPath> parse_project_path(std::string_view path, Session& session);

/// The address of a page: the parts percent-encoded below the session's app URL.
std::string page_url(const Session& session, const std::vector<std::string>& parts);

}  // namespace runstone::public_api
