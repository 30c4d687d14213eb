#include "api/resolvers/collection_lists.h"

#include <algorithm>
#include <array>

#include "api/artifact_access.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::Collection;
using store::Member;
using store::to_number;

store::ArtifactStore& artifacts_of(const ApiContext& context) {
  return context.services.store.artifacts();
}

List texts(const std::vector<std::string>& from) {
  List list;
  for (const auto& text : from) list.emplace_back(text);
  return list;
}

// Clients filter by the opaque id and by the number in it.
Value both_ids(const char* type, std::int64_t number) {
  return List{Value(make_id(type, number)), Value(number)};
}

Result<std::optional<Value>> collection_field(const ApiContext& context, const Collection& c,
                                              std::string_view name) {
  using Answer = std::optional<Value>;
  if (name == "name") return Answer(c.name);
  if (name == "description") return Answer(text_or_null(c.description));
  if (name == "created_at" || name == "createdAt") return Answer(to_rfc3339(c.created_at_us));
  if (name == "updated_at" || name == "updatedAt") return Answer(to_rfc3339(c.updated_at_us));
  if (name == "type") return Answer(c.type_name);
  if (name == "id" || name == "artifact_collection_id") {
    return Answer(both_ids("ArtifactCollection", to_number(c.id)));
  }
  if (name == "tag" || name == "tags") {
    RUNSTONE_TRY(const auto tags, context.artifacts.tags(c.id));
    return Answer(texts(tags));
  }
  return Answer();
}

// "metadata.eval.loss" in the version's own JSON; null where it has no such key.
Value metadata_at(const store::Artifact& artifact, std::string_view path) {
  const auto parsed = json::parse(artifact.metadata_json.value_or("{}"));
  if (!parsed) return Value();
  const Value* at = &*parsed;
  while (!path.empty() && at != nullptr) {
    if (const auto* whole = at->get(path)) return *whole;  // a key with dots in it
    const auto dot = path.find('.');
    at = at->get(path.substr(0, dot));
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  }
  return at == nullptr ? Value() : *at;
}

Result<std::optional<Value>> member_field(const ApiContext& context, const Member& m,
                                          std::string_view name) {
  using Answer = std::optional<Value>;
  const auto& a = m.artifact;
  const auto index = m.membership.version_index;
  if (name == "state") return Answer(store::to_string(a.state));
  if (name == "digest") return Answer(a.digest);
  if (name == "description") return Answer(a.description ? Value(*a.description) : Value());
  if (name == "version" || name == "version_index" || name == "versionIndex") {
    return Answer(List{Value(index), Value("v" + std::to_string(index))});
  }
  if (name == "id" || name == "artifact_id") return Answer(both_ids("Artifact", to_number(a.id)));
  if (name == "size" || name == "artifact_size") return Answer(a.size_bytes);
  if (name == "type") return Answer(a.type_name);
  if (name == "created_at" || name == "createdAt" || name == "artifact_created_at") {
    return Answer(to_rfc3339(a.created_at_us));
  }
  if (name == "updated_at" || name == "updatedAt") return Answer(to_rfc3339(a.updated_at_us));
  if (name == "acm_created_at" || name == "linked_at") {
    return Answer(to_rfc3339(m.membership.created_at_us));
  }
  if (name == "tag" || name == "tags") {
    RUNSTONE_TRY(const auto tags, context.artifacts.tags(a.id));
    return Answer(texts(tags));
  }
  if (name == "alias" || name == "aliases") {
    RUNSTONE_TRY(const auto aliases, context.artifacts.aliases(a.id));
    List list;
    for (const auto* alias : aliases) {
      if (alias->collection == m.membership.collection) list.emplace_back(alias->alias);
    }
    return Answer(std::move(list));
  }
  for (const std::string_view prefix : {"metadata", "artifact_metadata"}) {
    if (name == prefix) return Answer(metadata_at(a, ""));
    if (name.substr(0, prefix.size() + 1) == std::string(prefix) + ".") {
      return Answer(metadata_at(a, name.substr(prefix.size() + 1)));
    }
  }
  return Answer();
}

// Passes a record through a filter whose fields may fail to be read.
template <typename Read>
Result<bool> passes(const RecordFilter& filter, Read read) {
  std::optional<Error> failed;
  auto passed = filter.passes([&](std::string_view name) -> std::optional<Value> {
    auto value = read(name);
    if (value) return *std::move(value);
    failed = std::move(value).error();
    return Value();
  });
  if (failed) return fail(*std::move(failed));
  return passed;
}

// All that its callers can ask for is committed anyway.
bool asks_for_committed_only(std::string_view filters) {
  if (filters.empty()) return true;
  const auto parsed = json::parse(filters);
  if (!parsed) return false;
  if (parsed->is_null()) return true;
  const auto* dict = parsed->if_dict();
  if (dict == nullptr || dict->size() > 1) return false;
  return dict->empty() ||
         (parsed->get("state") != nullptr && parsed->get("state")->string_or("") == "COMMITTED");
}

void add_collection(const ApiContext& context, CountedConnection& connection,
                    Record<Collection> record) {
  const RecordCursor cursor{record.key, record.number};
  connection.add(Resolved(collection_node(context, std::move(record.value))), cursor.encode());
}

void add_members(const ApiContext& context, CountedConnection& connection, ListOf what,
                 std::vector<Record<Member>> page) {
  for (auto& [member, key, number] : page) {
    const RecordCursor cursor{key, number};
    const auto index = member.membership.version_index;
    auto node = what == ListOf::kMemberships ? member_node(context, std::move(member))
                                             : artifact_node(context, std::move(member.artifact));
    connection.add(Resolved(std::move(node)), cursor.encode(), index);
  }
}

Result<std::optional<store::CollectionKind>> kind_asked(const FieldCall& call) {
  const auto* types = call.argument("collectionTypes");
  if (types == nullptr || types->if_list() == nullptr) {
    return std::optional<store::CollectionKind>();
  }
  bool sequences = false, portfolios = false;
  for (const auto& type : *types->if_list()) {
    (type.string_or("") == "SEQUENCE" ? sequences : portfolios) = true;
  }
  if (sequences == portfolios) return std::optional<store::CollectionKind>();
  return std::optional(sequences ? store::CollectionKind::kSequence
                                 : store::CollectionKind::kPortfolio);
}

// Without a filter or order: a page straight from the index.
Result<Resolved> plain_collections(const FieldCall& call, store::ListCollections request,
                                   std::int64_t limit) {
  const auto& context = context_of(call);
  CountedConnection connection;
  if (call.selects("totalCount")) {
    RUNSTONE_TRY(connection.total_count, artifacts_of(context).count_collections(request));
  }
  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  if (after) request.after = store::CollectionId(after->number);
  request.limit = limit + 1;
  RUNSTONE_TRY(auto found, artifacts_of(context).list_collections(request));
  connection.has_next = found.size() > static_cast<std::size_t>(limit);
  if (connection.has_next) found.resize(static_cast<std::size_t>(limit));
  for (auto& collection : found) {
    const auto number = to_number(collection.id);
    add_collection(context, connection, {std::move(collection), Value(), number});
  }
  return Resolved(Node::of(std::move(connection)));
}

Value member_key(const Member& member, const std::string& field) {
  if (field == "version_index") return Value(member.membership.version_index);
  if (field == "artifact_size" || field == "size") return Value(member.artifact.size_bytes);
  if (field == "updated_at") return Value(member.artifact.updated_at_us);
  if (field == "acm_created_at" || field == "linked_at") {
    return Value(member.membership.created_at_us);
  }
  return Value(member.artifact.created_at_us);
}

Result<Resolved> sorted_members(const FieldCall& call, std::vector<store::CollectionId> collections,
                                ListOf what, const RecordOrder& order, std::int64_t limit) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto filter, RecordFilter::parse(call.text("filters")));
  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  store::ListMembers request;
  request.collections = std::move(collections);
  RUNSTONE_TRY(auto found, artifacts_of(context).list_members(request));
  for (const auto& member : found) {
    context.artifacts.note(member.artifact);
    context.artifacts.note_collection(member.membership.collection);
  }
  std::vector<Record<Member>> records;
  for (auto& member : found) {
    RUNSTONE_TRY(const bool passed, passes(filter, [&](std::string_view name) {
                   return member_field(context, member, name);
                 }));
    if (!passed) continue;
    auto key = member_key(member, order.field);
    const auto number = to_number(member.membership.id);
    records.push_back({std::move(member), std::move(key), number});
  }
  CountedConnection connection;
  connection.total_count = static_cast<std::int64_t>(records.size());
  auto [page, more] = page_of(std::move(records), order.descending, after, limit);
  connection.has_next = more;
  add_members(context, connection, what, std::move(page));
  return Resolved(Node::of(std::move(connection)));
}

const std::vector<std::string>& version_orders() {
  static const std::vector<std::string> fields = {
      "version_index", "created_at", "updated_at",          "size",
      "artifact_size", "linked_at",  "artifact_created_at", "acm_created_at"};
  return fields;
}

}  // namespace

void register_counted_connection(graphql::Engine& engine, const std::string& type) {
  const auto list = [](const FieldCall& call) -> const CountedConnection& {
    return call.parent<CountedConnection>();
  };
  engine.resolve(type + "Connection.edges", [list](const FieldCall& call) -> Result<Resolved> {
    std::vector<Resolved> edges;
    for (const auto& edge : list(call).edges) edges.emplace_back(Node::borrow(edge));
    return Resolved(std::move(edges));
  });
  engine.resolve(type + "Connection.totalCount", [list](const FieldCall& call) -> Result<Resolved> {
    return Resolved(list(call).total_count);
  });
  engine.resolve(type + "Connection.pageInfo", [list](const FieldCall& call) -> Result<Resolved> {
    const auto& edges = list(call).edges;
    Dict page;
    page.set("endCursor", edges.empty() ? Value() : Value(edges.back().cursor));
    page.set("hasNextPage", list(call).has_next);
    return Resolved(Value(std::move(page)));
  });
  engine.resolve(type + "Edge.node", [](const FieldCall& call) -> Result<Resolved> {
    return call.parent<CountedEdge>().node;
  });
  engine.resolve(type + "Edge.cursor", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<CountedEdge>().cursor);
  });
}

Result<std::vector<Collection>> filtered_collections(const ApiContext& context,
                                                     const store::ListCollections& request,
                                                     const RecordFilter& filter) {
  RUNSTONE_TRY(auto found, artifacts_of(context).list_collections(request));
  for (const auto& collection : found) context.artifacts.note(collection);
  std::vector<Collection> passing;
  for (auto& collection : found) {
    RUNSTONE_TRY(const bool passed, passes(filter, [&](std::string_view name) {
                   return collection_field(context, collection, name);
                 }));
    if (passed) passing.push_back(std::move(collection));
  }
  return passing;
}

Result<Resolved> list_collections(const FieldCall& call, std::vector<store::ProjectId> projects,
                                  std::optional<store::ArtifactTypeId> type) {
  const auto& context = context_of(call);
  const auto limit = page_limit(call.integer("first", -1));
  RUNSTONE_TRY(const auto filter, RecordFilter::parse(call.text("filters")));
  RUNSTONE_TRY(const auto order,
               parse_order(call.text("order"), {"name", "created_at", "updated_at"}));
  store::ListCollections request;
  request.projects = std::move(projects);
  request.type = type;
  RUNSTONE_TRY(request.kind, kind_asked(call));
  if (request.projects.empty()) return Resolved(Node::of(CountedConnection()));
  if (filter.passes_all() && !order) return plain_collections(call, std::move(request), limit);

  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  RUNSTONE_TRY(auto found, filtered_collections(context, request, filter));
  std::vector<Record<Collection>> records;
  for (auto& c : found) {
    Value key;
    if (order) {
      key = order->field == "name"         ? Value(c.name)
            : order->field == "created_at" ? Value(c.created_at_us)
                                           : Value(c.updated_at_us);
    }
    const auto number = to_number(c.id);
    records.push_back({std::move(c), std::move(key), number});
  }
  CountedConnection connection;
  connection.total_count = static_cast<std::int64_t>(records.size());
  auto [page, more] = page_of(std::move(records), order && order->descending, after, limit);
  connection.has_next = more;
  for (auto& record : page) add_collection(context, connection, std::move(record));
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> list_collection_members(const FieldCall& call, const Collection& collection,
                                         ListOf what) {
  const auto& context = context_of(call);
  const auto limit = page_limit(call.integer("first", -1));
  RUNSTONE_TRY(auto order, parse_order(call.text("order"), version_orders()));
  if (!order) order = RecordOrder{"version_index", true};
  if (!asks_for_committed_only(call.text("filters")) || order->field != "version_index") {
    return sorted_members(call, {collection.id}, what, *order, limit);
  }
  CountedConnection connection;
  store::ListMembers request;
  request.collections = {collection.id};
  request.descending = order->descending;
  if (call.selects("totalCount")) {
    RUNSTONE_TRY(connection.total_count, artifacts_of(context).count_members(request.collections));
  }
  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  if (after) request.after.emplace(collection.id, after->key.int_or(-1));
  request.limit = limit + 1;
  RUNSTONE_TRY(auto found, artifacts_of(context).list_members(request));
  connection.has_next = found.size() > static_cast<std::size_t>(limit);
  if (connection.has_next) found.resize(static_cast<std::size_t>(limit));
  std::vector<Record<Member>> page;
  for (auto& member : found) {
    Value key(member.membership.version_index);
    const auto number = to_number(member.membership.id);
    page.push_back({std::move(member), std::move(key), number});
  }
  add_members(context, connection, what, std::move(page));
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> list_members_of(const FieldCall& call,
                                 std::vector<store::CollectionId> collections, ListOf what) {
  const auto limit = page_limit(call.integer("first", -1));
  RUNSTONE_TRY(auto order, parse_order(call.text("order"), version_orders()));
  if (!order) order = RecordOrder{"linked_at", true};
  if (collections.empty()) return Resolved(Node::of(CountedConnection()));
  return sorted_members(call, std::move(collections), what, *order, limit);
}

Value tag_value(const std::string& name) {
  Dict tag;
  tag.set("id", to_base64("Tag:" + name));
  tag.set("name", name);
  tag.set("tagCategoryName", Value());
  tag.set("attributes", Value());
  return Value(std::move(tag));
}

}  // namespace runstone::api
