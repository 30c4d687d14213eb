// Files of runs, from a server back to this machine.
#include <filesystem>

#include "artifact/body_file.h"
#include "artifact/copy.h"
#include "artifact/rules.h"
#include "artifact/server.h"
#include "artifact/versions.h"
#include "base/try.h"
#include "protocol/public_documents.h"
#include "protocol/version_documents.h"
#include "sdk/find_server.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;

struct RunPlace {
  std::string entity, project, id;
};

Result<RunPlace> parse_run_path(const std::string& path, const std::string& entity,
                                const std::string& project) {
  auto parts = artifact::parse_link_target(path, entity, project);  // the same three parts
  if (!parts) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + path + "' is no path of a run of the form [[entity/]project/]id");
  }
  return RunPlace{std::move(parts->entity), std::move(parts->project),
                  std::move(parts->collection)};
}

/// Where the file's bytes are.
Result<std::string> address_of(const artifact::Server& server, const RunPlace& run,
                               const std::string& name) {
  Dict variables;
  variables.set("entity", run.entity);
  variables.set("project", run.project);
  variables.set("name", run.id);
  variables.set("names", List{name});
  RUNSTONE_TRY(const Value data,
               server.ask("RunFiles", protocol::kRunFilesDocument, std::move(variables)));
  const std::string path = run.entity + "/" + run.project + "/" + run.id;
  const Value* edges = protocol::value_at(data, {"project", "run", "files", "edges"});
  if (edges == nullptr) return fail(ErrorCode::kNotFound, "run " + path + " not found");
  if (edges->is_list() && !edges->if_list()->empty()) {
    const Value& file = edges->if_list()->front();
    std::string url = protocol::text_at(file, {"node", "directUrl"});
    if (url.empty()) url = protocol::text_at(file, {"node", "url"});
    if (!url.empty()) return server.whole_url(url);
  }
  return fail(ErrorCode::kNotFound, "File " + name + " not found in " + path);
}

Result<std::string> bring(const artifact::Server& server, const RunPlace& run,
                          const std::string& name, const std::string& target) {
  RUNSTONE_TRY(const std::string url, address_of(server, run, name));
  net::ClientRequest request;
  request.url = url;
  if (server.is_own(url)) request.api_key = server.target().api_key;
  const std::string beside = artifact::name_beside(target);
  const auto connection = server.connect();
  RUNSTONE_TRY(artifact::receive_file(*connection, request, beside, Digest::Kind::kMd5));
  auto renamed = fs::real_file_system().rename(beside, target);
  if (renamed) return target;
  discard(fs::real_file_system().remove(beside), "why it could not be renamed counts");
  return fail(std::move(renamed).error());
}

/// The file's path below the folder, and whether it is there and may stay.
struct Place {
  std::string target;
  bool is_here = false;
};
Result<Place> place_of(const std::string& name, const std::string& root, bool replace) {
  auto relative = artifact::checked_path(name);
  if (!relative) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + name + "' is no name of a file of a run: it must be relative, without ..");
  }
  std::error_code error;
  Place place;
  place.target = stdfs::absolute(root + "/" + *relative, error).lexically_normal().string();
  place.is_here = !replace && stdfs::exists(place.target, error);
  return place;
}

/// The entity of paths that name none.
Result<std::string> viewers_entity(const artifact::Server& server) {
  constexpr std::string_view kViewer = "query Viewer { viewer { entity } }";
  RUNSTONE_TRY(const Value data, server.ask("Viewer", kViewer, {}));
  return protocol::text_at(data, {"viewer", "entity"});
}

}  // namespace

Result<std::string> RunState::restore(const std::string& name, const RestoreOptions& options) {
  const std::string root = options.root.empty() ? directory_.files : options.root;
  RUNSTONE_TRY(const Place place, place_of(name, root, options.replace));
  if (place.is_here) return place.target;
  std::string entity = read(&RunState::entity_);
  const std::string project = read(&RunState::project_);
  std::shared_ptr<const artifact::Server> server;
  if (plan_.mode == RunMode::kOnline) {
    server = artifact_server();
  } else {
    RUNSTONE_TRY(const FoundServer found, find_server(plan_.settings));
    RUNSTONE_TRY(server, server_of(found));
    if (entity.empty()) {
      RUNSTONE_TRY(entity, viewers_entity(*server));
    }
  }
  RUNSTONE_TRY(
      const RunPlace run,
      parse_run_path(options.run_path.empty() ? plan_.id : options.run_path, entity, project));
  return bring(*server, run, name, place.target);
}

Result<std::string> Run::restore_of(const std::string& name, const RestoreOptions& options,
                                    const Settings& setup_settings) {
  if (options.run_path.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "restore() without a run needs run_path, \"entity/project/id\"");
  }
  RUNSTONE_TRY(const Place place,
               place_of(name, options.root.empty() ? "." : options.root, options.replace));
  if (place.is_here) return place.target;
  RUNSTONE_TRY(const FoundServer found, find_server({}, setup_settings));
  RUNSTONE_TRY(const auto server, server_of(found));
  std::string entity = found.settings.text("entity");
  if (entity.empty()) {
    RUNSTONE_TRY(entity, viewers_entity(*server));
  }
  const std::string project = found.settings.text("project");
  RUNSTONE_TRY(const RunPlace run, parse_run_path(options.run_path, entity,
                                                  project.empty() ? "uncategorized" : project));
  return bring(*server, run, name, place.target);
}

}  // namespace runstone
