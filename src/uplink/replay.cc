#include "uplink/replay.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "base/json.h"
#include "model/step.h"
#include "protocol/metric_record.h"
#include "protocol/run_config.h"
#include "uplink/origin.h"

namespace runstone::uplink {
namespace {

using protocol::RecordItem;

void set_at(Dict& root, const std::vector<std::string>& path, Value value) {
  Dict* dict = &root;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    Value& next = (*dict)[path[i]];
    if (!next.is_dict()) next = Dict();
    dict = next.if_dict();
  }
  dict->set(path.back(), std::move(value));
}

void erase_at(Dict& root, const std::vector<std::string>& path) {
  Dict* dict = &root;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    Value* next = dict->find(path[i]);
    if (next == nullptr || !next->is_dict()) return;
    dict = next->if_dict();
  }
  if (!path.empty()) dict->erase(path.back());
}

/// A dict in a row sets each leaf below it, beside the leaves set by other items.
void merge_at(Dict& root, const std::vector<std::string>& path, Value value) {
  Dict* dict = &root;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    Value& next = (*dict)[path[i]];
    if (!next.is_dict()) next = Dict();
    dict = next.if_dict();
  }
  Value& slot = (*dict)[path.back()];
  if (!value.is_dict() || !slot.is_dict()) {
    slot = std::move(value);
    return;
  }
  for (const auto& [key, inner] : *value.if_dict()) {
    merge_at(*slot.if_dict(), {key}, inner);
  }
}

bool is_flat(const protocol::HistoryRecord& history) {
  return std::all_of(history.items.begin(), history.items.end(),
                     [](const RecordItem& item) { return item.path.size() == 1; });
}

bool has_step(const protocol::HistoryRecord& history) {
  return std::any_of(history.items.begin(), history.items.end(), [](const RecordItem& item) {
    return item.path.size() == 1 && item.path[0] == "_step";
  });
}

/// The row at another step, so many seconds later.
protocol::HistoryRecord moved(protocol::HistoryRecord row, std::int64_t step, double seconds) {
  if (row.step) row.step = step;
  for (RecordItem& item : row.items) {
    if (item.path.size() != 1 || (item.path[0] != "_step" && item.path[0] != "_runtime")) continue;
    const auto value = protocol::item_value(item);
    if (!value || !value->is_number()) continue;
    if (item.path[0] == "_step") {
      item.value = step;
    } else {
      item.value = value->number_or(0) + seconds;
    }
  }
  return row;
}

/// The stock client writes every value as JSON text; most are numbers, which need no JSON parser.
std::optional<ValueRef> number_in(std::string_view text) {
  if (text == "NaN") return ValueRef(std::numeric_limits<double>::quiet_NaN());
  if (text == "Infinity") return ValueRef(std::numeric_limits<double>::infinity());
  if (text == "-Infinity") return ValueRef(-std::numeric_limits<double>::infinity());
  if (text.empty() || (text[0] != '-' && (text[0] < '0' || text[0] > '9'))) return std::nullopt;
  const char* end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto got = std::from_chars(text.data(), end, integer);
      got.ec == std::errc() && got.ptr == end) {
    return ValueRef(integer);
  }
  double number = 0;
  if (const auto got = std::from_chars(text.data(), end, number);
      got.ec == std::errc() && got.ptr == end) {
    return ValueRef(number);
  }
  return std::nullopt;
}

}  // namespace

void append_history_json(std::string& out, const protocol::HistoryRecord& history,
                         std::int64_t step) {
  if (!is_flat(history)) {
    Dict row;
    for (const RecordItem& item : history.items) {
      if (item.path.empty()) continue;
      auto value = protocol::item_value(item);
      if (value) merge_at(row, item.path, std::move(*value));
    }
    if (!row.contains("_step")) row.set("_step", step);
    json::append(out, row);
    return;
  }
  out += '{';
  for (const RecordItem& item : history.items) {
    if (out.back() != '{') out += ',';
    json::append_string(out, item.path[0]);
    out += ':';
    protocol::append_item_json(out, item);
  }
  if (!has_step(history)) {
    out += out.back() == '{' ? "\"_step\":" : ",\"_step\":";
    json::append_int(out, step);
  }
  out += '}';
}

void RunReplay::start_lines_at(const Delivered& first) {
  history_lines_ = first_history_line_ = first.history;
  event_lines_ = first.events;
  console_.start_at(first.console);
}

void RunReplay::continue_from(const protocol::StoredRun& stored) {
  const auto count = [](std::int64_t lines) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(lines, 0));
  };
  start_lines_at(
      {count(stored.history_lines), count(stored.event_lines), count(stored.console_lines)});
  goes_on_from_stored_ = true;
  if (stored.next_step != run_->starting_step) next_free_step_ = stored.next_step;
  runtime_shift_secs_ = stored.runtime_secs - run_->runtime_secs;
  summary_.restore(stored.summary);
  apply_summary(run_->summary);
  config_ = merged_config(stored.config, config_);
  if (run_->display_name.empty()) run_->display_name = stored.display_name;
  if (run_->notes.empty()) run_->notes = stored.notes;
  if (run_->run_group.empty()) run_->run_group = stored.group;
  if (run_->job_type.empty()) run_->job_type = stored.job_type;
  if (run_->tags.empty()) run_->tags = stored.tags;
  run_changed_ = summary_changed_ = true;
}

void RunReplay::skip(const Delivered& delivered) {
  delivered_ = delivered;
  console_.skip_before(delivered.console);
}

void RunReplay::apply(const protocol::Record& record, protocol::FileStreamRequest& out) {
  const auto& body = record.body;
  if (const auto* history = std::get_if<protocol::HistoryRecord>(&body)) {
    apply_history(*history, out);
  } else if (const auto* summary = std::get_if<protocol::SummaryRecord>(&body)) {
    apply_summary(*summary);
  } else if (const auto* text = std::get_if<protocol::OutputRawRecord>(&body)) {
    last_time_us_ = text->timestamp_us;
    console_.write(text->is_stderr, text->timestamp_us, text->text);
  } else if (const auto* logged = std::get_if<protocol::OutputLoggerRecord>(&body)) {
    // The record has no time; that of the last record that has one is near.
    console_.write_line(last_time_us_, logged->line);
  } else if (const auto* stats = std::get_if<protocol::StatsRecord>(&body)) {
    apply_stats(*stats, out);
  } else if (const auto* config = std::get_if<protocol::ConfigRecord>(&body)) {
    apply_config(*config);
  } else if (const auto* metric = std::get_if<protocol::MetricRecord>(&body)) {
    apply_metric(*metric);
  } else if (const auto* run = std::get_if<protocol::RunRecord>(&body)) {
    apply_run(*run);
  } else if (const auto* header = std::get_if<protocol::HeaderRecord>(&body)) {
    producer_ = header->producer;
  } else if (const auto* environment = std::get_if<protocol::EnvironmentRecord>(&body)) {
    for (const auto& [key, value] : environment->metadata) metadata_.set(key, value);
    run_changed_ = true;
  } else if (const auto* telemetry = std::get_if<protocol::TelemetryRecord>(&body)) {
    // Later records carry only what is new.
    for (auto field :
         {&protocol::TelemetryRecord::python_version, &protocol::TelemetryRecord::client_version,
          &protocol::TelemetryRecord::core_version, &protocol::TelemetryRecord::platform}) {
      if (!(telemetry->*field).empty()) telemetry_.*field = telemetry->*field;
    }
    run_changed_ = true;
  } else if (const auto* files = std::get_if<protocol::FilesRecord>(&body)) {
    files_.insert(files_.end(), files->files.begin(), files->files.end());
  } else if (const auto* alert = std::get_if<protocol::AlertRecord>(&body)) {
    alerts_.push_back(*alert);
  } else if (std::holds_alternative<protocol::PreemptingRecord>(body)) {
    preempting_ = true;
  } else if (const auto* artifact = std::get_if<protocol::ArtifactRecord>(&body)) {
    artifacts_.emplace_back(*artifact);
    if (step_reached_ > 0) {  // before the first row there is no step that it belongs to
      std::get<protocol::ArtifactRecord>(artifacts_.back()).history_step = step_reached_;
    }
  } else if (const auto* used = std::get_if<protocol::UseArtifactRecord>(&body)) {
    artifacts_.emplace_back(*used);
  } else if (const auto* exit = std::get_if<protocol::ExitRecord>(&body)) {
    exit_ = *exit;
  }
}

void RunReplay::apply_run(const protocol::RunRecord& run) {
  if (!run_) {
    run_ = run;
    // What the run had before this writer: no values set by hand, so that definitions rule them.
    Dict before;
    for (const RecordItem& item : run.summary.update) {
      auto value = protocol::item_value(item);
      if (value && !item.path.empty()) set_at(before, item.path, std::move(*value));
    }
    summary_.restore(before);
    if (run.writer && run.writer->is_shared()) console_.set_label(run.writer->label);
    if (run.writer) {
      start_lines_at(
          {static_cast<std::uint64_t>(std::max<std::int64_t>(run.writer->first_history_line, 0)),
           static_cast<std::uint64_t>(std::max<std::int64_t>(run.writer->first_event_line, 0)),
           static_cast<std::uint64_t>(std::max<std::int64_t>(run.writer->first_console_line, 0))});
    }
    apply_config(run.config);
    run_changed_ = summary_changed_ = true;
    return;
  } else {
    // A later record replaces the fields that it carries.
    for (auto field : {&protocol::RunRecord::entity, &protocol::RunRecord::project,
                       &protocol::RunRecord::run_group, &protocol::RunRecord::job_type,
                       &protocol::RunRecord::display_name, &protocol::RunRecord::notes,
                       &protocol::RunRecord::sweep_id, &protocol::RunRecord::host}) {
      if (!(run.*field).empty()) (*run_).*field = run.*field;
    }
    if (!run.tags.empty()) run_->tags = run.tags;
  }
  apply_config(run.config);
  apply_summary(run.summary);
  run_changed_ = true;
}

void RunReplay::apply_config(const protocol::ConfigRecord& config) {
  for (const RecordItem& item : config.update) {
    auto value = protocol::item_value(item);
    if (value && !item.path.empty()) set_at(config_, item.path, std::move(*value));
  }
  for (const auto& path : config.remove) erase_at(config_, path);
  run_changed_ = true;
}

// What the summary says of the run's time and step counts from the journal's beginning, too.
void RunReplay::shift_own_fact(const std::vector<std::string>& path, Value& value) const {
  if (path.size() == 1 && path[0] == "_step") value = place_of(value.int_or(0));
  if (runtime_shift_secs_ == 0) return;
  if (path.size() == 1 && path[0] == "_runtime") value = value.number_or(0) + runtime_shift_secs_;
  if (path.size() == 2 && path[0] == "_wandb" && path[1] == "runtime") {
    value = value.int_or(0) + static_cast<std::int64_t>(runtime_shift_secs_);
  }
}

void RunReplay::apply_summary(const protocol::SummaryRecord& summary) {
  for (const RecordItem& item : summary.update) {
    auto value = protocol::item_value(item);
    if (!value || item.path.empty()) continue;
    if (value->is_number()) shift_own_fact(item.path, *value);
    summary_.apply_record_update(item.path, *value);
  }
  for (const auto& path : summary.remove) summary_.apply_record_remove(path);
  if (!summary.update.empty() || !summary.remove.empty()) summary_changed_ = true;
}

void RunReplay::apply_metric(const protocol::MetricRecord& metric) {
  summary_.apply_metric_record(protocol::to_definition(metric), metric.overwrite);
  run_changed_ = true;
  summary_changed_ = true;
}

void RunReplay::observe(const RecordItem& item) {
  SummarySlot& slot = summary_.slot(item.path);
  if (const auto* json = std::get_if<protocol::JsonText>(&item.value)) {
    if (const auto number = number_in(json->text)) return summary_.observe(slot, *number);
    const auto value = json::parse(json->text);
    if (value) summary_.observe(slot, *value);
    return;
  }
  std::visit(
      [&](const auto& value) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, protocol::JsonText>) {
          summary_.observe(slot, ValueRef(value));
        }
      },
      item.value);
}

void RunReplay::apply_history(const protocol::HistoryRecord& history,
                              protocol::FileStreamRequest& out) {
  if (!next_free_step_ && runtime_shift_secs_ == 0) return apply_row(history, out);
  const std::int64_t own = history.step.value_or(static_cast<std::int64_t>(history_lines_));
  const std::int64_t step = place_of(own);
  apply_row(moved(history, step, runtime_shift_secs_), out);
  if (!next_free_step_) return;
  last_row_ = {own, step};
  next_free_step_ = step_after(step);
}

// Of a row of a journal that knew nothing of the stored rows: its own step if it is behind them, as
// that of a log(step=) may be, else the next one. So does the stock client's sync.
std::int64_t RunReplay::place_of(std::int64_t own_step) const {
  if (!next_free_step_) return own_step;
  if (last_row_ && last_row_->first == own_step) return last_row_->second;
  return std::max(own_step, *next_free_step_);
}

void RunReplay::apply_row(const protocol::HistoryRecord& history,
                          protocol::FileStreamRequest& out) {
  // A log of shared mode has no steps: its rows are numbered in order.
  const std::int64_t step = history.step.value_or(static_cast<std::int64_t>(history_lines_));
  step_reached_ = step_after(step);
  for (const RecordItem& item : history.items) {
    if (!item.path.empty()) observe(item);
  }
  if (!has_step(history)) summary_.observe(summary_.slot({"_step"}), ValueRef(step));
  summary_changed_ = true;
  const bool is_new = history_lines_ >= delivered_.history;
  line_.clear();
  append_history_json(line_, history, step);
  if (line_.size() > kMaxRowBytes) {
    ++dropped_lines_;  // not numbered either, so that the server sees no gap
    return;
  }
  if (is_new) {
    if (out.history.empty()) out.history.begin(history_lines_);
    out.history.add(line_);
  }
  ++history_lines_;
}

void RunReplay::apply_stats(const protocol::StatsRecord& stats, protocol::FileStreamRequest& out) {
  if (stats.items.empty()) return;
  const double timestamp = static_cast<double>(stats.timestamp_us) / 1e6;
  const std::int64_t start_us = run_ ? run_->start_time_us : stats.timestamp_us;
  line_ = "{\"_wandb\":true,\"_timestamp\":";
  json::append_double(line_, timestamp);
  line_ += ",\"_runtime\":";
  json::append_double(
      line_, static_cast<double>(stats.timestamp_us - start_us) / 1e6 + runtime_shift_secs_);
  for (const auto& [key, value_json] : stats.items) {
    line_ += ',';
    json::append_string(line_, "system." + key);
    line_ += ':';
    line_ += value_json;
  }
  line_ += '}';
  if (event_lines_ >= delivered_.events) {
    if (out.events.empty()) out.events.begin(event_lines_);
    out.events.add(line_);
  }
  ++event_lines_;
}

std::string RunReplay::summary_json() const { return json::to_text(summary_.to_dict()); }

Dict RunReplay::full_config() const {
  protocol::RunConfigFacts facts;
  facts.client_version = telemetry_.client_version.empty() ? producer_ : telemetry_.client_version;
  facts.core_version = telemetry_.core_version;
  facts.python_version = telemetry_.python_version;
  facts.platform = telemetry_.platform;
  const bool is_secondary = run_ && run_->writer && run_->writer->is_secondary;
  if (!is_secondary) facts.metadata = metadata_;
  const Value* writer = metadata_.find("writerId");
  facts.writer_id = writer ? std::string(writer->string_or("")) : std::string();
  if (facts.writer_id.empty() && run_) facts.writer_id = run_->run_id;
  return protocol::full_config(config_, summary_.metrics(), facts);
}

}  // namespace runstone::uplink
