#include <cmath>

#include "api/api_context.h"
#include "api/resolvers/resolvers.h"
#include "artifacts/artifacts.h"
#include "base/encoding.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

// Doubles beyond it are not exact: no step is there.
constexpr double kWholeNumberMax = 9007199254740992.0;

const Value& input_of(const FieldCall& call) { return *call.argument("input"); }

std::optional<std::string> text_at(const Value& input, std::string_view name) {
  const auto* value = input.get(name);
  if (value == nullptr || value->if_string() == nullptr) return std::nullopt;
  return *value->if_string();
}

// Names that were sent as "" were left out: there is nothing of that name.
std::optional<std::string> name_at(const Value& input, std::string_view name) {
  auto text = text_at(input, name);
  return text && text->empty() ? std::nullopt : text;
}

std::vector<std::string> texts_at(const Value& input, std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& item : *input.get(name)->if_list()) texts.emplace_back(item.string_or(""));
  return texts;
}

Resolved success() { return Resolved(Value(Dict{{"success", true}})); }

// What upsertBucket gives: an object of C++, since its bucket is one.
struct UpsertPayload {
  std::shared_ptr<const RunNode> bucket;
  bool inserted = false;
};

ingest::UpsertRun to_upsert(const Value& input, const ApiContext& context) {
  ingest::UpsertRun upsert;
  upsert.entity = name_at(input, "entityName").value_or("");
  upsert.project = name_at(input, "modelName").value_or("");
  upsert.name = name_at(input, "name");
  upsert.display_name = name_at(input, "displayName");
  upsert.notes = text_at(input, "notes");
  upsert.description = text_at(input, "description");
  upsert.group = text_at(input, "groupName");
  upsert.job_type = text_at(input, "jobType");
  upsert.sweep = text_at(input, "sweep");
  upsert.host = text_at(input, "host");
  upsert.program = text_at(input, "jobProgram");
  upsert.commit = text_at(input, "commit");
  upsert.repo = text_at(input, "jobRepo");
  upsert.config_json = text_at(input, "config");
  upsert.summary_json = text_at(input, "summaryMetrics");
  upsert.state = name_at(input, "state");
  const auto* tags = input.get("tags");
  if (tags != nullptr && tags->is_list()) upsert.tags = texts_at(input, "tags");
  upsert.merge_config = context.shared_mode;
  upsert.default_entity = context.principal.home;
  upsert.user = context.principal.user;
  return upsert;
}

Result<Resolved> upsert_bucket(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = input_of(call);
  auto upsert = to_upsert(input, context);
  if (const auto id = name_at(input, "id")) {
    RUNSTONE_TRY(const auto run, run_by_id(context, *id, auth::Action::kWrite));
    upsert.id = run.id;
  } else {
    const auto& entity = upsert.entity.empty() ? upsert.default_entity : upsert.entity;
    RUNSTONE_TRY(require(context, auth::Action::kWrite, {entity, upsert.project}));
  }
  // A client writes on at the count in the answer. Who names the run by id has asked where it ends
  // (RunResumeStatus) and resumes there; clients of 0.18 know it from this answer only. Any other
  // begins at line 0, also with a run that is there.
  const bool by_id = upsert.id.has_value();
  RUNSTONE_TRY(auto done, context.services.ingest.upsert_run(std::move(upsert)));
  UpsertPayload payload;
  payload.bucket = std::make_shared<const RunNode>(RunNode{std::move(done.run), !by_id});
  payload.inserted = done.inserted;
  return Resolved(Node::of(std::move(payload)));
}

Result<Resolved> create_run_files(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = input_of(call);
  RUNSTONE_TRY(auto run,
               run_by_name(context, *text_at(input, "entityName"), *text_at(input, "projectName"),
                           *text_at(input, "runName"), auth::Action::kWrite));
  RUNSTONE_TRY(auto created,
               context.services.ingest.create_files(run.id, texts_at(input, "files")));
  const auto node = std::make_shared<const RunNode>(RunNode{std::move(run)});
  std::vector<Resolved> files;
  for (auto& file : created) files.emplace_back(Node::of(FileNode{node, std::move(file)}));
  return Resolved(Node::of(std::pair(node, std::move(files))));
}

// The bytes are known since their PUT; this only says that the run is there and may be written.
Result<Resolved> mark_uploaded(const FieldCall& call) {
  const auto& input = input_of(call);
  RUNSTONE_TRY(const auto run, run_by_name(context_of(call), *text_at(input, "entityName"),
                                           *text_at(input, "projectName"),
                                           *text_at(input, "runName"), auth::Action::kWrite));
  static_cast<void>(run);
  return success();
}

// A file's id is base64 of "File:<run>:<name>".
Result<Resolved> delete_files(const FieldCall& call) {
  const auto& context = context_of(call);
  for (const auto& id : texts_at(input_of(call), "files")) {
    const auto text = from_base64(id).value_or("");
    const auto colon = text.find(':', 5);
    const auto missing = [&] { return fail(ErrorCode::kNotFound, "no file has the id " + id); };
    if (text.rfind("File:", 0) != 0 || colon == std::string::npos) return missing();
    const auto run_id = to_base64("Run:" + text.substr(5, colon - 5));
    const auto run = run_by_id(context, run_id, auth::Action::kWrite);
    if (!run && run.error().code == ErrorCode::kNotFound) return missing();
    if (!run) return fail(run.error());
    RUNSTONE_TRY(context.services.ingest.delete_file(run->id, text.substr(colon + 1)));
  }
  return success();
}

Result<Resolved> stop_run(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto run,
               run_by_id(context, *text_at(input_of(call), "id"), auth::Action::kWrite));
  RUNSTONE_TRY(context.services.ingest.request_stop(run.id));
  return success();
}

Result<Resolved> rewind_run(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = input_of(call);
  const auto metric = *text_at(input, "metricName");
  if (metric != "_step") {
    return fail(ErrorCode::kInvalidArgument,
                "a run can be rewound to a _step, not to a value of " + metric);
  }
  const double value = input.get("metricValue")->number_or(std::nan(""));
  if (!(std::abs(value) < kWholeNumberMax)) {
    return fail(ErrorCode::kInvalidArgument, "metricValue must be a step");
  }
  const auto entity = name_at(input, "entityName").value_or(context.principal.name);
  RUNSTONE_TRY(const auto run,
               run_by_name(context, entity, name_at(input, "projectName").value_or("uncategorized"),
                           *text_at(input, "runName"), auth::Action::kWrite));
  RUNSTONE_TRY(auto rewound, context.services.ingest.rewind_run(
                                 run.id, static_cast<std::int64_t>(std::floor(value))));
  return Resolved(Node::of(std::make_shared<const RunNode>(RunNode{std::move(rewound)})));
}

Result<Resolved> update_run_state(const FieldCall& call) {
  const auto& context = context_of(call);
  const auto& input = input_of(call);
  RUNSTONE_TRY(const auto run, run_by_id(context, *text_at(input, "id"), auth::Action::kWrite));
  RUNSTONE_TRY(context.services.ingest.set_state(run.id, *text_at(input, "state")));
  return success();
}

Result<Resolved> delete_run(const FieldCall& call) {
  const auto& context = context_of(call);
  RUNSTONE_TRY(const auto run,
               run_by_id(context, *text_at(input_of(call), "id"), auth::Action::kWrite));
  const auto* artifacts_too = input_of(call).get("deleteArtifacts");
  if (artifacts_too != nullptr && artifacts_too->bool_or(false)) {
    RUNSTONE_TRY(context.services.artifacts.delete_of_run(run.id));
  }
  RUNSTONE_TRY(context.services.ingest.delete_runs({run.id}));
  return Resolved(Value(Dict{}));
}

using CreatedFiles = std::pair<std::shared_ptr<const RunNode>, std::vector<Resolved>>;

void register_payloads(graphql::Engine& engine) {
  engine.resolve("UpsertBucketPayload.bucket", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node(call.parent<UpsertPayload>().bucket));
  });
  engine.resolve("UpsertBucketPayload.inserted", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<UpsertPayload>().inserted);
  });
  engine.resolve("RewindRunPayload.rewoundRun", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node(call.parent<std::shared_ptr<const RunNode>>()));
  });
  engine.resolve("CreateRunFilesPayload.runID", [](const FieldCall& call) -> Result<Resolved> {
    const auto& run = call.parent<CreatedFiles>().first->run;
    return Resolved(make_id("Run", to_number(run.id)));
  });
  engine.resolve("CreateRunFilesPayload.uploadHeaders",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(List{}); });
  engine.resolve("CreateRunFilesPayload.files", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<CreatedFiles>().second);
  });
}

}  // namespace

void register_run_mutations(graphql::Engine& engine) {
  engine.resolve("Mutation.upsertBucket", upsert_bucket);
  engine.resolve("Mutation.createRunFiles", create_run_files);
  engine.resolve("Mutation.markRunFilesUploaded", mark_uploaded);
  engine.resolve("Mutation.deleteFiles", delete_files);
  engine.resolve("Mutation.stopRun", stop_run);
  engine.resolve("Mutation.rewindRun", rewind_run);
  engine.resolve("Mutation.updateRunState", update_run_state);
  engine.resolve("Mutation.deleteRun", delete_run);
  register_payloads(engine);
}

}  // namespace runstone::api
