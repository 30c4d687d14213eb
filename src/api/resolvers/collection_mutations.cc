#include <array>
#include <map>
#include <set>
#include <utility>

#include "api/artifact_access.h"
#include "api/registry_rules.h"
#include "api/resolvers/collection_lists.h"
#include "api/resolvers/resolvers.h"
#include "artifacts/artifacts.h"
#include "artifacts/collections.h"
#include "artifacts/names.h"
#include "base/try.h"

// What changes collections: names, types, tags, aliases, links.
namespace runstone::api {
namespace {

using artifacts::Collections;
using auth::Action;
using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::Collection;

struct CollectionPayload {
  Collection collection;
  bool removed = false;
};
struct UpdatePayload {
  store::Artifact artifact;
};
struct LinkPayload {
  store::Member member;
};

Collections rules_of(const FieldCall& call) {
  const auto& services = context_of(call).services;
  return Collections(services.store.artifacts(), services.clock);
}

std::string text_at(const Value& input, std::string_view name) {
  const auto* value = input.get(name);
  return std::string(value == nullptr ? "" : value->string_or(""));
}
std::optional<std::string> optional_text(const Value& input, std::string_view name) {
  const auto* value = input.get(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return *value->if_string();
}
std::optional<std::int64_t> optional_int(const Value& input, std::string_view name) {
  const auto* value = input.get(name);
  if (value == nullptr || !value->is_int()) return std::nullopt;
  return *value->if_int();
}
const List& list_at(const Value& input, std::string_view name) {
  static const List none;
  const auto* value = input.get(name);
  const auto* list = value == nullptr ? nullptr : value->if_list();
  return list == nullptr ? none : *list;
}
std::vector<std::string> texts_at(const Value& input, std::string_view list,
                                  std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& item : list_at(input, list)) texts.push_back(text_at(item, name));
  return texts;
}

Result<Resolved> payload(Result<Collection> collection, bool removed = false) {
  if (!collection) return fail(std::move(collection).error());
  return Resolved(Node::of(CollectionPayload{*std::move(collection), removed}));
}

// Collections ------------------------------------------------------------------------------------

Result<Collection> own_collection(const FieldCall& call, std::string_view id_field,
                                  std::optional<store::CollectionKind> kind) {
  const auto id = text_at(*call.argument("input"), id_field);
  RUNSTONE_TRY(auto found, collection_by_id(context_of(call), id, Action::kWrite));
  if (kind && found.kind != *kind) {
    const bool sequence = found.kind == store::CollectionKind::kSequence;
    return fail(
        ErrorCode::kInvalidArgument,
        found.name + (sequence ? " is a sequence, no portfolio" : " is a portfolio, no sequence"));
  }
  return found;
}

Result<Resolved> update_collection(const FieldCall& call, std::string_view id_field,
                                   store::CollectionKind kind) {
  const auto& input = *call.argument("input");
  RUNSTONE_TRY(const auto collection, own_collection(call, id_field, kind));
  Collections::Change change;
  change.name = optional_text(input, "name");
  change.description = optional_text(input, "description");
  change.ttl_secs = optional_int(input, "ttlDurationSeconds");
  return payload(rules_of(call).update(collection, change));
}

Result<Resolved> delete_collection(const FieldCall& call, std::string_view id_field,
                                   store::CollectionKind kind) {
  RUNSTONE_TRY(auto collection, own_collection(call, id_field, kind));
  RUNSTONE_TRY(rules_of(call).remove(collection));
  RUNSTONE_TRY(context_of(call).services.artifacts.free_bytes());
  return payload(std::move(collection), true);
}

Result<Resolved> move_sequence(const FieldCall& call) {
  RUNSTONE_TRY(const auto sequence, own_collection(call, "artifactSequenceID", std::nullopt));
  const auto type = text_at(*call.argument("input"), "destinationArtifactTypeName");
  return payload(rules_of(call).move_to_type(sequence, type));
}

Result<Resolved> create_portfolio(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = *call.argument("input");
  const auto entity = text_at(input, "entityName");
  RUNSTONE_TRY(const auto project, find_project(context, entity, text_at(input, "projectName")));
  if (!project) {
    return fail(ErrorCode::kNotFound,
                "there is no project " + entity + "/" + text_at(input, "projectName"));
  }
  RUNSTONE_TRY(require(context, Action::kWrite, place_of(*project)));
  return payload(rules_of(call).create_portfolio(project->id, text_at(input, "name"),
                                                 text_at(input, "artifactTypeName"),
                                                 text_at(input, "description")));
}

Result<Collection> named_collection(const FieldCall& call, const Value& input) {
  return collection_by_name(context_of(call), text_at(input, "entityName"),
                            text_at(input, "projectName"), text_at(input, "artifactCollectionName"),
                            Action::kWrite);
}

Result<Resolved> success() {
  Dict answer;
  answer.set("success", true);
  return Resolved(Value(std::move(answer)));
}

Result<Resolved> add_collection_tags(const FieldCall& call) {
  const auto& input = *call.argument("input");
  RUNSTONE_TRY(const auto collection, named_collection(call, input));
  RUNSTONE_TRY(rules_of(call).change_tags(collection, texts_at(input, "tags", "tagName"), {}));
  RUNSTONE_TRY(const auto tags, context_of(call).artifacts.tags(collection.id));
  List list;
  for (const auto& tag : tags) list.emplace_back(tag_value(tag));
  Dict answer;
  answer.set("tags", std::move(list));
  return Resolved(Value(std::move(answer)));
}

Result<Resolved> delete_collection_tags(const FieldCall& call) {
  const auto& input = *call.argument("input");
  RUNSTONE_TRY(const auto collection, named_collection(call, input));
  RUNSTONE_TRY(rules_of(call).change_tags(collection, {}, texts_at(input, "tags", "tagName")));
  return success();
}

// Aliases ----------------------------------------------------------------------------------------

// Where the aliases of one request go. Most name the same collection: it is looked up once.
Result<std::vector<store::NewAlias>> alias_targets(const FieldCall& call,
                                                   const store::Artifact& artifact) {
  const auto& list = list_at(*call.argument("input"), "aliases");
  if (list.size() > artifacts::kMaxAliasesPerRequest) {
    return fail(ErrorCode::kInvalidArgument, std::to_string(list.size()) +
                                                 " aliases in one request; at most " +
                                                 std::to_string(artifacts::kMaxAliasesPerRequest));
  }
  std::map<std::array<std::string, 3>, store::CollectionId> known;
  std::vector<store::NewAlias> targets;
  for (const auto& item : list) {
    const std::array<std::string, 3> name = {text_at(item, "entityName"),
                                             text_at(item, "projectName"),
                                             text_at(item, "artifactCollectionName")};
    auto place = known.find(name);
    if (place == known.end()) {
      RUNSTONE_TRY(const auto collection, named_collection(call, item));
      place = known.emplace(name, collection.id).first;
    }
    targets.push_back({place->second, text_at(item, "alias"), artifact.id});
  }
  return targets;
}

Result<Resolved> add_aliases(const FieldCall& call) {
  const auto id = text_at(*call.argument("input"), "artifactID");
  RUNSTONE_TRY(const auto artifact, readable_artifact(context_of(call), id));
  RUNSTONE_TRY(const auto targets, alias_targets(call, artifact));
  RUNSTONE_TRY(rules_of(call).add_aliases(targets));
  return success();
}

Result<Resolved> delete_aliases(const FieldCall& call) {
  const auto id = text_at(*call.argument("input"), "artifactID");
  RUNSTONE_TRY(const auto artifact, readable_artifact(context_of(call), id));
  RUNSTONE_TRY(const auto targets, alias_targets(call, artifact));
  RUNSTONE_TRY(rules_of(call).delete_aliases(targets));
  return success();
}

// `aliases` of updateArtifact are all that it is to have in its own sequence (older clients).
Result<void> replace_aliases(const FieldCall& call, const store::Artifact& artifact) {
  std::set<std::string> wanted;
  std::vector<store::NewAlias> add, remove;
  for (const auto& item : list_at(*call.argument("input"), "aliases")) {
    wanted.insert(text_at(item, "alias"));
  }
  RUNSTONE_TRY(const auto have, context_of(call).artifacts.aliases(artifact.id));
  for (const auto* alias : have) {
    if (alias->collection != artifact.sequence) continue;
    if (wanted.erase(alias->alias) == 0) {
      remove.push_back({artifact.sequence, alias->alias, artifact.id});
    }
  }
  for (const auto& alias : wanted) {
    // Clients send the version's own name along.
    if (!artifacts::is_version_name(alias)) add.push_back({artifact.sequence, alias, artifact.id});
  }
  RUNSTONE_TRY(rules_of(call).add_aliases(add));
  return rules_of(call).delete_aliases(remove);
}

Result<Resolved> update_artifact(const FieldCall& call) {
  const auto& input = *call.argument("input");
  auto& context = context_of(call);
  RUNSTONE_TRY(const auto artifact, writable_artifact(context, text_at(input, "artifactID")));
  const auto* aliases = input.get("aliases");
  if (aliases != nullptr && !aliases->is_null()) {
    RUNSTONE_TRY(replace_aliases(call, artifact));
  }
  Collections::Update update;
  update.artifact = artifact.id;
  update.description = optional_text(input, "description");
  update.metadata_json = optional_text(input, "metadata");
  update.ttl_secs = optional_int(input, "ttlDurationSeconds");
  update.add_tags = texts_at(input, "tagsToAdd", "tagName");
  update.remove_tags = texts_at(input, "tagsToDelete", "tagName");
  RUNSTONE_TRY(auto changed, rules_of(call).update_artifact(update));
  context.artifacts.forget(changed.id);
  return Resolved(Node::of(UpdatePayload{std::move(changed)}));
}

// Links ------------------------------------------------------------------------------------------

Result<store::Artifact> linked_artifact(const FieldCall& call, const Value& input) {
  const auto& context = context_of(call);
  if (const auto id = optional_text(input, "artifactID")) return readable_artifact(context, *id);
  const auto client_id = text_at(input, "clientID");
  if (client_id.empty()) {
    return fail(ErrorCode::kInvalidArgument, "artifactID or clientID is needed");
  }
  auto& store = context.services.store.artifacts();
  RUNSTONE_TRY(const auto number, store.find_client_id(client_id));
  return readable_artifact(context, make_id("Artifact", store::to_number(number)));
}

Result<Collections::Link> link_target(const FieldCall& call, const Value& input) {
  const auto& context = context_of(call);
  Collections::Link link;
  if (const auto id = optional_text(input, "artifactPortfolioID")) {
    RUNSTONE_TRY(const auto portfolio, collection_by_id(context, *id, Action::kWrite));
    link.project = portfolio.project;
    link.portfolio = portfolio.name;
    RUNSTONE_TRY(const auto project, context.services.store.get_project(portfolio.project));
    RUNSTONE_TRY(link.allowed_types, allowed_types(context, project));
    return link;
  }
  link.portfolio = text_at(input, "artifactPortfolioName");
  RUNSTONE_TRY(const auto project, project_to_link_to(context, text_at(input, "entityName"),
                                                      text_at(input, "projectName")));
  link.project = project.id;
  RUNSTONE_TRY(link.allowed_types, allowed_types(context, project));
  return link;
}

Result<Resolved> link_artifact(const FieldCall& call) {
  const auto& input = *call.argument("input");
  auto& context = context_of(call);
  RUNSTONE_TRY(auto artifact, linked_artifact(call, input));
  RUNSTONE_TRY(auto link, link_target(call, input));
  link.artifact = artifact;
  link.aliases = texts_at(input, "aliases", "alias");
  RUNSTONE_TRY(auto linked, rules_of(call).link(link));
  context.artifacts.forget(artifact.id);
  return Resolved(
      Node::of(LinkPayload{store::Member{std::move(linked.membership), std::move(artifact)}}));
}

Result<Resolved> unlink_artifact(const FieldCall& call) {
  const auto& input = *call.argument("input");
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto portfolio, own_collection(call, "artifactPortfolioID", std::nullopt));
  RUNSTONE_TRY(const auto artifact, readable_artifact(context, text_at(input, "artifactID")));
  RUNSTONE_TRY(rules_of(call).unlink(portfolio, artifact.id));
  Dict answer;
  answer.set("success", true);
  answer.set("artifactID", make_id("Artifact", store::to_number(artifact.id)));
  return Resolved(Value(std::move(answer)));
}

void register_payloads(graphql::Engine& engine) {
  engine.resolve("ArtifactCollectionPayload.artifactCollection",
                 [](const FieldCall& call) -> Result<Resolved> {
                   const auto& made = call.parent<CollectionPayload>();
                   auto node = collection_node(context_of(call), made.collection);
                   if (made.removed) context_of(call).artifacts.note_removed(made.collection.id);
                   return Resolved(std::move(node));
                 });
  engine.resolve("ArtifactCollectionPayload.clientMutationId",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  engine.resolve("UpdateArtifactPayload.artifact", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(artifact_node(context_of(call), call.parent<UpdatePayload>().artifact));
  });
  engine.resolve("UpdateArtifactPayload.clientMutationId",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  engine.resolve("LinkArtifactPayload.versionIndex", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<LinkPayload>().member.membership.version_index);
  });
  engine.resolve(
      "LinkArtifactPayload.artifactMembership", [](const FieldCall& call) -> Result<Resolved> {
        return Resolved(member_node(context_of(call), call.parent<LinkPayload>().member));
      });
  engine.resolve("LinkArtifactPayload.clientMutationId",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
}

}  // namespace

void register_collection_mutations(graphql::Engine& engine) {
  using store::CollectionKind;
  engine.resolve("Mutation.updateArtifactSequence", [](const FieldCall& call) {
    return update_collection(call, "artifactSequenceID", CollectionKind::kSequence);
  });
  engine.resolve("Mutation.updateArtifactPortfolio", [](const FieldCall& call) {
    return update_collection(call, "artifactPortfolioID", CollectionKind::kPortfolio);
  });
  engine.resolve("Mutation.deleteArtifactSequence", [](const FieldCall& call) {
    return delete_collection(call, "artifactSequenceID", CollectionKind::kSequence);
  });
  engine.resolve("Mutation.deleteArtifactPortfolio", [](const FieldCall& call) {
    return delete_collection(call, "artifactPortfolioID", CollectionKind::kPortfolio);
  });
  engine.resolve("Mutation.moveArtifactSequence", move_sequence);
  engine.resolve("Mutation.createArtifactPortfolio", create_portfolio);
  engine.resolve("Mutation.createArtifactCollectionTagAssignments", add_collection_tags);
  engine.resolve("Mutation.deleteArtifactCollectionTagAssignments", delete_collection_tags);
  engine.resolve("Mutation.addAliases", add_aliases);
  engine.resolve("Mutation.deleteAliases", delete_aliases);
  engine.resolve("Mutation.updateArtifact", update_artifact);
  engine.resolve("Mutation.linkArtifact", link_artifact);
  engine.resolve("Mutation.unlinkArtifact", unlink_artifact);
  register_payloads(engine);
}

}  // namespace runstone::api
