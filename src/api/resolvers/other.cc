#include <string>

#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"

// What the stock client can ask for and Runstone does not do: see schemas/other.graphql. Reading
// answers that there is none, changing says that it cannot be done.
namespace runstone::api {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;

namespace {

void answer(graphql::Engine& engine, const std::string& field, Value value) {
  engine.resolve(field, [value = std::move(value)](const FieldCall&) -> Result<Resolved> {
    return Resolved(value);
  });
}

void answer_no_page(graphql::Engine& engine, const std::string& field) {
  engine.resolve(
      field, [](const FieldCall&) -> Result<Resolved> { return Resolved(Node::of(Connection())); });
}

void refuse(graphql::Engine& engine, const std::string& mutation, const std::string& why) {
  engine.resolve("Mutation." + mutation, [why](const FieldCall&) -> Result<Resolved> {
    return fail(ErrorCode::kNotImplemented, why);
  });
}

void register_automations(graphql::Engine& engine) {
  answer(engine, "Project.triggers", List());
  for (const auto* owner : {"Entity", "Organization"}) {
    answer_no_page(engine, std::string(owner) + ".triggers");
  }
  register_connection(engine, "Trigger");
  for (const auto* mutation : {"createFilterTrigger", "updateFilterTrigger", "deleteTrigger"}) {
    refuse(engine, mutation,
           "This server has no automations. A run's alerts go to the webhooks and mail addresses "
           "of its entity.");
  }
}

void register_launch(graphql::Engine& engine) {
  answer(engine, "Query.launchAgent", nullptr);
  answer(engine, "Project.runQueues", List());
  answer(engine, "Project.runQueue", nullptr);
  answer(engine, "Entity.defaultResourceConfig", nullptr);
  register_connection(engine, "RunQueueItem");
  for (const auto* mutation :
       {"createRunQueue", "upsertRunQueue", "deleteRunQueues", "createDefaultResourceConfig",
        "pushToRunQueue", "pushToRunQueueByName", "popFromRunQueue", "ackRunQueueItem",
        "failRunQueueItem", "updateRunQueueItemWarning", "deleteFromRunQueue", "createLaunchAgent",
        "updateLaunchAgent"}) {
    refuse(engine, mutation,
           "This server has no launch queues. Start the run where it shall run, or use a sweep "
           "with `wandb agent`.");
  }
}

void register_words_of_others(graphql::Engine& engine) {
  for (const auto* field :
       {"Project.repo", "Project.dockerImage", "Run.runInfo", "Sweep.controllerRunName"}) {
    answer(engine, field, nullptr);
  }
  // Clients before 0.17 read the messages without asking whether there is such an object.
  answer(engine, "UpsertBucketPayload.serverSettings", Dict{{"serverMessages", List()}});
  answer(engine, "FileConnection.uploadHeaders", List());
  refuse(engine, "enqueueSweepRun",
         "This server computes its sweeps itself: agents get their runs with the heartbeat.");
  refuse(engine, "createArtifactType",
         "A type of artifacts comes to be with the first artifact that names it.");
}

}  // namespace

void register_other(graphql::Engine& engine) {
  register_automations(engine);
  register_launch(engine);
  register_words_of_others(engine);
  answer(engine, "Entity.xxhashDigestsEnabled", false);
  refuse(engine, "createCustomChart",
         "This server keeps no presets of custom charts. wandb.plot's charts need none.");
  refuse(engine, "createAnonymousEntity",
         "This server has no anonymous access: every key belongs to a user. Ask its administrator "
         "for a key.");
}

}  // namespace runstone::api
