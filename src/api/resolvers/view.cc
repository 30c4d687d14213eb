#include "api/api_context.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/random_id.h"
#include "base/try.h"
#include "store/view_store.h"

// Reports and workspaces: documents that clients keep in a project. The server does not look into
// them.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

constexpr std::size_t kSpecBytesMax = 16 << 20;
constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kDisplayNameBytesMax = 1024;
constexpr std::size_t kDescriptionBytesMax = 64 << 10;
constexpr std::int64_t kViewsMax = 10'000;  // of a project
constexpr std::int64_t kPageMax = 1000;

struct ViewNode {
  store::View view;
  std::shared_ptr<const store::Project> project;  // shared by the views of a list
};
struct UpsertPayload {
  ViewNode view;
  bool inserted = false;
};

Result<ViewNode> view_by_id(const ApiContext& context, std::string_view id, auth::Action action) {
  const auto missing = [&] {
    return fail(ErrorCode::kNotFound, "no report or view has the id " + std::string(id));
  };
  // The client cuts the padding off in addresses, and takes ids out of them.
  const auto number = parse_id("View", id);
  if (!number) return missing();
  const auto& store = context.services.store;
  RUNSTONE_TRY(auto view, if_found(store.views().get_view(store::ViewId(*number))));
  if (!view) return missing();
  RUNSTONE_TRY(auto project, if_found(store.get_project(view->project)));
  if (!project || !require(context, auth::Action::kRead, place_of(*project))) return missing();
  RUNSTONE_TRY(require(context, action, place_of(*project)));
  return ViewNode{*std::move(view), std::make_shared<const store::Project>(*std::move(project))};
}

Result<Resolved> view(const FieldCall& call) {
  RUNSTONE_TRY(auto found,
               if_found(view_by_id(context_of(call), call.text("id"), auth::Action::kRead)));
  return found ? Resolved(Node::of(*std::move(found))) : Resolved();
}

Result<Resolved> all_views(const FieldCall& call) {
  auto& context = context_of(call);
  const auto project = std::make_shared<const store::Project>(call.parent<store::Project>());
  store::ListViews request;
  request.project = project->id;
  if (const auto type = call.text("viewType"); !type.empty()) request.type = std::string(type);
  if (const auto name = call.text("viewName"); !name.empty()) request.name = std::string(name);
  if (const auto name = call.text("userName"); !name.empty()) {
    RUNSTONE_TRY(const auto* user, context.accounts.user(name));
    if (user == nullptr) return Resolved(Node::of(Connection()));
    request.user = user->id;
  }
  const auto first = call.integer("first", kPageMax);
  if (first < 0 || first > kPageMax) {
    return fail(ErrorCode::kInvalidArgument,
                "first must be between 0 and " + std::to_string(kPageMax));
  }
  if (const auto after = call.text("after"); !after.empty()) {
    const auto number = parse_id("View", after);
    if (!number) return fail(ErrorCode::kInvalidArgument, "after is no cursor of this list");
    request.before = store::ViewId(*number);
  }
  request.limit = first + 1;
  request.with_spec = call.selects("edges.node.spec");
  RUNSTONE_TRY(auto found, context.services.store.views().list_views(request));
  Connection connection;
  connection.has_next = static_cast<std::int64_t>(found.size()) > first;
  if (connection.has_next) found.pop_back();
  for (auto& item : found) {
    auto cursor = make_id("View", to_number(item.id));
    connection.add(Node::of(ViewNode{std::move(item), project}), std::move(cursor));
  }
  return Resolved(Node::of(std::move(connection)));
}

// Takes a text of the input; nothing where it was left out or given as null.
Result<std::optional<std::string>> text_at(const Value& input, std::string_view name,
                                           std::size_t bytes_max) {
  const auto* value = input.get(name);
  if (value == nullptr || !value->is_string()) return std::optional<std::string>();
  if (value->if_string()->size() > bytes_max) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(name) + " has more than " + std::to_string(bytes_max) + " bytes");
  }
  return std::optional<std::string>(*value->if_string());
}

Result<store::ViewUpdate> read_update(const FieldCall& call) {
  const auto& input = *call.argument("input");
  store::ViewUpdate update;
  RUNSTONE_TRY(update.type, text_at(input, "type", kNameBytesMax));
  RUNSTONE_TRY(update.name, text_at(input, "name", kNameBytesMax));
  RUNSTONE_TRY(update.display_name, text_at(input, "displayName", kDisplayNameBytesMax));
  RUNSTONE_TRY(update.description, text_at(input, "description", kDescriptionBytesMax));
  RUNSTONE_TRY(update.spec, text_at(input, "spec", kSpecBytesMax));
  if (update.name && update.name->empty()) update.name.reset();
  if (update.spec) {
    // One that is no JSON would break every list that it is in: clients parse them all.
    const auto parsed = json::parse(*update.spec);
    if (!parsed || !parsed->is_dict()) {
      return fail(ErrorCode::kInvalidArgument,
                  "spec is no JSON object" + (parsed ? "" : ": " + parsed.error().message));
    }
  }
  update.updated_at_us = context_of(call).services.clock.now_us();
  return update;
}

Result<Resolved> update_by_id(const FieldCall& call, std::string_view id,
                              store::ViewUpdate update) {
  const auto& context = context_of(call);
  const auto& input = *call.argument("input");
  RUNSTONE_TRY(auto found, view_by_id(context, id, auth::Action::kWrite));
  const auto named = [&](std::string_view name, const std::string& is) {
    const auto* value = input.get(name);
    const auto text = value == nullptr ? "" : value->string_or("");
    return text.empty() || text == is;
  };
  if (!named("entityName", found.project->entity_name) ||
      !named("projectName", found.project->name)) {
    return fail(ErrorCode::kInvalidArgument,
                "a report or view stays in its project, " + found.project->entity_name + "/" +
                    found.project->name + ": save a copy of it in the other one");
  }
  update.id = found.view.id;
  RUNSTONE_TRY(found.view, context.services.store.views().update_view(update));
  return Resolved(Node::of(UpsertPayload{std::move(found), false}));
}

Result<Resolved> upsert_by_name(const FieldCall& call, store::ViewUpdate update) {
  const auto& context = context_of(call);
  auto& views = context.services.store.views();
  const auto& input = *call.argument("input");
  const auto* entity = input.get("entityName");
  const auto* name = input.get("projectName");
  const std::string project_name(name == nullptr ? "" : name->string_or(""));
  RUNSTONE_TRY(auto project,
               find_project(context, entity == nullptr ? "" : entity->string_or(""), project_name));
  if (!project) {
    return fail(ErrorCode::kNotFound,
                "there is no project " + project_name + ": make it first, or name it rightly");
  }
  RUNSTONE_TRY(require(context, auth::Action::kWrite, place_of(*project)));
  UpsertPayload payload;
  if (!update.name) update.name = random_id(12);
  RUNSTONE_TRY(auto found, if_found(views.find_view(project->id, *update.name)));
  if (found) {
    update.id = found->id;
    update.name.reset();
    RUNSTONE_TRY(payload.view.view, views.update_view(update));
  } else {
    store::View fresh;
    fresh.project = project->id;
    fresh.user = context.principal.user;
    fresh.type = update.type.value_or("runs");
    fresh.name = *update.name;
    fresh.display_name = update.display_name.value_or("");
    fresh.description = update.description.value_or("");
    fresh.spec = update.spec.value_or("{}");
    fresh.created_at_us = fresh.updated_at_us = update.updated_at_us;
    RUNSTONE_TRY(payload.view.view, views.create_view(fresh, kViewsMax));
    payload.inserted = true;
  }
  payload.view.project = std::make_shared<const store::Project>(*std::move(project));
  return Resolved(Node::of(std::move(payload)));
}

Result<Resolved> upsert_view(const FieldCall& call) {
  RUNSTONE_TRY(auto update, read_update(call));
  const auto* id = call.argument("input")->get("id");
  const auto text = id == nullptr ? "" : id->string_or("");
  if (!text.empty()) return update_by_id(call, text, std::move(update));
  return upsert_by_name(call, std::move(update));
}

Result<Resolved> delete_view(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto id = call.argument("input")->get("id")->string_or("");
  RUNSTONE_TRY(const auto found, view_by_id(context, id, auth::Action::kWrite));
  RUNSTONE_TRY(context.services.store.views().delete_view(found.view.id));
  return Resolved(Value(Dict{{"success", true}, {"pendingDrafts", false}}));
}

Result<Resolved> user(const FieldCall& call) {
  const auto& view = call.parent<ViewNode>().view;
  if (!view.user) return Resolved();
  RUNSTONE_TRY(const auto* found, context_of(call).accounts.user(*view.user));
  return found ? Resolved(Node::borrow(*found)) : Resolved();
}

// Links that let anybody in have no place where nobody enters without an account.
Result<Resolved> no_share_links(const FieldCall&) {
  return fail(ErrorCode::kFailedPrecondition,
              "this server has no share links: add the person to the team instead");
}

template <typename Read>
void field(graphql::Engine& engine, const char* name, Read read) {
  engine.resolve(name, [read](const FieldCall& call) -> Result<Resolved> {
    return Resolved(read(call.parent<ViewNode>()));
  });
}

void register_fields(graphql::Engine& engine) {
  field(engine, "View.id",
        [](const ViewNode& it) { return make_id("View", to_number(it.view.id)); });
  field(engine, "View.type", [](const ViewNode& it) { return it.view.type; });
  field(engine, "View.name", [](const ViewNode& it) { return it.view.name; });
  field(engine, "View.displayName", [](const ViewNode& it) { return it.view.display_name; });
  field(engine, "View.description", [](const ViewNode& it) { return it.view.description; });
  field(engine, "View.spec", [](const ViewNode& it) { return it.view.spec; });
  field(engine, "View.entityName", [](const ViewNode& it) { return it.project->entity_name; });
  field(engine, "View.createdAt",
        [](const ViewNode& it) { return to_rfc3339(it.view.created_at_us); });
  field(engine, "View.updatedAt",
        [](const ViewNode& it) { return to_rfc3339(it.view.updated_at_us); });
  field(engine, "View.locked", [](const ViewNode&) { return false; });
  field(engine, "View.accessTokens", [](const ViewNode&) { return Value(List()); });
  engine.resolve("View.project", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node(call.parent<ViewNode>().project));
  });
  engine.resolve("View.user", user);
}

}  // namespace

void register_view(graphql::Engine& engine) {
  engine.resolve("Query.view", view);
  engine.resolve("Project.allViews", all_views);
  engine.resolve("Mutation.upsertView", upsert_view);
  engine.resolve("Mutation.deleteView", delete_view);
  engine.resolve("Mutation.createAccessToken", no_share_links);
  engine.resolve("Mutation.updateAccessTokenProjects", no_share_links);
  engine.resolve("Mutation.revokeAccessToken", no_share_links);
  engine.resolve("UpsertViewPayload.view", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node::of(call.parent<UpsertPayload>().view));
  });
  engine.resolve("UpsertViewPayload.inserted", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<UpsertPayload>().inserted);
  });
  engine.resolve("UpsertViewPayload.clientMutationId",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  register_fields(engine);
  register_connection(engine, "View");
}

}  // namespace runstone::api
