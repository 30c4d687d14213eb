#include <array>

#include "api/artifact_access.h"
#include "api/resolvers/collection_lists.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/encoding.h"
#include "base/try.h"

// Collections, their types, aliases, tags, and a version's places in them.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using graphql::Resolver;
using store::Collection;
using store::Member;
using store::to_number;

const Collection& collection_of(const FieldCall& call) { return call.parent<Collection>(); }
store::ArtifactStore& artifacts_of(const FieldCall& call) {
  return context_of(call).services.store.artifacts();
}

// A node for what was found, null for what was not.
Result<Resolved> node_if_found(const FieldCall& call, Result<Collection> found) {
  RUNSTONE_TRY(auto collection, if_found(std::move(found)));
  if (!collection) return Resolved();
  return Resolved(collection_node(context_of(call), *std::move(collection)));
}
Result<Resolved> node_if_found(const FieldCall& call, Result<Member> found) {
  RUNSTONE_TRY(auto member, if_found(std::move(found)));
  if (!member) return Resolved();
  return Resolved(member_node(context_of(call), *std::move(member)));
}

// The fields that sequences and portfolios share.
void both(graphql::Engine& engine, const std::string& field, const Resolver& resolver) {
  engine.resolve("ArtifactSequence." + field, resolver);
  engine.resolve("ArtifactPortfolio." + field, resolver);
}

// Of a version that is linked to where the viewer may read it, he learns the name of its sequence,
// and no more.
bool is_readable(const FieldCall& call) {
  return require(context_of(call), auth::Action::kRead, place_of(collection_of(call))).has_value();
}

Result<Resolved> collection_type(const FieldCall& call) {
  RUNSTONE_TRY(auto type, context_of(call).artifacts.type(collection_of(call)));
  return Resolved(Node(std::move(type)));
}

Result<Resolved> collection_project(const FieldCall& call) {
  if (!is_readable(call)) return Resolved();
  RUNSTONE_TRY(auto project, context_of(call).artifacts.project(collection_of(call).project));
  return Resolved(Node(std::move(project)));
}

Result<Resolved> collection_tags(const FieldCall& call) {
  std::vector<std::string> tags;
  if (is_readable(call)) {
    RUNSTONE_TRY(tags, context_of(call).artifacts.tags(collection_of(call).id));
  }
  List edges;
  for (const auto& tag : tags) {
    Dict edge;
    edge.set("node", tag_value(tag));
    edges.emplace_back(std::move(edge));
  }
  Dict connection;
  connection.set("edges", std::move(edges));
  return Resolved(Value(std::move(connection)));
}

Result<Resolved> collection_aliases(const FieldCall& call) {
  if (!is_readable(call)) return Resolved(Node::of(Connection()));
  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  const auto limit = page_limit(call.integer("first", -1));
  RUNSTONE_TRY(auto found,
               artifacts_of(call).list_aliases(
                   collection_of(call).id, store::AliasId(after ? after->number : 0), limit + 1));
  Connection connection;
  connection.has_next = found.size() > static_cast<std::size_t>(limit);
  if (connection.has_next) found.resize(static_cast<std::size_t>(limit));
  for (auto& alias : found) {
    const RecordCursor cursor{Value(), to_number(alias.id)};
    connection.add(Node::of(std::move(alias)), cursor.encode());
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> latest_artifact(const FieldCall& call) {
  if (!is_readable(call)) return Resolved();
  const std::array ids = {collection_of(call).id};
  RUNSTONE_TRY(auto found, artifacts_of(call).latest_members(ids));
  if (found.empty()) return Resolved();
  return Resolved(artifact_node(context_of(call), std::move(found.front().artifact)));
}

void register_collections(graphql::Engine& engine) {
  both(engine, "id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("ArtifactCollection", to_number(collection_of(call).id)));
  });
  both(engine, "name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(collection_of(call).name);
  });
  both(engine, "description", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(text_or_null(collection_of(call).description));
  });
  both(engine, "createdAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(collection_of(call).created_at_us));
  });
  both(engine, "updatedAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(collection_of(call).updated_at_us));
  });
  both(engine, "state", [](const FieldCall& call) -> Result<Resolved> {
    const bool removed = context_of(call).artifacts.is_removed(collection_of(call).id);
    return Resolved(removed ? "DELETED" : "READY");
  });
  both(engine, "ttlDurationSeconds", [](const FieldCall& call) -> Result<Resolved> {
    const auto ttl = collection_of(call).ttl_secs;
    return ttl ? Resolved(*ttl) : Resolved();
  });
  both(engine, "project", collection_project);
  both(engine, "defaultArtifactType", collection_type);
  both(engine, "tags", collection_tags);
  both(engine, "aliases", collection_aliases);
  both(engine, "artifacts", [](const FieldCall& call) -> Result<Resolved> {
    if (!is_readable(call)) return Resolved(Node::of(CountedConnection()));
    return list_collection_members(call, collection_of(call), ListOf::kVersions);
  });
  both(engine, "artifactMemberships", [](const FieldCall& call) -> Result<Resolved> {
    if (!is_readable(call)) return Resolved(Node::of(CountedConnection()));
    return list_collection_members(call, collection_of(call), ListOf::kMemberships);
  });
  both(engine, "artifactMembership", [](const FieldCall& call) -> Result<Resolved> {
    if (!is_readable(call)) return Resolved();
    return node_if_found(
        call, find_member(context_of(call), collection_of(call).id, call.text("aliasName")));
  });
  engine.resolve("ArtifactSequence.latestArtifact", latest_artifact);
}

// A collection of that type only: the client tells types apart by it.
Result<Collection> collection_of_type(const FieldCall& call, const store::ArtifactType& type) {
  RUNSTONE_TRY(auto found, artifacts_of(call).find_collection(type.project, call.text("name")));
  if (found.type != type.id) return fail(ErrorCode::kNotFound, "no such collection");
  return found;
}

void register_types(graphql::Engine& engine) {
  using store::ArtifactType;
  engine.resolve("ArtifactType.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("ArtifactType", to_number(call.parent<ArtifactType>().id)));
  });
  engine.resolve("ArtifactType.name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<ArtifactType>().name);
  });
  engine.resolve("ArtifactType.description", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(text_or_null(call.parent<ArtifactType>().description));
  });
  engine.resolve("ArtifactType.createdAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(call.parent<ArtifactType>().created_at_us));
  });
  for (const auto* name : {"artifactCollections", "artifactSequences"}) {
    engine.resolve(std::string("ArtifactType.") + name, [](const FieldCall& call) {
      const auto& type = call.parent<ArtifactType>();
      return list_collections(call, {type.project}, type.id);
    });
  }
  engine.resolve("ArtifactType.artifactCollection", [](const FieldCall& call) {
    return node_if_found(call, collection_of_type(call, call.parent<ArtifactType>()));
  });
  engine.resolve("ArtifactType.artifactSequence", [](const FieldCall& call) -> Result<Resolved> {
    auto found = collection_of_type(call, call.parent<ArtifactType>());
    if (found && found->kind != store::CollectionKind::kSequence) return Resolved();
    return node_if_found(call, std::move(found));
  });
  engine.resolve("ArtifactType.artifact", [](const FieldCall& call) -> Result<Resolved> {
    const auto& type = call.parent<ArtifactType>();
    auto found = find_member_by_name(context_of(call), type.project, call.text("name"));
    RUNSTONE_TRY(auto member, if_found(std::move(found)));
    if (!member || member->artifact.type_name != type.name) return Resolved();
    return Resolved(artifact_node(context_of(call), std::move(member->artifact)));
  });
}

Result<Resolved> project_types(const FieldCall& call) {
  const std::array projects = {call.parent<store::Project>().id};
  RUNSTONE_TRY(auto found, artifacts_of(call).list_types(projects));
  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  std::vector<Record<store::ArtifactType>> records;
  for (auto& type : found) {
    Value key(type.name);
    const auto number = to_number(type.id);
    records.push_back({std::move(type), std::move(key), number});
  }
  CountedConnection counted;
  counted.total_count = static_cast<std::int64_t>(records.size());
  auto [page, more] =
      page_of(std::move(records), false, after, page_limit(call.integer("first", -1)));
  counted.has_next = more;
  for (auto& record : page) {
    const RecordCursor cursor{record.key, record.number};
    counted.add(Node::of(std::move(record.value)), cursor.encode());
  }
  return Resolved(Node::of(std::move(counted)));
}

void register_project_fields(graphql::Engine& engine) {
  engine.resolve("Project.artifactTypes", project_types);
  engine.resolve("Project.artifactType", [](const FieldCall& call) -> Result<Resolved> {
    auto found = artifacts_of(call).find_type(call.parent<store::Project>().id, call.text("name"));
    RUNSTONE_TRY(auto type, if_found(std::move(found)));
    return type ? Resolved(Node::of(*std::move(type))) : Resolved();
  });
  engine.resolve("Project.artifactCollections", [](const FieldCall& call) {
    return list_collections(call, {call.parent<store::Project>().id}, std::nullopt);
  });
  engine.resolve("Project.artifactCollection", [](const FieldCall& call) {
    const auto project = call.parent<store::Project>().id;
    return node_if_found(call, artifacts_of(call).find_collection(project, call.text("name")));
  });
  engine.resolve("Project.artifactCollectionMembership", [](const FieldCall& call) {
    const auto project = call.parent<store::Project>().id;
    return node_if_found(call, find_member_by_name(context_of(call), project, call.text("name")));
  });
  engine.resolve("Project.artifact", [](const FieldCall& call) -> Result<Resolved> {
    const auto project = call.parent<store::Project>().id;
    auto found = find_member_by_name(context_of(call), project, call.text("name"));
    RUNSTONE_TRY(auto member, if_found(std::move(found)));
    if (!member) return Resolved();
    return Resolved(artifact_node(context_of(call), std::move(member->artifact)));
  });
  engine.resolve("Query.artifactCollection", [](const FieldCall& call) {
    return node_if_found(call,
                         collection_by_id(context_of(call), call.text("id"), auth::Action::kRead));
  });
}

Result<Resolved> member_aliases(const FieldCall& call) {
  const auto& member = call.parent<Member>();
  RUNSTONE_TRY(const auto aliases, context_of(call).artifacts.aliases(member.artifact.id));
  std::vector<Resolved> list;
  for (const auto* alias : aliases) {
    if (alias->collection != member.membership.collection) continue;
    list.emplace_back(Node::of(*alias));
  }
  return Resolved(std::move(list));
}

Result<Resolved> place_node(const FieldCall& call, store::CollectionId id) {
  RUNSTONE_TRY(const auto* found, context_of(call).artifacts.collection(id));
  if (found == nullptr) return Resolved();
  return Resolved(collection_node(context_of(call), *found));
}

void register_memberships(graphql::Engine& engine) {
  const std::string type = "ArtifactCollectionMembership.";
  engine.resolve(type + "id", [](const FieldCall& call) -> Result<Resolved> {
    const auto id = call.parent<Member>().membership.id;
    return Resolved(make_id("ArtifactCollectionMembership", to_number(id)));
  });
  engine.resolve(type + "versionIndex", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<Member>().membership.version_index);
  });
  engine.resolve(type + "createdAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(to_rfc3339(call.parent<Member>().membership.created_at_us));
  });
  engine.resolve(type + "aliases", member_aliases);
  engine.resolve(type + "artifactCollection", [](const FieldCall& call) {
    return place_node(call, call.parent<Member>().membership.collection);
  });
  engine.resolve(type + "artifact", [](const FieldCall& call) -> Result<Resolved> {
    const auto& member = call.parent<Member>();
    return Resolved(artifact_node(context_of(call), member.artifact));
  });
}

void register_aliases(graphql::Engine& engine) {
  using store::ArtifactAlias;
  engine.resolve("ArtifactAlias.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("ArtifactAlias", to_number(call.parent<ArtifactAlias>().id)));
  });
  engine.resolve("ArtifactAlias.alias", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<ArtifactAlias>().alias);
  });
  engine.resolve("ArtifactAlias.artifactCollection", [](const FieldCall& call) {
    return place_node(call, call.parent<ArtifactAlias>().collection);
  });
  engine.resolve("ArtifactAlias.artifactCollectionName",
                 [](const FieldCall& call) -> Result<Resolved> {
                   RUNSTONE_TRY(const auto* found, context_of(call).artifacts.collection(
                                                       call.parent<ArtifactAlias>().collection));
                   return found == nullptr ? Resolved() : Resolved(found->name);
                 });
}

}  // namespace

void register_collection(graphql::Engine& engine) {
  register_collections(engine);
  register_types(engine);
  register_project_fields(engine);
  register_memberships(engine);
  register_aliases(engine);
  register_connection(engine, "ArtifactAlias");
  for (const char* type : {"ArtifactType", "ArtifactCollection", "ArtifactCollectionMembership",
                           "VersionedArtifact", "Artifact"}) {
    register_counted_connection(engine, type);
  }
  engine.resolve("VersionedArtifactEdge.version", [](const FieldCall& call) -> Result<Resolved> {
    const auto index = call.parent<CountedEdge>().version_index;
    return index ? Resolved("v" + std::to_string(*index)) : Resolved("");
  });
}

}  // namespace runstone::api
