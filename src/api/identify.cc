#include "api/identify.h"

#include <utility>

namespace runstone::api {

Result<auth::Principal> identify(const Services& services, const http::Request& request) {
  auth::Credentials credentials;
  credentials.authorization = request.headers.get("authorization");
  credentials.session = request.cookie("runstone_session");
  credentials.changes_state =
      request.method != http::Method::kGet && request.method != http::Method::kHead;
  credentials.from_our_page = request.headers.get("x-runstone-request") == "1";
  credentials.wants_admin = request.headers.get("use-admin-privileges") == "true";
  return services.auth.authenticate(credentials);
}

http::Response unauthenticated_response() {
  return http::json_text_response(
             401, R"({"errors":[{"message":"user is not logged in"}],"data":{"viewer":null}})")
      .with("Cache-Control", "no-store");
}

http::Response failure_response(const Error& error) {
  if (error.code == ErrorCode::kUnauthenticated) return unauthenticated_response();
  return http::error_response(error);
}

http::Handler for_principal(const Services& services, PrincipalWork work) {
  return http::on_pool(services.pool, [&services, work = std::move(work)](http::Request request) {
    const auto principal = identify(services, request);
    if (!principal) return failure_response(principal.error());
    return work(*principal, std::move(request));
  });
}

Result<store::RunInfo> find_run_for(const Services& services, const auth::Principal& principal,
                                    auth::Action action, const http::Request& request,
                                    store::RunColumns columns) {
  const auto entity = request.parameter("entity");
  const auto project = request.parameter("project");
  const auto run = request.parameter("run");
  if (!auth::authorize(principal, action, {entity, project})) {
    return fail(ErrorCode::kNotFound, "there is no run " + std::string(entity) + "/" +
                                          std::string(project) + "/" + std::string(run));
  }
  return services.store.find_run(entity, project, run, columns);
}

}  // namespace runstone::api
