#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/account_cache.h"
#include "api/artifact_cache.h"
#include "api/run_peers.h"
#include "api/services.h"
#include "auth/auth.h"
#include "graphql/engine.h"
#include "store/store.h"

// What all resolvers share: who asks, which services answer, the C++ objects behind the types, and
// the look-ups that check access. Nothing here decides anything about runs.
namespace runstone::api {

/// One request to the GraphQL route.
class ApiContext : public graphql::Context {
 public:
  ApiContext(const Services& the_services, auth::Principal asking, std::string base,
             std::string the_session = "")
      : services(the_services),
        principal(std::move(asking)),
        base_url(std::move(base)),
        session(std::move(the_session)),
        accounts(services.store, principal),
        artifacts(services.store, principal) {}

  const Services& services;
  const auth::Principal principal;
  const std::string base_url;  ///< "http://127.0.0.1:7867", in front of file URLs
  int http_status = 0;         ///< set by a resolver whose clients read it; 0: as the errors say
  const std::string session;   ///< the cookie; "" if a key was used
  bool shared_mode = false;    ///< the client is one of several writers of its run
  AccountCache accounts;       ///< users and entities that this request has read
  mutable ArtifactCache artifacts;                      ///< collections, aliases and tags likewise
  mutable std::map<store::ArtifactId, bool> downloads;  ///< see may_download()
};

// The objects behind the schema's types. User, Entity and Project are the store's own records.
struct RunNode {
  store::RunInfo run;
  bool of_upsert = false;           ///< upsertBucket must show no history, see UpsertBucketPayload
  std::shared_ptr<RunPeers> peers;  ///< shared by the runs of a list; null for a run by itself
};
struct FileNode {
  std::shared_ptr<const RunNode> run;  ///< shared by all files of one answer
  store::RunFile file;
};

inline ApiContext& context_of(const graphql::FieldCall& call) { return call.context<ApiContext>(); }

/// Where something is, as require() takes it: of a run, an artifact, a collection, a sweep.
template <typename Record>
auth::Resource place_of(const Record& record) {
  return {record.entity_name, record.project_name};
}
inline auth::Resource place_of(const store::Project& project) {
  return {project.entity_name, project.name};
}

/// kPermissionDenied if the viewer may not do this there.
Result<void> require(const ApiContext& context, auth::Action action, const auth::Resource& place);
/// In the entity itself, not in one of its projects.
inline Result<void> require(const ApiContext& context, auth::Action action,
                            std::string_view entity) {
  return require(context, action, auth::Resource{.entity = entity});
}

/// The project, or nothing if there is none or it may not be read: both look the same from outside.
Result<std::optional<store::Project>> find_project(const ApiContext& context,
                                                   std::string_view entity,
                                                   std::string_view project);
/// By its id, in either form. kNotFound if there is none, or if it may not be read.
Result<store::Project> project_by_id(const ApiContext& context, std::string_view id,
                                     auth::Action action);
/// The run that an opaque id names, after checking access. kNotFound if there is none.
Result<store::RunInfo> run_by_id(const ApiContext& context, std::string_view id,
                                 auth::Action action);
/// The same by name.
Result<store::RunInfo> run_by_name(const ApiContext& context, std::string_view entity,
                                   std::string_view project, std::string_view run,
                                   auth::Action action);

/// The value, or nothing for kNotFound: look-ups of missing things answer null, not an error.
template <typename T>
Result<std::optional<T>> if_found(Result<T> result) {
  if (result) return std::optional<T>(*std::move(result));
  if (result.error().code == ErrorCode::kNotFound) return std::optional<T>();
  return fail(std::move(result).error());
}

// Opaque ids: base64 of "Run:12". Clients only send them back.
std::string make_id(std::string_view type, std::int64_t number);
std::optional<std::int64_t> parse_id(std::string_view type, std::string_view id);

/// Null for "", the text else: what was never set is null to clients.
Value text_or_null(std::string_view text);
Value time_or_null(std::int64_t time_us);

}  // namespace runstone::api
