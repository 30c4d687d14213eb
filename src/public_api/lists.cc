#include "public_api/lists.h"

#include "base/json.h"
#include "base/try.h"
#include "protocol/public_documents.h"
#include "protocol/version_documents.h"
#include "public_api/json_node.h"

namespace runstone::public_api {
namespace {

// cursor and has_more of a connection; the cursor of the last edge where pageInfo has none.
template <typename T>
void read_page_info(const Value* connection, Page<T>& page) {
  const Value* info = at(connection, "pageInfo");
  const Value* more = at(info, "hasNextPage");
  page.has_more = more != nullptr && more->bool_or(false);
  page.cursor = text_at(info, "endCursor");
  const Value* edges = at(connection, "edges");
  if (page.cursor.empty() && edges != nullptr && edges->if_list() != nullptr &&
      !edges->if_list()->empty()) {
    page.cursor = text_at(&edges->if_list()->back(), "cursor");
  }
}

Failure no_such_project(const std::string& entity, const std::string& project) {
  return fail(ErrorCode::kNotFound, "Could not find project " + entity + "/" + project +
                                        ": it is not there, or the key may not read it");
}

}  // namespace

Pages<PublicRun> list_runs(std::shared_ptr<Session> session, ProjectPath path,
                           RunsOptions options) {
  const std::string filters = json::to_text(options.filters);
  return Pages<PublicRun>(
      [session = std::move(session), path = std::move(path), filters,
       options = std::move(options)](const std::string& cursor) -> Result<Page<PublicRun>> {
        Dict variables{{"entity", path.entity},
                       {"project", path.project},
                       {"perPage", options.per_page},
                       {"filters", filters},
                       {"order", options.order.empty() ? "+created_at" : options.order},
                       {"full", !options.lazy},
                       {"count", cursor.empty()}};
        if (!cursor.empty()) variables.set("cursor", cursor);
        RUNSTONE_TRY(const auto data, session->ask("Runs", protocol::kRunsDocument, variables));
        const Value* project = at(&data, "project");
        if (project == nullptr || !project->is_dict()) {
          return no_such_project(path.entity, path.project);
        }
        Page<PublicRun> page;
        const Value* runs = at(project, "runs");
        read_page_info(runs, page);
        page.total = int_at(project, "runCount", -1);
        for (const Value* node : nodes_of(runs)) {
          page.items.emplace_back(std::make_shared<RunRecord>(
              session, RunPath{path.entity, path.project, text_at(node, "name")},
              parse_run(*node, !options.lazy)));
        }
        return page;
      });
}

ProjectInfo parse_project(const Value& node, const Session& session) {
  ProjectInfo project{.id = text_at(&node, "id"),
                      .name = text_at(&node, "name"),
                      .entity = text_at(&node, "entityName"),
                      .description = text_at(&node, "description"),
                      .created_at = text_at(&node, "createdAt")};
  project.url = page_url(session, {project.entity, project.name});
  return project;
}

Pages<ProjectInfo> list_projects(std::shared_ptr<Session> session, std::string entity,
                                 int per_page) {
  return Pages<ProjectInfo>([session = std::move(session), entity = std::move(entity),
                             per_page](const std::string& cursor) -> Result<Page<ProjectInfo>> {
    Dict variables{{"entity", entity}, {"perPage", per_page}};
    if (!cursor.empty()) variables.set("cursor", cursor);
    RUNSTONE_TRY(const auto data,
                 session->ask("GetProjects", protocol::kGetProjectsDocument, variables));
    const Value* models = at(&data, "models");
    if (models == nullptr || !models->is_dict()) {
      return fail(ErrorCode::kNotFound, "Could not find the entity " + entity +
                                            ": it is not there, or the key may not read it");
    }
    Page<ProjectInfo> page;
    read_page_info(models, page);
    for (const Value* node : nodes_of(models)) page.items.push_back(parse_project(*node, *session));
    return page;
  });
}

namespace {

// The versions of a connection.
Result<Page<Artifact>> page_of_versions(const Value* connection, Session& session) {
  Page<Artifact> page;
  read_page_info(connection, page);
  page.total = int_at(connection, "totalCount", -1);
  for (const Value* node : nodes_of(connection)) {
    RUNSTONE_TRY(auto facts, protocol::parse_artifact(*node));
    page.items.push_back(Artifact::of_server(session.artifacts(), std::move(facts)));
  }
  return page;
}

}  // namespace

Pages<Artifact> run_artifacts(std::shared_ptr<RunRecord> run, bool logged, int per_page) {
  return Pages<Artifact>([run = std::move(run), logged,
                          per_page](const std::string& cursor) -> Result<Page<Artifact>> {
    Dict variables{{"entity", run->path().entity},
                   {"project", run->path().project},
                   {"run", run->path().id},
                   {"perPage", per_page}};
    if (!cursor.empty()) variables.set("cursor", cursor);
    RUNSTONE_TRY(const auto data,
                 run->session().ask(logged ? "RunOutputArtifacts" : "RunInputArtifacts",
                                    logged ? protocol::kRunOutputArtifactsDocument
                                           : protocol::kRunInputArtifactsDocument,
                                    variables));
    RUNSTONE_TRY(const Value* node, run->run_in(data));
    return page_of_versions(node->get("artifacts"), run->session());
  });
}

Pages<Artifact> list_versions(std::shared_ptr<Session> session, CollectionPath path, int per_page) {
  return Pages<Artifact>([session = std::move(session), path = std::move(path),
                          per_page](const std::string& cursor) -> Result<Page<Artifact>> {
    Dict variables{{"entity", path.entity},
                   {"project", path.project},
                   {"type", path.type},
                   {"collection", path.name},
                   {"perPage", per_page}};
    if (!cursor.empty()) variables.set("cursor", cursor);
    RUNSTONE_TRY(const auto data,
                 session->ask("ProjectArtifacts", protocol::kProjectArtifactsDocument, variables));
    const Value* collection = at(&data, "project", "artifactType", "artifactCollection");
    if (collection == nullptr || !collection->is_dict()) {
      return fail(ErrorCode::kNotFound, "Could not find the collection " + path.entity + "/" +
                                            path.project + "/" + path.name + " of the type " +
                                            path.type);
    }
    return page_of_versions(at(collection, "artifacts"), *session);
  });
}

}  // namespace runstone::public_api
