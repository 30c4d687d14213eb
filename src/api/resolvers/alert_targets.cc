#include "api/resolvers/alert_targets.h"

#include <algorithm>
#include <unordered_map>

#include "alerts/alerts.h"
#include "api/resolvers/connection.h"
#include "auth/auth.h"
#include "base/try.h"

// Where alerts are sent. Targets of the whole server, and addresses that are not public, are the
// server administrators' to set; targets of an entity its administrators'.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::AlertTarget;
using store::AlertTargetKind;
using store::to_number;

bool administers(const ApiContext& context, const std::string& entity_name) {
  if (context.principal.admin) return true;
  return !entity_name.empty() && require(context, auth::Action::kAdmin, entity_name).has_value();
}

// A text of the input, or nothing if it was left out.
std::optional<std::string> text_at(const Value& input, std::string_view name) {
  const auto* value = input.get(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(*value->if_string());
}

void take_text(const Value& input, std::string_view name, std::string& out) {
  if (auto text = text_at(input, name)) out = *std::move(text);
}

void take_fields(const Value& input, AlertTarget& target) {
  take_text(input, "name", target.name);
  take_text(input, "url", target.url);
  take_text(input, "secret", target.secret);
  take_text(input, "username", target.username);
  take_text(input, "sender", target.sender);
  if (const auto* list = input.get("recipients"); list != nullptr && list->if_list() != nullptr) {
    target.recipients.clear();
    for (const auto& item : *list->if_list()) target.recipients.emplace_back(item.string_or(""));
  }
  if (const auto text = text_at(input, "minSeverity")) {
    target.min_severity = store::parse_alert_severity(*text).value_or(target.min_severity);
  }
  if (const auto* flag = input.get("enabled")) target.enabled = flag->bool_or(target.enabled);
  if (const auto* flag = input.get("allowPrivate")) {
    target.allow_private = flag->bool_or(target.allow_private);
  }
}

Result<void> check_reach(const ApiContext& context, const AlertTarget& target) {
  if (!target.allow_private || context.principal.admin) return {};
  return fail(ErrorCode::kPermissionDenied,
              "only an administrator of the server may set a target with private addresses");
}

Result<AdministeredTarget> target_by_id(const ApiContext& context, const FieldCall& call) {
  const std::string id(call.argument("input")->get("id")->string_or(""));
  const auto missing = [&] {
    return fail(ErrorCode::kNotFound, "no alert target has the id " + id);
  };
  const auto number = parse_id("AlertTarget", id);
  if (!number) return missing();
  const auto& store = context.services.store;
  RUNSTONE_TRY(auto target, if_found(store.alerts().get_target(store::AlertTargetId(*number))));
  if (!target) return missing();
  AdministeredTarget found{.target = *std::move(target)};
  if (found.target.entity) {
    RUNSTONE_TRY(const auto entity, store.get_entity(*found.target.entity));
    found.entity_name = entity.name;
  }
  found.administered = administers(context, found.entity_name);
  if (!found.administered) return missing();
  return found;
}

struct TargetPayload {
  AdministeredTarget target;
  std::optional<std::string> secret;  // one that was made now
};

std::string make_webhook_secret() { return auth::make_secret("whsec_"); }

Result<Resolved> create_target(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = *call.argument("input");
  TargetPayload made;
  made.target.entity_name = text_at(input, "entityName").value_or("");
  AlertTarget target;
  if (!made.target.entity_name.empty()) {
    RUNSTONE_TRY(require(context, auth::Action::kAdmin, made.target.entity_name));
    RUNSTONE_TRY(const auto entity, context.services.store.find_entity(made.target.entity_name));
    target.entity = entity.id;
  } else if (!context.principal.admin) {
    return fail(ErrorCode::kPermissionDenied,
                "only an administrator of the server may send alerts of every entity somewhere: "
                "name an entity");
  }
  target.kind =
      text_at(input, "kind") == "MAIL" ? AlertTargetKind::kMail : AlertTargetKind::kWebhook;
  take_fields(input, target);
  if (target.kind == AlertTargetKind::kWebhook && target.secret.empty()) {
    made.secret = target.secret = make_webhook_secret();
  }
  RUNSTONE_TRY(check_reach(context, target));
  RUNSTONE_TRY(made.target.target, context.services.alerts.create_target(std::move(target)));
  return Resolved(Node::of(std::move(made)));
}

Result<Resolved> update_target(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = *call.argument("input");
  RUNSTONE_TRY(auto found, target_by_id(context, call));
  TargetPayload changed{.target = std::move(found), .secret = std::nullopt};
  auto& target = changed.target.target;
  take_fields(input, target);
  const auto* rotate = input.get("rotateSecret");
  if (rotate != nullptr && rotate->bool_or(false)) {
    if (target.kind != AlertTargetKind::kWebhook) {
      return fail(ErrorCode::kInvalidArgument, "only a webhook has a secret that can be made anew");
    }
    changed.secret = target.secret = make_webhook_secret();
  }
  // Asked of what it becomes: a target with private addresses is not an entity administrator's to
  // point elsewhere.
  RUNSTONE_TRY(check_reach(context, target));
  RUNSTONE_TRY(context.services.alerts.update_target(target));
  return Resolved(Node::of(std::move(changed)));
}

Result<Resolved> delete_target(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto found, target_by_id(context, call));
  RUNSTONE_TRY(context.services.store.alerts().delete_target(found.target.id));
  return Resolved(Value(Dict{{"success", true}}));
}

Result<Resolved> test_target(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto found, target_by_id(context, call));
  const auto sent = context.services.alerts.test_target(found.target);
  return Resolved(Value(Dict{{"success", sent.has_value()},
                             {"error", sent ? Value() : Value(sent.error().message)}}));
}

Result<Resolved> alert_targets(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto wanted = call.text("entityName");
  RUNSTONE_TRY(auto all, list_alert_targets(context));
  std::vector<Resolved> shown;
  for (auto& item : all) {
    if (!item.administered || (!wanted.empty() && item.entity_name != wanted)) continue;
    shown.emplace_back(Node::of(std::move(item)));
  }
  return Resolved(std::move(shown));
}

// The stock client's names for an entity's webhooks --------------------------------------------

Result<Resolved> integrations(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& entity = call.parent<store::Entity>();
  RUNSTONE_TRY(auto all, list_alert_targets(context));
  const auto first = call.integer("first", -1);
  const auto after = parse_id("AlertTarget", call.text("after")).value_or(0);
  Connection connection;
  for (auto& item : all) {
    const auto number = to_number(item.target.id);
    const bool own = item.target.entity == entity.id && item.administered &&
                     item.target.kind == AlertTargetKind::kWebhook;
    if (!own || number <= after) continue;
    if (first >= 0 && static_cast<std::int64_t>(connection.edges.size()) == first) {
      connection.has_next = true;
      break;
    }
    connection.add(Node::of(std::move(item), "GenericWebhookIntegration"),
                   make_id("AlertTarget", number));
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> create_integration(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = *call.argument("input");
  if (text_at(input, "secretRef") || text_at(input, "accessTokenRef")) {
    return fail(ErrorCode::kInvalidArgument,
                "this server keeps no named secrets: leave secretRef and accessTokenRef out; "
                "`runstone alert rotate-secret` prints the one that signs a webhook's bodies");
  }
  AdministeredTarget made{.target = {}, .entity_name = text_at(input, "entityName").value_or("")};
  RUNSTONE_TRY(require(context, auth::Action::kAdmin, made.entity_name));
  RUNSTONE_TRY(const auto entity, context.services.store.find_entity(made.entity_name));
  AlertTarget target;
  target.entity = entity.id;
  target.secret = make_webhook_secret();
  take_text(input, "name", target.name);
  take_text(input, "urlEndpoint", target.url);
  RUNSTONE_TRY(made.target, context.services.alerts.create_target(std::move(target)));
  return Resolved(Node::of(std::move(made), "GenericWebhookIntegration"));
}

template <typename Read>
void field(graphql::Engine& engine, const char* name, Read read) {
  engine.resolve(name, [read](const FieldCall& call) -> Result<Resolved> {
    return Resolved(read(call.parent<AdministeredTarget>()));
  });
}

void register_target_fields(graphql::Engine& engine) {
  using Target = AdministeredTarget;
  field(engine, "AlertTarget.id",
        [](const Target& it) { return make_id("AlertTarget", to_number(it.target.id)); });
  field(engine, "AlertTarget.kind",
        [](const Target& it) { return std::string(store::to_string(it.target.kind)); });
  field(engine, "AlertTarget.entityName",
        [](const Target& it) { return text_or_null(it.entity_name); });
  field(engine, "AlertTarget.name", [](const Target& it) { return it.target.name; });
  field(engine, "AlertTarget.url", [](const Target& it) { return it.target.url; });
  field(engine, "AlertTarget.username",
        [](const Target& it) { return text_or_null(it.target.username); });
  field(engine, "AlertTarget.sender",
        [](const Target& it) { return text_or_null(it.target.sender); });
  field(engine, "AlertTarget.recipients", [](const Target& it) {
    return Value(List(it.target.recipients.begin(), it.target.recipients.end()));
  });
  field(engine, "AlertTarget.minSeverity",
        [](const Target& it) { return std::string(store::to_string(it.target.min_severity)); });
  field(engine, "AlertTarget.enabled", [](const Target& it) { return it.target.enabled; });
  field(engine, "AlertTarget.allowPrivate",
        [](const Target& it) { return it.target.allow_private; });
  field(engine, "AlertTarget.createdAt",
        [](const Target& it) { return to_rfc3339(it.target.created_at_us); });
  field(engine, "GenericWebhookIntegration.id",
        [](const Target& it) { return make_id("AlertTarget", to_number(it.target.id)); });
  field(engine, "GenericWebhookIntegration.name", [](const Target& it) { return it.target.name; });
  field(engine, "GenericWebhookIntegration.urlEndpoint",
        [](const Target& it) { return it.target.url; });
}

}  // namespace

Result<std::vector<AdministeredTarget>> list_alert_targets(const ApiContext& context) {
  const auto& store = context.services.store;
  RUNSTONE_TRY(auto targets, store.alerts().list_targets());
  std::unordered_map<std::int64_t, std::string> names;
  const bool any_of_entity = std::any_of(
      targets.begin(), targets.end(), [](const AlertTarget& it) { return it.entity.has_value(); });
  if (any_of_entity) {
    RUNSTONE_TRY(auto entities, store.list_entities());
    for (auto& entity : entities) names[to_number(entity.id)] = std::move(entity.name);
  }
  std::vector<AdministeredTarget> all;
  for (auto& target : targets) {
    AdministeredTarget item;
    if (target.entity) item.entity_name = names[to_number(*target.entity)];
    item.administered = administers(context, item.entity_name);
    item.target = std::move(target);
    all.push_back(std::move(item));
  }
  return all;
}

void register_alert_targets(graphql::Engine& engine) {
  engine.resolve("Query.alertTargets", alert_targets);
  engine.resolve("Mutation.createAlertTarget", create_target);
  engine.resolve("Mutation.updateAlertTarget", update_target);
  engine.resolve("Mutation.deleteAlertTarget", delete_target);
  engine.resolve("Mutation.testAlertTarget", test_target);
  engine.resolve("Mutation.createGenericWebhookIntegration", create_integration);
  engine.resolve("AlertTargetPayload.target", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::of(call.parent<TargetPayload>().target));
  });
  engine.resolve("AlertTargetPayload.secret", [](const FieldCall& call) -> Result<Resolved> {
    const auto& secret = call.parent<TargetPayload>().secret;
    return Resolved(secret ? Value(*secret) : Value());
  });
  engine.resolve("AlertTargetPayload.clientMutationId",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  engine.resolve("CreateGenericWebhookIntegrationPayload.integration",
                 [](const FieldCall& call) -> Result<Resolved> { return Resolved(call.node()); });
  engine.resolve("CreateGenericWebhookIntegrationPayload.clientMutationId",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  engine.resolve("Entity.integrations", integrations);
  register_target_fields(engine);
  register_connection(engine, "Integration");
}

}  // namespace runstone::api
