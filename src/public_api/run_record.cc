#include "public_api/run_record.h"

#include <cmath>

#include "base/json.h"
#include "base/try.h"
#include "protocol/public_documents.h"
#include "public_api/json_node.h"

namespace runstone::public_api {
namespace {

std::optional<ApiUser> parse_user(const Value* node) {
  if (node == nullptr || !node->is_dict()) return std::nullopt;
  return ApiUser{.id = text_at(node, "id"),
                 .name = text_at(node, "name"),
                 .username = text_at(node, "username")};
}

bool is_absent(const Value& value) {
  const double* number = value.if_double();
  return value.is_null() || (number != nullptr && std::isnan(*number));
}

Value text_or_null(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

// The stored config with what the user changed: keys that he set, and those that he took away.
Dict changed_config(Dict stored, const Dict& before, const Dict& now) {
  for (const auto& [key, value] : now) {
    const Value* old = before.find(key);
    if (old != nullptr && *old == value) continue;
    stored.set(key, Dict{{"value", value}, {"desc", nullptr}});
  }
  for (const auto& [key, value] : before) {
    if (!now.contains(key)) stored.erase(key);
  }
  return stored;
}

}  // namespace

RunFacts parse_run(const Value& node, bool is_whole) {
  const Value* run = &node;
  RunFacts facts;
  facts.storage_id = text_at(run, "id");
  facts.display_name = text_at(run, "displayName");
  facts.state = text_at(run, "state");
  facts.sweep_name = text_at(run, "sweepName");
  facts.group = text_at(run, "group");
  facts.job_type = text_at(run, "jobType");
  facts.commit = text_at(run, "commit");
  facts.created_at = text_at(run, "createdAt");
  facts.heartbeat_at = text_at(run, "heartbeatAt");
  facts.description = text_at(run, "description");
  facts.notes = text_at(run, "notes");
  facts.tags = texts_at(run, "tags");
  const Value* read_only = at(run, "readOnly");
  facts.read_only = read_only != nullptr && read_only->bool_or(false);
  facts.user = parse_user(at(run, "user"));
  facts.is_whole = is_whole;
  if (is_whole) {
    facts.stored_config = dict_at(run, "config");
    facts.summary = dict_at(run, "summaryMetrics");
    facts.system_metrics = dict_at(run, "systemMetrics");
  }
  return facts;
}

Dict plain_config(const Dict& stored, bool with_private) {
  Dict plain;
  for (const auto& [key, entry] : stored) {
    if (!with_private && !key.empty() && key[0] == '_') continue;
    const Value* value = entry.get("value");
    plain.set(key, value != nullptr ? *value : entry);
  }
  return plain;
}

void apply(const std::vector<SummaryChange>& changes, Dict& summary) {
  for (const SummaryChange& change : changes) {
    if (change.path.empty()) continue;
    const bool erases = !change.value || is_absent(*change.value);
    Dict* at = &summary;
    for (std::size_t i = 0; at != nullptr && i + 1 < change.path.size(); ++i) {
      Value* inner = at->find(change.path[i]);
      if (inner == nullptr || inner->if_dict() == nullptr) {
        if (erases) {
          at = nullptr;
          break;
        }
        inner = &at->set(change.path[i], Dict());
      }
      at = inner->if_dict();
    }
    if (at == nullptr) continue;
    if (erases) {
      at->erase(change.path.back());
    } else {
      at->set(change.path.back(), *change.value);
    }
  }
}

Failure no_such_run(const RunPath& path) {
  return fail(ErrorCode::kNotFound, "Could not find run " + path.entity + "/" + path.project + "/" +
                                        path.id +
                                        ": it is not there (any more), or the key may not read it");
}

Dict RunRecord::variables() const {
  return {{"entity", path_.entity}, {"project", path_.project}, {"name", path_.id}};
}

Result<const Value*> RunRecord::run_in(const Value& data) const {
  const Value* run = at(&data, "project", "run");
  if (run == nullptr || !run->is_dict()) return no_such_run(path_);
  return run;
}

Result<RunFacts> RunRecord::fetch() const {
  RUNSTONE_TRY(const auto data, session_->ask("Run", protocol::kRunDocument, variables()));
  RUNSTONE_TRY(const Value* run, run_in(data));
  return parse_run(*run, true);
}

Result<void> RunRecord::complete() {
  if (read([](const RunFacts& facts, const RunChanges&) { return facts.is_whole; })) return {};
  return load(true);
}

Result<void> RunRecord::load(bool keep_changes) {
  RUNSTONE_TRY(auto facts, fetch());
  const std::scoped_lock lock(mutex_);
  facts_ = std::move(facts);
  if (!keep_changes) changes_ = {};
  return {};
}

Result<void> RunRecord::send_changes() {
  const auto [changes, config_before] = read([](const RunFacts& facts, const RunChanges& made) {
    return std::pair(made, plain_config(facts.stored_config, false));
  });
  if (changes.empty()) return {};
  RUNSTONE_TRY(send(changes, config_before));
  return load(false);
}

Result<void> RunRecord::send_summary() {
  RunChanges only_summary;
  only_summary.summary =
      read([](const RunFacts&, const RunChanges& changes) { return changes.summary; });
  if (only_summary.empty()) return {};
  RUNSTONE_TRY(auto summary, send(only_summary, {}));
  const std::scoped_lock lock(mutex_);
  // Nothing else is taken anew: a config that the user changes is compared with what he has read.
  facts_.summary = std::move(summary);
  const auto sent = static_cast<std::ptrdiff_t>(only_summary.summary.size());
  changes_.summary.erase(changes_.summary.begin(), changes_.summary.begin() + sent);
  return {};
}

Result<Dict> RunRecord::send(const RunChanges& changes, const Dict& config_before) {
  Dict variables;
  RunFacts fresh;
  if (changes.config || !changes.summary.empty()) {
    // Over what the server has by now: the run's writer, or others, may have added to it.
    RUNSTONE_TRY(fresh, fetch());
    variables.set("id", fresh.storage_id);
  } else {
    variables.set("id",
                  read([](const RunFacts& facts, const RunChanges&) { return facts.storage_id; }));
  }
  if (changes.config) {
    const Dict config =
        changed_config(std::move(fresh.stored_config), config_before, *changes.config);
    variables.set("config", json::to_text(config));
  }
  if (!changes.summary.empty()) {
    apply(changes.summary, fresh.summary);
    variables.set("summaryMetrics", json::to_text(fresh.summary));
  }
  variables.set("displayName", text_or_null(changes.name));
  variables.set("notes", text_or_null(changes.notes));
  variables.set("description", text_or_null(changes.description));
  variables.set("groupName", text_or_null(changes.group));
  variables.set("jobType", text_or_null(changes.job_type));
  if (changes.tags) variables.set("tags", List(changes.tags->begin(), changes.tags->end()));
  RUNSTONE_TRY(session_->ask("UpsertBucket", protocol::kUpdateRunDocument, variables));
  return std::move(fresh.summary);
}

void RunRecord::set_state(const std::string& state) {
  const std::scoped_lock lock(mutex_);
  facts_.state = state;
}

Result<std::shared_ptr<RunRecord>> find_run(std::shared_ptr<Session> session, RunPath path) {
  auto record = std::make_shared<RunRecord>(std::move(session), std::move(path), RunFacts());
  RUNSTONE_TRY(record->load(false));
  return record;
}

}  // namespace runstone::public_api
