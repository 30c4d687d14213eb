#include "api/graphql_route.h"

#include <utility>

#include "api/api_context.h"
#include "api/identify.h"
#include "api/resolvers/resolvers.h"
#include "base/assert.h"
#include "base/json.h"

namespace runstone::api {
namespace {

// A config with many sweeps of parameters is text in the variables; documents themselves are small
// and bounded by the engine.
constexpr std::uint64_t kBodyBytesMax = 64ULL << 20;

// Clients of this API try again on these statuses, and give up on errors inside a 200.
int status_for(const Value& response) {
  const auto* data = response.get("data");
  const auto* errors = response.get("errors");
  if (errors == nullptr || data == nullptr) return 200;
  if (const auto* fields = data->if_dict()) {
    for (const auto& [key, value] : *fields) {
      if (!value.is_null()) return 200;
    }
  }
  for (const auto& error : *errors->if_list()) {
    const auto code = error.get("extensions")->get("code")->string_or("");
    if (code == "RESOURCE_EXHAUSTED") return 429;
    if (code == "UNAVAILABLE" || code == "IO" || code == "DEADLINE_EXCEEDED") return 503;
  }
  return 200;
}

http::Response bad_body(std::string_view why) {
  Dict error{{"message", "POST /graphql: " + std::string(why)},
             {"extensions", Dict{{"code", "BAD_USER_INPUT"}}}};
  return http::json_response(400, Dict{{"errors", List{std::move(error)}}});
}

}  // namespace

graphql::Engine make_graphql_engine() {
  auto created = graphql::Engine::create(schema_text());
  RUNSTONE_ASSERT(created.has_value());
  auto engine = *std::move(created);
  register_server(engine);
  register_user(engine);
  register_project(engine);
  register_run(engine);
  register_run_history(engine);
  register_run_console(engine);
  register_file(engine);
  register_run_mutations(engine);
  register_project_mutations(engine);
  register_account(engine);
  register_alert(engine);
  register_artifact(engine);
  register_artifact_mutations(engine);
  register_collection(engine);
  register_collection_mutations(engine);
  register_lineage(engine);
  register_registry(engine);
  register_registry_members(engine);
  register_other(engine);
  register_sweep(engine);
  register_view(engine);
  return engine;
}

GraphqlApi::GraphqlApi(const Services& services)
    : services_(services), engine_(make_graphql_engine()) {}

http::Response GraphqlApi::answer(const http::Request& request) const {
  const auto principal = identify(services_, request);
  if (!principal) return failure_response(principal.error());
  const auto body = json::parse(request.body);
  if (!body) return bad_body(body.error().message);
  const auto* document = body->get("query");
  if (document == nullptr || !document->is_string()) return bad_body("\"query\" is no text");
  const auto* variables = body->get("variables");
  if (variables != nullptr && !variables->is_dict() && !variables->is_null()) {
    return bad_body("\"variables\" is no object");
  }
  const auto* operation = body->get("operationName");
  const auto& configured = services_.public_base_url;
  ApiContext context(services_, *principal, configured.empty() ? request.base_url() : configured,
                     principal->by_session ? request.cookie("runstone_session").value_or("") : "");
  context.shared_mode = request.headers.get("x-wandb-use-async-filestream") == "true";
  const auto response =
      engine_.execute({.document = *document->if_string(),
                       .operation_name = operation ? operation->string_or("") : "",
                       .variables = variables ? *variables : Value()},
                      context);
  const int status = context.http_status != 0 ? context.http_status : status_for(response);
  auto answer = http::json_text_response(status, json::to_text(response));
  if (status == 429) answer.headers.add("Retry-After", "1");
  answer.headers.add("Cache-Control", "no-store");
  return answer;
}

void add_graphql_route(http::Router& router, const Services& services) {
  // Shared by the router's copies of the handler.
  const auto api = std::make_shared<const GraphqlApi>(services);
  router.add(
      http::Method::kPost, "/graphql",
      http::on_pool(services.pool, [api](http::Request request) { return api->answer(request); }),
      {.max_body_bytes = kBodyBytesMax});
}

}  // namespace runstone::api
