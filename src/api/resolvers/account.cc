#include "api/api_context.h"
#include "api/resolvers/account_nodes.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/try.h"

// Entities (users' own, teams, organizations' own) and organizations.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

const store::Entity& entity_of(const FieldCall& call) { return call.parent<store::Entity>(); }
const store::Organization& organization_of(const FieldCall& call) {
  return call.parent<store::Organization>();
}

Result<Resolved> entity(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto name = call.text("name");
  if (!require(context, auth::Action::kRead, name)) return Resolved();
  RUNSTONE_TRY(auto found, if_found(context.services.store.find_entity(name)));
  return found ? Resolved(Node::of(*std::move(found))) : Resolved();
}

Result<Resolved> organization(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto name = call.text("name");
  // Its own entity has its name.
  if (!require(context, auth::Action::kRead, name)) return Resolved();
  RUNSTONE_TRY(auto found, if_found(context.services.store.accounts().find_organization(name)));
  return found ? Resolved(Node::of(*std::move(found))) : Resolved();
}

Result<Resolved> members(const FieldCall& call) {
  auto& context = context_of(call);
  const auto& entity = entity_of(call);
  std::vector<Resolved> list;
  // A registry names the teams that are in it, also to those who are in none of them.
  if (!require(context, auth::Action::kRead, entity.name)) return Resolved(std::move(list));
  if (entity.kind == store::EntityKind::kTeam) {
    RUNSTONE_TRY(const auto* found, context.accounts.members(entity.id));
    for (const auto& member : *found) list.emplace_back(Node::borrow(member));
  } else if (entity.kind == store::EntityKind::kOrganization && entity.organization) {
    RUNSTONE_TRY(auto found,
                 context.services.store.accounts().organization_members(*entity.organization));
    for (auto& member : found) list.emplace_back(Node::of(std::move(member)));
  }
  return Resolved(std::move(list));
}

// What a reader of a team learns of the organization above it is what its members may know.
Result<Resolved> organization_of_entity(const FieldCall& call) {
  auto& context = context_of(call);
  if (!entity_of(call).organization) return Resolved();
  RUNSTONE_TRY(const auto* found, context.accounts.organization(*entity_of(call).organization));
  if (!found || !require(context, auth::Action::kRead, found->name)) return Resolved();
  return Resolved(Node::borrow(*found));
}

Result<Resolved> owner(const FieldCall& call) {
  if (!entity_of(call).user) return Resolved();
  RUNSTONE_TRY(const auto* user, context_of(call).accounts.user(*entity_of(call).user));
  return user ? Resolved(Node::borrow(*user)) : Resolved();
}

Result<Resolved> viewer_role(const FieldCall& call) {
  const auto role = auth::role_in(context_of(call).principal, {.entity = entity_of(call).name});
  return role ? Resolved(store::to_string(*role)) : Resolved();
}

Result<Resolved> read_only(const FieldCall& call) {
  const auto may_write = require(context_of(call), auth::Action::kWrite, entity_of(call).name);
  return Resolved(!may_write.has_value());
}

void constant(graphql::Engine& engine, const char* field, Value value) {
  engine.resolve(field, [value = std::move(value)](const FieldCall&) -> Result<Resolved> {
    return Resolved(value);
  });
}

void register_entity(graphql::Engine& engine) {
  engine.resolve("Entity.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("Entity", to_number(entity_of(call).id)));
  });
  engine.resolve("Entity.name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(entity_of(call).name);
  });
  engine.resolve("Entity.isTeam", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(entity_of(call).kind == store::EntityKind::kTeam);
  });
  engine.resolve("Entity.entityType", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(store::to_string(entity_of(call).kind));
  });
  engine.resolve("Entity.createdAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(entity_of(call).created_at_us));
  });
  engine.resolve("Entity.user", owner);
  engine.resolve("Entity.organization", organization_of_entity);
  engine.resolve("Entity.members", members);
  engine.resolve("Entity.viewerRole", viewer_role);
  engine.resolve("Entity.readOnly", read_only);
  // There is nothing to buy, to open to the world or to be short of here.
  constant(engine, "Entity.available", false);  // as a name for a new one
  constant(engine, "Entity.photoUrl", nullptr);
  constant(engine, "Entity.readOnlyAdmin", false);
  constant(engine, "Entity.privateOnly", true);
  constant(engine, "Entity.storageBytes", 0);
  constant(engine, "Entity.codeSavingEnabled", true);
  constant(engine, "Entity.defaultAccess", "PRIVATE");
  constant(engine, "Entity.isPaid", true);
  constant(engine, "Entity.limits", nullptr);
}

void member_field(graphql::Engine& engine, const std::string& name,
                  Value (*read)(const store::TeamMember& member)) {
  engine.resolve("Member." + name, [read](const FieldCall& call) -> Result<Resolved> {
    return Resolved(read(call.parent<store::TeamMember>()));
  });
}

// Once, to the one who made the account a moment ago; see auth::FreshKeys.
Result<Resolved> member_key(const FieldCall& call) {
  const auto& member = call.parent<store::TeamMember>();
  const auto& context = context_of(call);
  if (!member.user.service) return Resolved();
  auto key = context.services.auth.fresh_keys().take(member.user.id, context.principal.user);
  return key ? Resolved(*std::move(key)) : Resolved();
}

void register_member(graphql::Engine& engine) {
  using store::TeamMember;
  member_field(engine, "id",
               [](const TeamMember& m) { return Value(make_id("User", to_number(m.user.id))); });
  member_field(engine, "username", [](const TeamMember& m) { return Value(m.user.name); });
  member_field(engine, "name", [](const TeamMember& m) {
    return Value(m.user.display_name.empty() ? m.user.name : m.user.display_name);
  });
  member_field(engine, "email", [](const TeamMember& m) { return text_or_null(m.user.email); });
  member_field(engine, "role", [](const TeamMember& m) { return Value(store::to_string(m.role)); });
  member_field(engine, "admin",
               [](const TeamMember& m) { return Value(m.role == store::Role::kAdmin); });
  member_field(engine, "pending", [](const TeamMember&) { return Value(false); });
  member_field(engine, "photoUrl", [](const TeamMember&) { return Value(); });
  member_field(engine, "accountType",
               [](const TeamMember& m) { return Value(account_type(m.user)); });
  engine.resolve("Member.apiKey", member_key);
}

Result<Resolved> organization_entity(const FieldCall& call) {
  RUNSTONE_TRY(const auto* entity, context_of(call).accounts.entity(organization_of(call).entity));
  return entity ? Resolved(Node::borrow(*entity)) : Resolved();
}

Result<Resolved> organization_teams(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(auto teams,
               context.services.store.accounts().teams_of_organization(organization_of(call).id));
  std::vector<Resolved> list;
  for (auto& team : teams) {
    if (!require(context, auth::Action::kRead, team.name)) continue;
    list.emplace_back(Node::of(std::move(team)));
  }
  return Resolved(std::move(list));
}

Result<Resolved> organization_members(const FieldCall& call) {
  RUNSTONE_TRY(auto found, context_of(call).services.store.accounts().organization_members(
                               organization_of(call).id));
  std::vector<Resolved> list;
  for (auto& member : found) list.emplace_back(Node::of(std::move(member)));
  return Resolved(std::move(list));
}

void register_organization(graphql::Engine& engine) {
  engine.resolve("Organization.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("Organization", to_number(organization_of(call).id)));
  });
  engine.resolve("Organization.name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(organization_of(call).name);
  });
  engine.resolve("Organization.orgEntity", organization_entity);
  engine.resolve("Organization.teams", organization_teams);
  engine.resolve("Organization.members", organization_members);
  constant(engine, "Organization.coreWeaveOrganizationId", nullptr);
  constant(engine, "Organization.featureFlags", List{});
}

}  // namespace

void register_account(graphql::Engine& engine) {
  engine.resolve("Query.entity", entity);
  engine.resolve("Query.organization", organization);
  register_entity(engine);
  register_member(engine);
  register_organization(engine);
  register_connection(engine, "Entity", Paged::kNo);
  register_team_mutations(engine);
}

}  // namespace runstone::api
