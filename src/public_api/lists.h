#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "public_api/paths.h"
#include "public_api/run_record.h"
#include "runstone/api.h"

namespace runstone::public_api {

struct SweepRecord {
  std::shared_ptr<Session> session;
  RunPath path;
  std::string storage_id, display_name, state, config, method, description;
  std::optional<double> best_loss;
  std::int64_t run_count = 0;
  std::optional<std::int64_t> expected_run_count;
};
Result<Sweep> find_sweep(std::shared_ptr<Session> session, const RunPath& path);
/// What a sweep's YAML says of its metric, as an order of runs: "+summary_metrics.loss"; empty if
/// it names none.
std::string order_of_sweep(const std::string& config_yaml);

/// Errors of a page: kNotFound if there is no such project.
Pages<PublicRun> list_runs(std::shared_ptr<Session> session, ProjectPath path, RunsOptions options);
Pages<ProjectInfo> list_projects(std::shared_ptr<Session> session, std::string entity,
                                 int per_page);
Pages<Artifact> run_artifacts(std::shared_ptr<RunRecord> run, bool logged, int per_page);
/// Where versions are listed from: a collection of a type.
struct CollectionPath {
  std::string entity, project, name, type;
};
Pages<Artifact> list_versions(std::shared_ptr<Session> session, CollectionPath path, int per_page);
ProjectInfo parse_project(const Value& node, const Session& session);

}  // namespace runstone::public_api
