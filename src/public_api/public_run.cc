#include "runstone/public_run.h"

#include <chrono>
#include <thread>

#include "base/encoding.h"
#include "base/seconds.h"
#include "base/try.h"
#include "protocol/artifact_documents.h"
#include "protocol/public_documents.h"
#include "public_api/files.h"
#include "public_api/json_node.h"
#include "public_api/lists.h"
#include "public_api/run_record.h"

namespace runstone {

using public_api::RunChanges;
using public_api::RunFacts;

namespace {

// How often a server is asked whether a run still works.
constexpr std::int64_t kStatePollUs = 1'000'000;

Result<ArtifactFacts> facts_on_server(const Artifact& version) {
  if (version.is_draft()) {
    return fail(ErrorCode::kInvalidArgument,
                "Only versions that are on the server are accepted here: log the draft " +
                    version.name() + " by Run::log_artifact(), or take one of Api::artifact()");
  }
  return version.facts();
}

bool is_at_rest(const std::string& state) {
  for (const char* end : {"finished", "failed", "crashed", "killed", "preempted"}) {
    if (state == end) return true;
  }
  return false;
}

}  // namespace

// What is shown: the change made here, else what the server said.
#define RUNSTONE_READ(expression)                                      \
  record_->read([](const RunFacts& facts, const RunChanges& changes) { \
    (void)facts;                                                       \
    (void)changes;                                                     \
    return expression;                                                 \
  })

std::string PublicRun::id() const { return record_->path().id; }
std::string PublicRun::entity() const { return record_->path().entity; }
std::string PublicRun::project() const { return record_->path().project; }
std::vector<std::string> PublicRun::path() const { return {entity(), project(), id()}; }
std::string PublicRun::url() const {
  return public_api::page_url(record_->session(), {entity(), project(), "runs"}) + "/" +
         percent_encode(id(), "=+&$@");
}
std::string PublicRun::name() const {
  return RUNSTONE_READ(changes.name.value_or(facts.display_name));
}
std::string PublicRun::state() const { return RUNSTONE_READ(facts.state); }
std::vector<std::string> PublicRun::tags() const {
  return RUNSTONE_READ(changes.tags.value_or(facts.tags));
}
std::string PublicRun::notes() const { return RUNSTONE_READ(changes.notes.value_or(facts.notes)); }
std::string PublicRun::description() const {
  return RUNSTONE_READ(changes.description.value_or(facts.description));
}
std::string PublicRun::group() const { return RUNSTONE_READ(changes.group.value_or(facts.group)); }
std::string PublicRun::job_type() const {
  return RUNSTONE_READ(changes.job_type.value_or(facts.job_type));
}
std::string PublicRun::created_at() const { return RUNSTONE_READ(facts.created_at); }
std::string PublicRun::heartbeat_at() const { return RUNSTONE_READ(facts.heartbeat_at); }
std::string PublicRun::commit() const { return RUNSTONE_READ(facts.commit); }
std::string PublicRun::sweep_name() const { return RUNSTONE_READ(facts.sweep_name); }
std::string PublicRun::storage_id() const { return RUNSTONE_READ(facts.storage_id); }
std::optional<ApiUser> PublicRun::user() const { return RUNSTONE_READ(facts.user); }
bool PublicRun::read_only() const { return RUNSTONE_READ(facts.read_only); }

void PublicRun::set_name(const std::string& name) {
  record_->change([&](RunChanges& changes) { changes.name = name; });
}
void PublicRun::set_tags(const std::vector<std::string>& tags) {
  record_->change([&](RunChanges& changes) { changes.tags = tags; });
}
void PublicRun::set_notes(const std::string& notes) {
  record_->change([&](RunChanges& changes) { changes.notes = notes; });
}
void PublicRun::set_description(const std::string& text) {
  record_->change([&](RunChanges& changes) { changes.description = text; });
}
void PublicRun::set_group(const std::string& group) {
  record_->change([&](RunChanges& changes) { changes.group = group; });
}
void PublicRun::set_job_type(const std::string& job_type) {
  record_->change([&](RunChanges& changes) { changes.job_type = job_type; });
}

Result<Dict> PublicRun::config() const {
  RUNSTONE_TRY(record_->complete());
  return RUNSTONE_READ(changes.config ? *changes.config
                                      : public_api::plain_config(facts.stored_config, false));
}
Result<Dict> PublicRun::raw_config() const {
  RUNSTONE_TRY(record_->complete());
  return RUNSTONE_READ(public_api::plain_config(facts.stored_config, true));
}
Result<void> PublicRun::set_config(const Dict& config) {
  // What update() compares with must have been read.
  RUNSTONE_TRY(record_->complete());
  record_->change([&](RunChanges& changes) { changes.config = config; });
  return {};
}

PublicSummary PublicRun::summary() const { return PublicSummary(record_); }
Result<Dict> PublicRun::summary_metrics() const {
  RUNSTONE_TRY(record_->complete());
  return RUNSTONE_READ(facts.summary);
}
Result<Dict> PublicRun::system_metrics() const {
  RUNSTONE_TRY(record_->complete());
  return RUNSTONE_READ(facts.system_metrics);
}

Result<Dict> PublicSummary::all() const {
  RUNSTONE_TRY(record_->complete());
  return record_->read([](const RunFacts& facts, const RunChanges& changes) {
    Dict summary = facts.summary;
    public_api::apply(changes.summary, summary);
    return summary;
  });
}

Result<std::optional<Value>> PublicSummary::get(const std::vector<std::string>& path) const {
  RUNSTONE_TRY(auto summary, all());
  Value whole(std::move(summary));
  const Value* at = &whole;
  for (const auto& label : path) {
    at = at->get(label);
    if (at == nullptr) return std::optional<Value>();
  }
  return std::optional<Value>(*at);
}

Result<void> PublicSummary::set(const std::vector<std::string>& path, Value value) {
  if (path.empty()) return fail(ErrorCode::kInvalidArgument, "a summary value needs a key");
  RUNSTONE_TRY(record_->complete());
  record_->change([&](RunChanges& changes) {
    changes.summary.push_back({path, std::move(value)});
  });
  return {};
}

Result<void> PublicSummary::erase(const std::vector<std::string>& path) {
  return set(path, Value());
}

Result<void> PublicSummary::update(const Dict& values) {
  for (const auto& [key, value] : values) RUNSTONE_TRY(set({key}, value));
  return record_->send_summary();
}

Result<std::optional<Dict>> PublicRun::metadata() const {
  RUNSTONE_TRY(auto found, files({.names = {"wandb-metadata.json"}}));
  RUNSTONE_TRY(const auto page, found.next());
  if (page.empty()) return std::optional<Dict>();
  RUNSTONE_TRY(const auto text, record_->session().download(page.front().url(), ""));
  auto parsed = json::parse(text);
  if (!parsed || parsed->if_dict() == nullptr) {
    return fail(ErrorCode::kCorrupt, "wandb-metadata.json of run " + id() + " is no JSON object");
  }
  return std::optional<Dict>(std::move(*parsed->if_dict()));
}

Result<std::optional<Sweep>> PublicRun::sweep() const {
  const std::string name = sweep_name();
  if (name.empty()) return std::optional<Sweep>();
  RUNSTONE_TRY(auto sweep,
               public_api::find_sweep(record_->shared_session(), {entity(), project(), name}));
  return std::optional<Sweep>(std::move(sweep));
}

Pages<Artifact> PublicRun::logged_artifacts(int per_page) const {
  return public_api::run_artifacts(record_, true, per_page);
}
Pages<Artifact> PublicRun::used_artifacts(int per_page) const {
  return public_api::run_artifacts(record_, false, per_page);
}

Result<void> PublicRun::use_artifact(const Artifact& version) const {
  RUNSTONE_TRY(const auto facts, facts_on_server(version));
  RUNSTONE_TRY(record_->session().ask(
      "UseArtifact", protocol::kUseArtifactDocument,
      protocol::use_artifact_variables({entity(), project(), id()}, facts.id)));
  return {};
}

Result<void> PublicRun::log_artifact(const Artifact& version,
                                     const std::vector<std::string>& aliases,
                                     const std::vector<std::string>& tags) const {
  RUNSTONE_TRY(const auto facts, facts_on_server(version));
  const std::string of = facts.source_entity + "/" + facts.source_project;
  if (of != entity() + "/" + project()) {
    return fail(ErrorCode::kInvalidArgument,
                "A run can't log an artifact to a different project: " + facts.source_collection +
                    " is of " + of + ", the run of " + entity() + "/" + project());
  }
  // Said again with the same content, a version is not made anew: the run becomes one of its
  // makers.
  protocol::ArtifactRecord record;
  record.type = facts.type;
  record.name = facts.source_collection;
  record.digest = facts.digest;
  record.digest_algorithm = facts.digest_algorithm == "XXH128" ? "MANIFEST_XXH128" : "MANIFEST_MD5";
  record.aliases = aliases;
  record.tags = tags;
  RUNSTONE_TRY(const auto data,
               record_->session().ask(
                   "CreateArtifact", protocol::kCreateArtifactDocument,
                   protocol::create_artifact_variables({entity(), project(), id()}, record)));
  RUNSTONE_TRY(const auto created, protocol::parse_created_artifact(data));
  if (!created.is_committed) {
    return fail(ErrorCode::kNotFound,
                "the version of " + facts.source_collection + " is not on the server any more");
  }
  return {};
}

Result<void> PublicRun::update() { return record_->send_changes(); }

Result<void> PublicRun::load(bool force) {
  return force ? record_->load(false) : record_->complete();
}

Result<void> PublicRun::remove(bool delete_artifacts) {
  Dict variables{{"id", storage_id()}};
  if (delete_artifacts) variables.set("deleteArtifacts", true);
  RUNSTONE_TRY(record_->session().ask("DeleteRun", protocol::kDeleteRunDocument, variables,
                                      public_api::Repeat::kIfNotSent));
  return {};
}

Result<void> PublicRun::stop() const {
  RUNSTONE_TRY(
      record_->session().ask("StopRun", protocol::kStopRunDocument, Dict{{"id", storage_id()}}));
  return {};
}

Result<void> PublicRun::update_state(const std::string& state) {
  RUNSTONE_TRY(const auto data, record_->session().ask(
                                    "UpdateRunState", protocol::kUpdateRunStateDocument,
                                    Dict{{"input", Dict{{"id", storage_id()}, {"state", state}}}}));
  const Value* success = public_api::at(&data, "updateRunState", "success");
  if (success == nullptr || !success->bool_or(false)) {
    return fail(ErrorCode::kInvalidArgument,
                "the server did not change the state of run " + id() + " to " + state);
  }
  record_->set_state(state);
  return {};
}

Result<bool> PublicRun::wait_until_finished(double timeout_secs) {
  const Clock& clock = system_clock();
  const std::int64_t deadline_us = clock.monotonic_us() + us_of_seconds(timeout_secs);
  for (;;) {
    RUNSTONE_TRY(const auto data, record_->session().ask("RunState", protocol::kRunStateDocument,
                                                         record_->variables()));
    RUNSTONE_TRY(const Value* run, record_->run_in(data));
    const std::string state = public_api::text_at(run, "state");
    record_->set_state(state);
    if (is_at_rest(state)) return true;
    std::int64_t pause_us = kStatePollUs;
    if (timeout_secs > 0) {
      const std::int64_t left_us = deadline_us - clock.monotonic_us();
      if (left_us <= 0) return false;
      pause_us = std::min(pause_us, left_us);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
  }
}

}  // namespace runstone
