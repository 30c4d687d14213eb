#include "protocol/public_documents.h"

namespace runstone::protocol {

// Literals that stand side by side are one text.
#define RUNSTONE_RUN_FIELDS                                                                   \
  "id name displayName state sweepName group jobType commit readOnly createdAt heartbeatAt "  \
  "description notes tags user { id name username } "                                         \
  "config @include(if: $full) summaryMetrics @include(if: $full) systemMetrics @include(if: " \
  "$full) "
#define RUNSTONE_RUN_VARIABLES "$project: String!, $entity: String!, $name: String!"
#define RUNSTONE_IN_RUN(selection) \
  "{ project(name: $project, entityName: $entity) { run(name: $name) { " selection " } } }"

const std::string_view kGetViewerDocument =
    "query GetViewer { viewer { id name username email admin entity "
    "teams { edges { node { name } } } } }";
const std::string_view kDefaultEntityDocument = "query GetDefaultEntity { viewer { id entity } }";
const std::string_view kServerFeaturesDocument =
    "query ServerFeaturesQuery { serverInfo { features { name isEnabled } } }";

const std::string_view kRunDocument =
    "query Run(" RUNSTONE_RUN_VARIABLES
    ", $full: Boolean = true) " RUNSTONE_IN_RUN(RUNSTONE_RUN_FIELDS);
const std::string_view kRunsDocument =
    "query Runs($project: String!, $entity: String!, $cursor: String, $perPage: Int = 50, "
    "$order: String, $filters: JSONString, $full: Boolean = false, $count: Boolean = false) { "
    "project(name: $project, entityName: $entity) { "
    "runCount(filters: $filters) @include(if: $count) "
    "runs(filters: $filters, after: $cursor, first: $perPage, order: $order) { "
    "edges { node { " RUNSTONE_RUN_FIELDS "} cursor } pageInfo { endCursor hasNextPage } } } }";
const std::string_view kRunStateDocument =
    "query RunState(" RUNSTONE_RUN_VARIABLES ") " RUNSTONE_IN_RUN("id state");
const std::string_view kUpdateRunDocument =
    "mutation UpsertBucket($id: String!, $displayName: String, $notes: String, "
    "$description: String, $tags: [String!], $config: JSONString, $groupName: String, "
    "$jobType: String, $summaryMetrics: JSONString) { upsertBucket(input: {id: $id, "
    "displayName: $displayName, notes: $notes, description: $description, tags: $tags, "
    "config: $config, groupName: $groupName, jobType: $jobType, "
    "summaryMetrics: $summaryMetrics}) { bucket { id } } }";
const std::string_view kUpdateRunStateDocument =
    "mutation UpdateRunState($input: UpdateRunStateInput!) { "
    "updateRunState(input: $input) { success } }";
const std::string_view kDeleteRunDocument =
    "mutation DeleteRun($id: ID!, $deleteArtifacts: Boolean) { "
    "deleteRun(input: {id: $id, deleteArtifacts: $deleteArtifacts}) { clientMutationId } }";
const std::string_view kStopRunDocument =
    "mutation StopRun($id: ID!) { stopRun(input: {id: $id}) { success } }";

const std::string_view kHistoryKeysDocument =
    "query RunHistoryKeys(" RUNSTONE_RUN_VARIABLES ") " RUNSTONE_IN_RUN("historyKeys");
const std::string_view kFullHistoryDocument =
    "query RunFullHistory(" RUNSTONE_RUN_VARIABLES
    ", $samples: Int) " RUNSTONE_IN_RUN("history(samples: $samples)");
const std::string_view kFullEventsDocument =
    "query RunFullHistory(" RUNSTONE_RUN_VARIABLES
    ", $samples: Int) " RUNSTONE_IN_RUN("events(samples: $samples)");
const std::string_view kSampledHistoryDocument =
    "query RunSampledHistory(" RUNSTONE_RUN_VARIABLES
    ", $specs: [JSONString!]!) " RUNSTONE_IN_RUN("sampledHistory(specs: $specs)");
const std::string_view kHistoryPageDocument =
    "query HistoryPage(" RUNSTONE_RUN_VARIABLES
    ", $minStep: Int64!, $maxStep: Int64!, $pageSize: Int!) " RUNSTONE_IN_RUN(
        "history(minStep: $minStep, maxStep: $maxStep, samples: $pageSize)");

const std::string_view kRunFilesDocument =
    "query RunFiles(" RUNSTONE_RUN_VARIABLES
    ", $cursor: String, $perPage: Int = 50, $names: [String] = [], $pattern: String) { "
    "project(name: $project, entityName: $entity) { internalId run(name: $name) { fileCount "
    "files(names: $names, after: $cursor, first: $perPage, pattern: $pattern) { edges { node { "
    "id name url directUrl sizeBytes mimetype updatedAt md5 } cursor } "
    "pageInfo { endCursor hasNextPage } } } } }";
const std::string_view kDeleteFilesDocument =
    "mutation deleteFiles($files: [ID!]!, $projectId: Int) { "
    "deleteFiles(input: {files: $files, projectId: $projectId}) { success } }";
const std::string_view kMarkRunFilesUploadedDocument =
    "mutation MarkRunFilesUploaded($entity: String!, $project: String!, $run: String!, "
    "$files: [String!]!) { markRunFilesUploaded(input: {entityName: $entity, "
    "projectName: $project, runName: $run, files: $files}) { success } }";

const std::string_view kGetProjectsDocument =
    "query GetProjects($entity: String, $cursor: String, $perPage: Int = 50) { "
    "models(entityName: $entity, after: $cursor, first: $perPage) { edges { node { "
    "id name entityName description createdAt } cursor } pageInfo { endCursor hasNextPage } } }";
const std::string_view kCreateProjectDocument =
    "mutation CreateProject($entity: String, $name: String!) { "
    "upsertModel(input: {entityName: $entity, name: $name}) { project { "
    "id name entityName description createdAt } } }";
const std::string_view kGetSweepDocument =
    "query GetSweep($name: String!, $project: String, $entity: String) { "
    "project(name: $project, entityName: $entity) { sweep(sweepName: $name) { "
    "id name displayName method state description bestLoss config createdAt updatedAt "
    "runCount runCountExpected } } }";

}  // namespace runstone::protocol
