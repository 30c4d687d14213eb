// What changes a run beside its rows: definitions, config, summary, name, console.
#include "base/json.h"
#include "base/try.h"
#include "protocol/metric_record.h"
#include "sdk/check_text.h"
#include "sdk/run_state.h"
#include "sdk/settings_sources.h"

namespace runstone {
namespace {

protocol::RecordItem item(std::vector<std::string> path, const Value& value) {
  return {std::move(path), protocol::JsonText{json::to_text(value)}};
}

}  // namespace

Result<Metric> RunState::define_metric(std::string_view name, const MetricOptions& options) {
  RUNSTONE_TRY(check_text("the name of a metric", name));
  RUNSTONE_TRY(check_text("the name of a step metric", options.step_metric.value_or("")));
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled) return Metric{"dummy", "", false, false, {}, ""};
  RUNSTONE_TRY(check_recording("define_metric"));
  RUNSTONE_TRY(const auto change, parse_metric_change(name, options));
  if (was_forked()) become_child();
  const MetricDefinition now = summary_.define(change);
  any_step_sync_ = any_step_sync_ || now.step_sync;
  ++rules_version_;
  append_record(protocol::to_record(now));
  config_dirty_ = true;  // config.yaml lists the definitions
  return now.to_public();
}

Result<void> RunState::change_config(
    const char* method, const std::function<Result<void>(ConfigTable&, const ConfigTable::Changed&,
                                                         const ConfigTable::Warn&)>& change) {
  std::vector<std::string> warnings;
  {
    const std::scoped_lock lock(mutex_);
    if (plan_.mode != RunMode::kDisabled) RUNSTONE_TRY(check_recording(method));
    if (was_forked()) become_child();
    protocol::ConfigRecord record;
    RUNSTONE_TRY(change(
        config_,
        [&](const std::string& key) {
          record.update.push_back(item({key}, *config_.values().find(key)));
        },
        [&](const std::string& text) { warnings.push_back(text); }));
    if (!record.update.empty() && plan_.mode != RunMode::kDisabled) {
      append_record(std::move(record));
      config_dirty_ = true;
    }
  }
  for (const auto& text : warnings) terminal_.warn(text);
  return {};
}

Result<void> RunState::set_private_config(const std::vector<std::string>& path, Value value) {
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled) return {};
  RUNSTONE_TRY(check_recording("config"));
  if (was_forked()) become_child();
  std::vector<std::string> whole = {"_wandb"};
  whole.insert(whole.end(), path.begin(), path.end());
  protocol::ConfigRecord record;
  record.update.push_back(item(whole, value));
  config_.set_path(whole, std::move(value));
  append_record(std::move(record));
  config_dirty_ = true;
  return {};
}

Result<void> RunState::persist_config() {
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled) return {};
  RUNSTONE_TRY(check_recording("config.persist"));
  protocol::ConfigRecord record;
  for (const auto& [key, value] : config_.values()) record.update.push_back(item({key}, value));
  if (!record.update.empty()) append_record(std::move(record));
  return {};
}

Dict RunState::config_values() const {
  const std::scoped_lock lock(mutex_);
  return config_.values();
}

Dict RunState::summary_values() const {
  const std::scoped_lock lock(mutex_);
  return summary_.to_dict();
}

std::optional<Value> RunState::summary_value(const std::vector<std::string>& path) const {
  const std::scoped_lock lock(mutex_);
  return summary_.get(path);
}

// A value set by hand is in the journal at once, not with the next second's changes: no row would
// bring it back.
Result<void> RunState::set_summary(const std::vector<std::string>& path, const Value& value) {
  for (const std::string& label : path) RUNSTONE_TRY(check_text("a key", label));
  RUNSTONE_TRY(check_texts(path.empty() ? "" : path.back(), value));
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled) {
    summary_.set(path, value);
    return {};
  }
  RUNSTONE_TRY(check_recording("summary"));
  if (was_forked()) become_child();
  if (child_ || summary_.get(path)) {
    protocol::SummaryRecord record;
    record.remove.push_back(path);
    append_record(std::move(record));
  }
  summary_.set(path, value);
  if (const auto shown = summary_.get(path)) {
    protocol::SummaryRecord record;
    record.update.push_back(item(path, *shown));
    append_record(std::move(record));
  }
  return {};
}

Result<void> RunState::erase_summary(const std::vector<std::string>& path) {
  const std::scoped_lock lock(mutex_);
  if (plan_.mode != RunMode::kDisabled) {
    RUNSTONE_TRY(check_recording("summary"));
    if (was_forked()) become_child();
    protocol::SummaryRecord record;
    record.remove.push_back(path);
    append_record(std::move(record));
  }
  summary_.erase(path);
  return {};
}

Result<void> RunState::set_text(const char* method, std::string_view text) {
  RUNSTONE_TRY(check_text(method, text));
  const std::scoped_lock lock(mutex_);
  if (plan_.mode != RunMode::kDisabled) RUNSTONE_TRY(check_recording(method));
  const bool is_name = std::string_view(method) == "name";
  (is_name ? name_ : notes_) = std::string(text);
  (is_name ? has_name_ : has_notes_) = true;
  if (plan_.mode == RunMode::kDisabled) return {};
  if (was_forked()) become_child();
  // A child does not know what else of the run has changed since: its record has this alone.
  protocol::RunRecord changed{.run_id = plan_.id};
  (is_name ? changed.display_name : changed.notes) = std::string(text);
  append_record(child_ ? std::move(changed) : run_record());
  return {};
}

Result<void> RunState::set_tags(const std::vector<std::string>& tags) {
  const auto checked = check_tags(List(tags.begin(), tags.end()));
  {
    const std::scoped_lock lock(mutex_);
    if (plan_.mode != RunMode::kDisabled) RUNSTONE_TRY(check_recording("tags"));
    if (checked) {
      tags_ = tags;
      if (plan_.mode == RunMode::kDisabled) return {};
      if (was_forked()) become_child();
      append_record(child_ ? protocol::RunRecord{.run_id = plan_.id, .tags = tags} : run_record());
      return {};
    }
  }
  terminal_.warn("Invalid tag detected: " + checked.error().message + ". Tags not updated.");
  return {};
}

Result<void> RunState::add_file(std::string_view path, std::string_view policy) {
  using Policy = protocol::FilesRecord::Policy;
  protocol::FilesRecord::File file;
  file.path = std::string(path);
  if (policy == "live") {
    file.policy = Policy::kLive;
  } else if (policy == "end") {
    file.policy = Policy::kEnd;
  } else if (policy != "now") {
    return fail(ErrorCode::kInvalidArgument, "policy must be one of \"live\", \"end\" and \"now\"");
  }
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled) return {};
  RUNSTONE_TRY(check_recording("save"));
  if (was_forked()) become_child();
  append_record(protocol::FilesRecord{{file}});
  return {};
}

}  // namespace runstone
