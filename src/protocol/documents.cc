#include "protocol/documents.h"

#include <utility>

#include "base/json.h"
#include "base/try.h"

namespace runstone::protocol {

const std::string_view kViewerDocument =
    "query Viewer { viewer { id entity username email flags } }";

// The variables are those that the field's servers know under these names and types.
const std::string_view kUpsertBucketDocument =
    "mutation UpsertBucket($id: String, $name: String, $project: String, $entity: String, "
    "$groupName: String, $displayName: String, $notes: String, $commit: String, "
    "$config: JSONString, $host: String, $program: String, $repo: String, $jobType: String, "
    "$state: String, $sweep: String, $tags: [String!], $summaryMetrics: JSONString) { "
    "upsertBucket(input: {id: $id, name: $name, modelName: $project, entityName: $entity, "
    "groupName: $groupName, displayName: $displayName, notes: $notes, commit: $commit, "
    "config: $config, host: $host, jobProgram: $program, jobRepo: $repo, jobType: $jobType, "
    "state: $state, sweep: $sweep, tags: $tags, summaryMetrics: $summaryMetrics}) { "
    "bucket { id name displayName sweepName project { id name entity { id name } } } inserted } }";

const std::string_view kCreateRunFilesDocument =
    "mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, "
    "$files: [String!]!) { createRunFiles(input: {entityName: $entity, projectName: $project, "
    "runName: $run, files: $files}) { runID uploadHeaders files { name uploadUrl } } }";

const std::string_view kNotifyAlertDocument =
    "mutation NotifyScriptableRunAlert($entityName: String!, $projectName: String!, "
    "$runName: String!, $title: String!, $text: String!, $severity: AlertSeverity = INFO, "
    "$waitDuration: Duration) { notifyScriptableRunAlert(input: {entityName: $entityName, "
    "projectName: $projectName, runName: $runName, title: $title, text: $text, "
    "severity: $severity, waitDuration: $waitDuration}) { success } }";

std::string graphql_body(std::string_view operation_name, std::string_view document,
                         const Value& variables) {
  std::string out = "{\"operationName\":";
  json::append_string(out, operation_name);
  out += ",\"query\":";
  json::append_string(out, document);
  out += ",\"variables\":";
  json::append(out, variables);
  out += '}';
  return out;
}

Result<GraphqlAnswer> parse_graphql_answer(std::string_view body) {
  RUNSTONE_TRY(auto json, json::parse(body));
  if (!json.is_dict() || (json.get("data") == nullptr && json.get("errors") == nullptr)) {
    return fail(ErrorCode::kInvalidArgument, "no GraphQL answer");
  }
  GraphqlAnswer answer;
  if (const Value* data = json.get("data")) answer.data = *data;
  const Value* errors = json.get("errors");
  if (errors == nullptr || errors->if_list() == nullptr) return answer;
  for (const Value& error : *errors->if_list()) {
    const Value* message = error.get("message");
    if (!answer.errors.empty()) answer.errors += "; ";
    answer.errors += message ? message->string_or("unnamed error") : "unnamed error";
    const Value* extensions = error.get("extensions");
    const Value* code = extensions ? extensions->get("code") : nullptr;
    if (code != nullptr && answer.error_code.empty()) answer.error_code = code->string_or("");
  }
  return answer;
}

namespace {

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

std::string text_at(const Value* value, std::string_view key) {
  const Value* found = value ? value->get(key) : nullptr;
  return found ? std::string(found->string_or("")) : std::string();
}

}  // namespace

Value to_variables(const UpsertBucket& upsert) {
  Dict out{
      {"id", text_or_null(upsert.id)},           {"name", text_or_null(upsert.name)},
      {"project", text_or_null(upsert.project)}, {"entity", text_or_null(upsert.entity)},
      {"groupName", text_or_null(upsert.group)}, {"displayName", text_or_null(upsert.display_name)},
      {"notes", text_or_null(upsert.notes)},     {"commit", text_or_null(upsert.commit)},
      {"host", text_or_null(upsert.host)},       {"program", text_or_null(upsert.program)},
      {"repo", text_or_null(upsert.repo)},       {"jobType", text_or_null(upsert.job_type)},
      {"state", text_or_null(upsert.state)},     {"sweep", text_or_null(upsert.sweep)}};
  Value tags;
  if (upsert.tags) {
    List list;
    for (const auto& tag : *upsert.tags) list.emplace_back(tag);
    tags = std::move(list);
  }
  out.set("tags", std::move(tags));
  out.set("config", upsert.config_json ? Value(*upsert.config_json) : Value());
  out.set("summaryMetrics", upsert.summary_json ? Value(*upsert.summary_json) : Value());
  return out;
}

Result<Bucket> parse_bucket(const Value& data) {
  const Value* upsert = data.get("upsertBucket");
  const Value* node = upsert ? upsert->get("bucket") : nullptr;
  const Value* project = node ? node->get("project") : nullptr;
  const Value* entity = project ? project->get("entity") : nullptr;
  Bucket bucket{.id = text_at(node, "id"),
                .name = text_at(node, "name"),
                .display_name = text_at(node, "displayName"),
                .entity = text_at(entity, "name"),
                .project = text_at(project, "name"),
                .sweep = text_at(node, "sweepName")};
  if (bucket.id.empty() || bucket.name.empty() || bucket.project.empty() || bucket.entity.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "the server's answer to UpsertBucket names no run, project and entity");
  }
  const Value* inserted = upsert->get("inserted");
  bucket.inserted = inserted != nullptr && inserted->bool_or(false);
  return bucket;
}

Value create_run_files_variables(std::string_view entity, std::string_view project,
                                 std::string_view run, const std::vector<std::string>& names) {
  List files(names.begin(), names.end());
  return Dict{{"entity", entity}, {"project", project}, {"run", run}, {"files", std::move(files)}};
}

Result<CreatedRunFiles> parse_created_run_files(const Value& data) {
  const Value* created = data.get("createRunFiles");
  const Value* files = created ? created->get("files") : nullptr;
  if (files == nullptr || files->if_list() == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "the server's answer to CreateRunFiles has no files");
  }
  CreatedRunFiles out;
  if (const Value* headers = created->get("uploadHeaders"); headers && headers->if_list()) {
    for (const Value& header : *headers->if_list()) out.headers.emplace_back(header.string_or(""));
  }
  for (const Value& file : *files->if_list()) {
    out.files.push_back({.name = text_at(&file, "name"), .url = text_at(&file, "uploadUrl")});
  }
  return out;
}

}  // namespace runstone::protocol
