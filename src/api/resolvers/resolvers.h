#pragma once

#include "graphql/engine.h"

// One file per type: each registers the functions that answer its fields. Fields of the same name
// as what the parent's Dict holds (payloads, page info) need none.
namespace runstone::api {

void register_server(graphql::Engine& engine);
void register_user(graphql::Engine& engine);
void register_project(graphql::Engine& engine);
void register_run(graphql::Engine& engine);
void register_run_history(graphql::Engine& engine);
void register_run_console(graphql::Engine& engine);
void register_file(graphql::Engine& engine);
void register_run_mutations(graphql::Engine& engine);
void register_project_mutations(graphql::Engine& engine);
void register_account(graphql::Engine& engine);
void register_alert(graphql::Engine& engine);
void register_artifact(graphql::Engine& engine);
void register_artifact_mutations(graphql::Engine& engine);
void register_collection(graphql::Engine& engine);
void register_collection_mutations(graphql::Engine& engine);
void register_lineage(graphql::Engine& engine);
void register_registry(graphql::Engine& engine);
void register_registry_members(graphql::Engine& engine);
void register_other(graphql::Engine& engine);
void register_sweep(graphql::Engine& engine);
void register_view(graphql::Engine& engine);

}  // namespace runstone::api
