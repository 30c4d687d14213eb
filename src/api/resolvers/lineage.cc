#include <algorithm>
#include <array>

#include "api/artifact_access.h"
#include "api/resolvers/collection_lists.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/try.h"

// Which runs made and used a version, what a run made and used, and where a version is linked.
namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::Artifact;
using store::Lineage;
using store::to_number;

constexpr store::RunColumns kNoColumns = {.config = false, .summary = false};

store::ArtifactStore& artifacts_of(const FieldCall& call) {
  return context_of(call).services.store.artifacts();
}

Result<Resolved> run_artifacts(const FieldCall& call, Lineage kind) {
  const auto& context = context_of(call);
  const auto run = call.parent<RunNode>().run.id;
  const auto limit = page_limit(call.integer("first", -1));
  CountedConnection connection;
  if (call.selects("totalCount")) {
    RUNSTONE_TRY(connection.total_count, artifacts_of(call).count_run_artifacts(run, kind));
  }
  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  RUNSTONE_TRY(auto found, artifacts_of(call).list_run_artifacts(
                               run, kind, store::ArtifactId(after ? after->number : 0), limit + 1));
  connection.has_next = found.size() > static_cast<std::size_t>(limit);
  if (connection.has_next) found.resize(static_cast<std::size_t>(limit));
  // A version of another team that a run used once, and that its team no longer shows to the
  // viewer, is not named to him.
  for (auto& artifact : found) {
    const RecordCursor cursor{Value(), to_number(artifact.id)};
    RUNSTONE_TRY(const bool visible, may_read(context, artifact));
    connection.add(visible ? Resolved(artifact_node(context, std::move(artifact))) : Resolved(),
                   cursor.encode());
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> used_by(const FieldCall& call) {
  const auto& context = context_of(call);
  const std::array ids = {call.parent<Artifact>().id};
  RUNSTONE_TRY(const auto rows, artifacts_of(call).runs_of(ids, Lineage::kUsed));
  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  std::vector<store::RunId> runs;
  for (const auto& row : rows) runs.push_back(row.run);
  std::sort(runs.begin(), runs.end());
  if (after) {
    runs.erase(runs.begin(),
               std::upper_bound(runs.begin(), runs.end(), store::RunId(after->number)));
  }
  const auto limit = static_cast<std::size_t>(page_limit(call.integer("first", -1)));
  Connection connection;
  connection.has_next = runs.size() > limit;
  if (connection.has_next) runs.resize(limit);
  RUNSTONE_TRY(auto found, context.services.store.get_runs(runs, kNoColumns));
  for (auto& run : found) {
    if (!require(context, auth::Action::kRead, place_of(run))) continue;
    const RecordCursor cursor{Value(), to_number(run.id)};
    RunNode node;
    node.run = std::move(run);
    connection.add(Node::of(std::move(node)), cursor.encode());
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> created_by(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& artifact = call.parent<Artifact>();
  if (!artifact.created_by) return Resolved();
  RUNSTONE_TRY(auto run,
               if_found(context.services.store.get_run(*artifact.created_by, kNoColumns)));
  if (!run || !require(context, auth::Action::kRead, place_of(*run))) return Resolved();
  RunNode node;
  node.run = *std::move(run);
  return Resolved(Node::of(std::move(node), "Run"));
}

Result<Resolved> memberships(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& artifact = call.parent<Artifact>();
  const std::array ids = {artifact.id};
  RUNSTONE_TRY(const auto places, artifacts_of(call).memberships_of(ids));
  for (const auto& place : places) context.artifacts.note_collection(place.collection);
  RUNSTONE_TRY(const auto after, RecordCursor::decode(call.text("after")));
  std::vector<Record<store::Member>> records;
  for (const auto& place : places) {
    RUNSTONE_TRY(const auto* visible, context.artifacts.collection(place.collection));
    if (visible == nullptr) continue;
    records.push_back({store::Member{place, artifact}, Value(), to_number(place.id)});
  }
  CountedConnection connection;
  connection.total_count = static_cast<std::int64_t>(records.size());
  auto [page, more] =
      page_of(std::move(records), false, after, page_limit(call.integer("first", -1)));
  connection.has_next = more;
  for (auto& record : page) {
    const RecordCursor cursor{record.key, record.number};
    connection.add(Resolved(member_node(context, std::move(record.value))), cursor.encode());
  }
  return Resolved(Node::of(std::move(connection)));
}

struct UsePayload {
  Artifact artifact;
};

Result<Resolved> use_artifact(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = *call.argument("input");
  const auto text = [&](std::string_view name) -> std::string_view {
    const auto* value = input.get(name);
    return value == nullptr ? "" : value->string_or("");
  };
  RUNSTONE_TRY(auto artifact, readable_artifact(context, text("artifactID")));
  if (artifact.state != store::ArtifactState::kCommitted) {
    return fail(ErrorCode::kFailedPrecondition, "only a committed version can be used");
  }
  RUNSTONE_TRY(const auto run, run_by_name(context, text("entityName"), text("projectName"),
                                           text("runName"), auth::Action::kWrite));
  store::RunArtifact row;
  row.run = run.id;
  row.artifact = artifact.id;
  row.kind = Lineage::kUsed;
  row.used_as = std::string(text("usedAs"));
  row.created_at_us = context.services.clock.now_us();
  RUNSTONE_TRY(context.services.store.artifacts().put_run_artifact(row));
  return Resolved(Node::of(UsePayload{std::move(artifact)}));
}

}  // namespace

void register_lineage(graphql::Engine& engine) {
  register_counted_connection(engine, "InputArtifact");
  engine.resolve("Run.inputArtifacts",
                 [](const FieldCall& call) { return run_artifacts(call, Lineage::kUsed); });
  engine.resolve("Run.outputArtifacts",
                 [](const FieldCall& call) { return run_artifacts(call, Lineage::kCreated); });
  engine.resolve("Mutation.useArtifact", use_artifact);
  engine.resolve("UseArtifactPayload.artifact", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(artifact_node(context_of(call), call.parent<UsePayload>().artifact));
  });
  engine.resolve("UseArtifactPayload.clientMutationId",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  engine.resolve("Artifact.usedBy", used_by);
  engine.resolve("Artifact.createdBy", created_by);
  engine.resolve("Artifact.artifactMemberships", memberships);
}

}  // namespace runstone::api
