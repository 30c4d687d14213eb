#include "alerts/alerts.h"

#include <map>
#include <unordered_map>

#include "api/api_context.h"
#include "api/resolvers/alert_targets.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/json.h"
#include "base/try.h"

// Alerts of runs, and what became of sending them.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

constexpr std::int64_t kPageMax = 1000;

struct DeliveryNode {
  store::AlertDelivery delivery;
  std::string target_name;
  store::AlertTargetKind target_kind{};
  bool administered = false;  ///< the viewer may see what went wrong
  std::string alert_title;    ///< "" in an alert's own list
};
struct AlertNode {
  store::Alert alert;
  std::vector<DeliveryNode> deliveries;
};
struct AlertPage {
  Connection connection;
  std::int64_t total = 0;
};

Result<std::int64_t> page_size(const FieldCall& call) {
  const auto first = call.integer("first", 50);
  if (first < 0 || first > kPageMax) {
    return fail(ErrorCode::kInvalidArgument,
                "first must be between 0 and " + std::to_string(kPageMax));
  }
  return first;
}

template <typename Id>
Result<std::optional<Id>> cursor_of(const FieldCall& call, std::string_view type) {
  const auto after = call.text("after");
  if (after.empty()) return std::optional<Id>();
  const auto number = parse_id(type, after);
  if (!number) return fail(ErrorCode::kInvalidArgument, "after is no cursor of this list");
  return std::optional<Id>(Id(*number));
}

using TargetsById = std::unordered_map<std::int64_t, AdministeredTarget>;

Result<TargetsById> targets_by_id(const ApiContext& context) {
  RUNSTONE_TRY(auto all, list_alert_targets(context));
  TargetsById by_id;
  for (auto& item : all) by_id.emplace(to_number(item.target.id), std::move(item));
  return by_id;
}

DeliveryNode delivery_node(const TargetsById& targets, store::AlertDelivery delivery) {
  DeliveryNode node;
  if (const auto found = targets.find(to_number(delivery.target)); found != targets.end()) {
    node.target_name = found->second.target.name;
    node.target_kind = found->second.target.kind;
    node.administered = found->second.administered;
  }
  node.delivery = std::move(delivery);
  return node;
}

// Three statements for a page, however many alerts and deliveries it has.
Result<void> add_deliveries(const ApiContext& context, std::vector<AlertNode>& nodes) {
  std::vector<store::AlertId> ids;
  for (const auto& node : nodes) ids.push_back(node.alert.id);
  RUNSTONE_TRY(auto deliveries, context.services.store.alerts().deliveries_of(ids));
  RUNSTONE_TRY(const auto targets, targets_by_id(context));
  std::unordered_map<std::int64_t, AlertNode*> by_id;
  for (auto& node : nodes) by_id[to_number(node.alert.id)] = &node;
  for (auto& delivery : deliveries) {
    auto* node = by_id.at(to_number(delivery.alert));
    node->deliveries.push_back(delivery_node(targets, std::move(delivery)));
  }
  return {};
}

Result<Resolved> alerts(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& store = context.services.store;
  RUNSTONE_TRY(const auto project,
               find_project(context, call.text("entityName"), call.text("projectName")));
  if (!project) return Resolved();
  RUNSTONE_TRY(const auto run,
               if_found(store.find_run(project->entity_name, project->name, call.text("runName"),
                                       {.config = false, .summary = false})));
  if (!run) return Resolved();
  RUNSTONE_TRY(const auto first, page_size(call));
  RUNSTONE_TRY(const auto before, cursor_of<store::AlertId>(call, "Alert"));
  RUNSTONE_TRY(auto found,
               store.alerts().list_alerts({.run = run->id, .before = before, .limit = first + 1}));
  AlertPage page;
  page.connection.has_next = static_cast<std::int64_t>(found.size()) > first;
  if (page.connection.has_next) found.pop_back();
  std::vector<AlertNode> nodes;
  for (auto& alert : found) nodes.push_back({.alert = std::move(alert), .deliveries = {}});
  if (call.selects("edges.node.deliveries")) RUNSTONE_TRY(add_deliveries(context, nodes));
  for (auto& node : nodes) {
    auto cursor = make_id("Alert", to_number(node.alert.id));
    page.connection.add(Node::of(std::move(node)), std::move(cursor));
  }
  if (call.selects("totalCount")) {
    RUNSTONE_TRY(page.total, store.alerts().count_alerts(run->id));
  }
  return Resolved(Node::of(std::move(page)));
}

Result<Resolved> alert_deliveries(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& store = context.services.store;
  RUNSTONE_TRY(const auto targets, targets_by_id(context));
  RUNSTONE_TRY(const auto first, page_size(call));
  store::ListDeliveries request;
  for (const auto& [id, item] : targets) {
    if (item.administered) request.targets.push_back(item.target.id);
  }
  request.state = store::parse_delivery_state(call.text("state"));
  RUNSTONE_TRY(request.before, cursor_of<store::AlertDeliveryId>(call, "AlertDelivery"));
  request.limit = first + 1;
  RUNSTONE_TRY(auto found, store.alerts().list_deliveries(request));
  Connection connection;
  connection.has_next = static_cast<std::int64_t>(found.size()) > first;
  if (connection.has_next) found.pop_back();
  std::unordered_map<std::int64_t, std::string> titles;
  if (call.selects("edges.node.alertTitle")) {
    std::vector<store::AlertId> ids;
    for (const auto& delivery : found) ids.push_back(delivery.alert);
    RUNSTONE_TRY(auto told, store.alerts().get_alerts(ids));
    for (auto& alert : told) titles[to_number(alert.id)] = std::move(alert.title);
  }
  for (auto& delivery : found) {
    auto cursor = make_id("AlertDelivery", to_number(delivery.id));
    const auto title = titles.find(to_number(delivery.alert));
    auto node = delivery_node(targets, std::move(delivery));
    if (title != titles.end()) node.alert_title = title->second;
    connection.add(Node::of(std::move(node)), std::move(cursor));
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<std::int64_t> wait_us_of(const Value& input) {
  const auto* wait = input.get("waitDuration");
  if (wait == nullptr || wait->is_null()) return alerts::kWaitDefaultUs;
  double millis = 0;
  if (const auto* whole = wait->if_int()) {
    millis = static_cast<double>(*whole);
  } else if (const auto* number = wait->if_double()) {
    millis = *number;
  } else {
    return fail(ErrorCode::kInvalidArgument, "waitDuration is a number of milliseconds");
  }
  if (!(millis > 0)) return 0;
  const auto max = static_cast<double>(alerts::kWaitMaxUs);
  return millis * 1000 > max ? alerts::kWaitMaxUs : static_cast<std::int64_t>(millis * 1000);
}

Result<Resolved> notify(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = *call.argument("input");
  const auto text = [&](std::string_view name) {
    const auto* value = input.get(name);
    return value == nullptr ? std::string() : std::string(value->string_or(""));
  };
  RUNSTONE_TRY(const auto run, run_by_name(context, text("entityName"), text("projectName"),
                                           text("runName"), auth::Action::kWrite));
  RUNSTONE_TRY(const auto entity, context.services.store.find_entity(run.entity_name));
  alerts::AlertRequest request{.run = run.id, .entity = entity.id};
  request.title = text("title");
  request.text = text("text");
  request.severity =
      store::parse_alert_severity(text("severity")).value_or(store::AlertSeverity::kInfo);
  RUNSTONE_TRY(request.wait_us, wait_us_of(input));
  const auto severity = request.severity;
  const auto title = request.title;
  RUNSTONE_TRY(const auto raised, context.services.alerts.raise(std::move(request)));
  const Dict event{{"id", make_id("Alert", to_number(raised.alert))},
                   {"title", title},
                   {"severity", store::to_string(severity)},
                   {"repeated", !raised.stored}};
  context.services.ingest.live().announce(run.entity_name + "/" + run.project_name + "/" + run.name,
                                          "alert", json::to_text(event));
  return Resolved(Value(Dict{{"success", true}}));
}

Result<Resolved> retry_delivery(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto id = call.argument("input")->get("id")->string_or("");
  const auto number = parse_id("AlertDelivery", id);
  const auto missing = [&] {
    return fail(ErrorCode::kNotFound, "no delivery has the id " + std::string(id));
  };
  if (!number) return missing();
  const store::AlertDeliveryId delivery_id{*number};
  RUNSTONE_TRY(const auto delivery,
               if_found(context.services.store.alerts().get_delivery(delivery_id)));
  if (!delivery) return missing();
  RUNSTONE_TRY(const auto targets, targets_by_id(context));
  const auto target = targets.find(to_number(delivery->target));
  if (target == targets.end() || !target->second.administered) return missing();
  RUNSTONE_TRY(context.services.alerts.retry(delivery_id));
  return Resolved(Value(Dict{{"success", true}}));
}

template <typename Read>
void field(graphql::Engine& engine, const char* name, Read read) {
  engine.resolve(
      name, [read](const FieldCall& call) -> Result<Resolved> { return Resolved(read(call)); });
}

void register_alert_fields(graphql::Engine& engine) {
  const auto alert = [](const FieldCall& call) -> const store::Alert& {
    return call.parent<AlertNode>().alert;
  };
  field(engine, "Alert.id",
        [=](auto& call) { return make_id("Alert", to_number(alert(call).id)); });
  field(engine, "Alert.title", [=](auto& call) { return alert(call).title; });
  field(engine, "Alert.text", [=](auto& call) { return alert(call).text; });
  field(engine, "Alert.severity",
        [=](auto& call) { return std::string(store::to_string(alert(call).severity)); });
  field(engine, "Alert.createdAt",
        [=](auto& call) { return to_rfc3339(alert(call).created_at_us, true); });
  field(engine, "Alert.repeatCount", [=](auto& call) { return alert(call).repeat_count; });
  engine.resolve("Alert.deliveries", [](const FieldCall& call) -> Result<Resolved> {
    std::vector<Resolved> all;
    for (const auto& node : call.parent<AlertNode>().deliveries) all.emplace_back(Node::of(node));
    return Resolved(std::move(all));
  });
}

void register_delivery_fields(graphql::Engine& engine) {
  const auto node = [](const FieldCall& call) -> const DeliveryNode& {
    return call.parent<DeliveryNode>();
  };
  field(engine, "AlertDelivery.id",
        [=](auto& call) { return make_id("AlertDelivery", to_number(node(call).delivery.id)); });
  field(engine, "AlertDelivery.state",
        [=](auto& call) { return std::string(store::to_string(node(call).delivery.state)); });
  field(engine, "AlertDelivery.attempts",
        [=](auto& call) { return static_cast<std::int64_t>(node(call).delivery.attempts); });
  field(engine, "AlertDelivery.nextAttemptAt", [=](auto& call) {
    const auto& delivery = node(call).delivery;
    return delivery.state == store::DeliveryState::kQueued
               ? time_or_null(delivery.next_attempt_at_us)
               : Value();
  });
  field(engine, "AlertDelivery.updatedAt",
        [=](auto& call) { return to_rfc3339(node(call).delivery.updated_at_us); });
  field(engine, "AlertDelivery.lastError", [=](auto& call) {
    return node(call).administered ? text_or_null(node(call).delivery.last_error) : Value();
  });
  field(engine, "AlertDelivery.targetName", [=](auto& call) { return node(call).target_name; });
  field(engine, "AlertDelivery.targetKind",
        [=](auto& call) { return std::string(store::to_string(node(call).target_kind)); });
  field(engine, "AlertDelivery.alertTitle",
        [=](auto& call) { return text_or_null(node(call).alert_title); });
}

// Its own, since it carries a count beside what every connection has.
void register_alert_connection(graphql::Engine& engine) {
  field(engine, "AlertConnection.totalCount",
        [](auto& call) { return call.template parent<AlertPage>().total; });
  engine.resolve("AlertConnection.edges", [](const FieldCall& call) -> Result<Resolved> {
    std::vector<Resolved> edges;
    for (const auto& edge : call.parent<AlertPage>().connection.edges) {
      edges.emplace_back(Node::borrow(edge));
    }
    return Resolved(std::move(edges));
  });
  engine.resolve("AlertConnection.pageInfo", [](const FieldCall& call) -> Result<Resolved> {
    const auto& connection = call.parent<AlertPage>().connection;
    Dict page;
    page.set("endCursor",
             connection.edges.empty() ? Value() : Value(connection.edges.back().cursor));
    page.set("hasNextPage", connection.has_next);
    return Resolved(Value(std::move(page)));
  });
  engine.resolve("AlertEdge.node", [](const FieldCall& call) -> Result<Resolved> {
    return call.parent<Edge>().node;
  });
  field(engine, "AlertEdge.cursor", [](auto& call) { return call.template parent<Edge>().cursor; });
}

}  // namespace

void register_alert(graphql::Engine& engine) {
  engine.resolve("Query.alerts", alerts);
  engine.resolve("Query.alertDeliveries", alert_deliveries);
  engine.resolve("Mutation.notifyScriptableRunAlert", notify);
  engine.resolve("Mutation.retryAlertDelivery", retry_delivery);
  register_alert_fields(engine);
  register_delivery_fields(engine);
  register_alert_connection(engine);
  register_connection(engine, "AlertDelivery");
  register_alert_targets(engine);
}

}  // namespace runstone::api
