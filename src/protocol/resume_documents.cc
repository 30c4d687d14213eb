#include "protocol/resume_documents.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "protocol/record_environment.h"

namespace runstone::protocol {

// The field's servers answer the first line of fields; the rest is of the same type Run.
const std::string_view kRunResumeStatusDocument =
    "query RunResumeStatus($project: String, $entity: String, $name: String!) { "
    "model(name: $project, entityName: $entity) { id name entity { id name } "
    "bucket(name: $name, missingOk: true) { id name summaryMetrics displayName logLineCount "
    "historyLineCount eventsLineCount historyTail eventsTail config tags notes "
    "wandbConfig(keys: [\"t\"]) group jobType createdAt } } }";

const std::string_view kRewindRunDocument =
    "mutation RewindRun($runName: String!, $entity: String, $project: String, "
    "$metricName: String!, $metricValue: Float!) { rewindRun(input: {runName: $runName, "
    "entityName: $entity, projectName: $project, metricName: $metricName, "
    "metricValue: $metricValue}) { rewoundRun { id name historyLineCount } } }";

namespace {

Value text_or_null(std::string_view text) { return text.empty() ? Value() : Value(text); }

std::string text_at(const Value* value, std::string_view key) {
  const Value* found = value != nullptr ? value->get(key) : nullptr;
  return found != nullptr ? std::string(found->string_or("")) : std::string();
}

std::int64_t count_at(const Value& value, std::string_view key) {
  const Value* found = value.get(key);
  return found != nullptr ? std::max<std::int64_t>(found->int_or(0), 0) : 0;
}

Dict dict_in(const std::string& text) {
  auto parsed = json::parse(text);
  if (!parsed || !parsed->is_dict()) return {};
  return std::move(*parsed->if_dict());
}

/// {"lr":{"value":0.1}} as {"lr":0.1}.
Dict unwrapped(const Dict& config) {
  Dict plain;
  for (const auto& [key, entry] : config) {
    const Value* value = entry.get("value");
    plain.set(key, value != nullptr ? *value : entry);
  }
  return plain;
}

/// The last of a JSON list of JSON lines.
Dict last_line(const std::string& tail) {
  const auto lines = json::parse(tail);
  if (!lines || !lines->is_list() || lines->if_list()->empty()) return {};
  return dict_in(std::string(lines->if_list()->back().string_or("")));
}

double runtime_in(const Dict& row) {
  const Value* runtime = row.find("_runtime");
  const double seconds = runtime != nullptr ? runtime->number_or(0) : 0;
  return std::isfinite(seconds) ? seconds : 0;
}

}  // namespace

Value run_resume_status_variables(std::string_view entity, std::string_view project,
                                  std::string_view run) {
  return Dict{{"entity", text_or_null(entity)}, {"project", text_or_null(project)}, {"name", run}};
}

std::optional<StoredRun> parse_run_resume_status(const Value& data) {
  const Value* project = data.get("model");
  const Value* bucket = project != nullptr ? project->get("bucket") : nullptr;
  if (bucket == nullptr || !bucket->is_dict()) return std::nullopt;
  StoredRun run;
  run.id = text_at(bucket, "id");
  run.name = text_at(bucket, "name");
  run.display_name = text_at(bucket, "displayName");
  run.notes = text_at(bucket, "notes");
  run.group = text_at(bucket, "group");
  run.job_type = text_at(bucket, "jobType");
  run.project = text_at(project, "name");
  run.entity = text_at(project->get("entity"), "name");
  run.created_at_us = parse_rfc3339(text_at(bucket, "createdAt"));
  if (const Value* tags = bucket->get("tags"); tags != nullptr && tags->is_list()) {
    for (const Value& tag : *tags->if_list()) run.tags.emplace_back(tag.string_or(""));
  }
  run.started = dict_in(text_at(bucket, "wandbConfig")).contains("t");
  run.history_lines = count_at(*bucket, "historyLineCount");
  run.event_lines = count_at(*bucket, "eventsLineCount");
  run.console_lines = count_at(*bucket, "logLineCount");
  run.config = unwrapped(dict_in(text_at(bucket, "config")));
  run.summary = dict_in(text_at(bucket, "summaryMetrics"));

  const Dict last_row = last_line(text_at(bucket, "historyTail"));
  if (const Value* step = last_row.find("_step"); step != nullptr && run.history_lines > 0) {
    run.next_step = std::max<std::int64_t>(step->int_or(-1) + 1, 0);
  }
  run.runtime_secs = std::max({runtime_in(last_row), runtime_in(run.summary),
                               runtime_in(last_line(text_at(bucket, "eventsTail")))});
  if (const Value* own = run.summary.find("_wandb"); own != nullptr) {
    const Value* whole = own->get("runtime");
    if (whole != nullptr) run.runtime_secs = std::max(run.runtime_secs, whole->number_or(0));
  }
  return run;
}

Value rewind_run_variables(std::string_view entity, std::string_view project, std::string_view run,
                           std::int64_t step) {
  return Dict{{"entity", text_or_null(entity)},
              {"project", text_or_null(project)},
              {"runName", run},
              {"metricName", "_step"},
              {"metricValue", static_cast<double>(step)}};
}

std::optional<std::int64_t> parse_rewind_run(const Value& data) {
  const Value* rewind = data.get("rewindRun");
  const Value* run = rewind != nullptr ? rewind->get("rewoundRun") : nullptr;
  const Value* lines = run != nullptr ? run->get("historyLineCount") : nullptr;
  if (lines == nullptr || !lines->is_int()) return std::nullopt;
  return lines->int_or(0);
}

}  // namespace runstone::protocol
