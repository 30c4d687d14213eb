// What `sync` does for a run that died before it had taken over the rows of its forked children. It
// wakes the run up as its journal knows it, has it take over the rest on the same road as a living
// run, and lets it go again without an end of its own.
#include <algorithm>

#include "base/seconds.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "model/step.h"
#include "protocol/metric_record.h"
#include "sdk/child_journals.h"
#include "sdk/run_state.h"

namespace runstone {

struct RunState::Recovered {
  std::optional<protocol::ExitRecord> exit;
  bool summary_lags = false;  // rows of children came after the last summary record
};

Result<void> merge_children(const std::string& run_directory, const std::string& journal_path) {
  return RunState::merge_children(run_directory, journal_path);
}

void RunState::recover_row(const protocol::HistoryRecord& row) {
  for (const auto& item : row.items) {
    const auto value = protocol::item_value(item);
    if (!value || item.path.empty() || item.path == std::vector<std::string>{"_step"}) continue;
    summary_.observe(summary_.slot(item.path), *value);
    if (item.path.size() == 1 && item.path[0] == "_runtime") row_runtime_ = value->number_or(0);
  }
  const std::int64_t step = row.step.value_or(step_);
  summary_.observe(*step_slot_, step);
  step_ = std::max(step_, step_after(step));
}

void RunState::recover_record(const protocol::Record& record, Recovered& recovered) {
  record_num_ = std::max(record_num_, record.num);
  const auto& body = record.body;
  if (const auto* row = std::get_if<protocol::HistoryRecord>(&body)) {
    recover_row(*row);
  } else if (const auto* summary = std::get_if<protocol::SummaryRecord>(&body)) {
    for (const auto& item : summary->update) {
      const auto value = protocol::item_value(item);
      if (value) summary_.apply_record_update(item.path, *value);
    }
    for (const auto& path : summary->remove) summary_.apply_record_remove(path);
    recovered.summary_lags = false;
  } else if (const auto* metric = std::get_if<protocol::MetricRecord>(&body)) {
    const auto definition = protocol::to_definition(*metric);
    summary_.apply_metric_record(definition, metric->overwrite);
    any_step_sync_ = any_step_sync_ || definition.step_sync;
  } else if (const auto* run = std::get_if<protocol::RunRecord>(&body)) {
    step_ = std::max(step_, run->starting_step);
  } else if (const auto* exit = std::get_if<protocol::ExitRecord>(&body)) {
    recovered.exit = *exit;
  }
}

Result<RunState::Recovered> RunState::recover(const std::string& journal_path) {
  RUNSTONE_TRY(auto reader, journal::JournalReader::open(fs::real_file_system(), journal_path));
  Recovered recovered;
  std::string_view bytes;
  while (true) {
    RUNSTONE_TRY(const auto outcome, reader.next(bytes));
    if (outcome != journal::ReadOutcome::kRecord) break;
    ++record_num_;  // for a record that a newer version wrote; those we can read say it themselves
    const auto record = protocol::decode_record(bytes);
    if (record) recover_record(*record, recovered);
    if (const auto mark = find_child_marker(bytes)) {
      children_->mark_taken(*mark);
      recovered.summary_lags = true;
    }
  }
  // So that what is written now is not said to be later than the rows.
  start_monotonic_us_ = system_clock().monotonic_us() - us_of_seconds(row_runtime_.value_or(0));
  row_runtime_.reset();
  return recovered;
}

Result<void> RunState::merge_children(const std::string& run_directory,
                                      const std::string& journal_path) {
  fs::FileSystem& disk = fs::real_file_system();
  const std::string children = run_directory + "/children";
  const auto names = disk.list(children);
  if (!names || names->empty()) return {};
  for (const std::string& name : *names) {
    RUNSTONE_TRY(const bool alive, disk.is_locked(children + "/" + name));
    if (alive) {
      return fail(ErrorCode::kConflict, children + "/" + name +
                                            " is still being written by a process that the run "
                                            "forked; sync again when it has ended");
    }
  }
  InitPlan plan;
  plan.mode = RunMode::kOffline;
  RunState run(std::move(plan), [](MessageLevel, const std::string&) {});
  run.directory_.path = run_directory;
  run.directory_.files = run_directory + "/files";
  run.children_ = std::make_unique<ChildJournals>(run_directory);
  RUNSTONE_TRY(auto journal, journal::JournalWriter::reopen(disk, journal_path));
  RUNSTONE_TRY(const auto recovered, run.recover(journal_path));
  run.journal_.emplace(std::move(journal));
  const std::int64_t records_before = run.record_num_;
  auto taken = run.children_->take_over(run, true);
  const bool took_any = run.record_num_ > records_before;
  if (took_any || recovered.summary_lags) run.flush_summary(false);
  // A reader may stop at the exit record: the run ends behind its last row, as it did before.
  if (took_any && recovered.exit) {
    const std::scoped_lock lock(run.mutex_);
    run.append_record(*recovered.exit);
  }
  run.write_console_file();
  const auto closed = std::move(*run.journal_).close();
  run.journal_.reset();
  if (run.lost_records_ > 0) return fail(ErrorCode::kResourceExhausted, run.loss_reason_);
  if (!closed) return fail(closed.error());
  return taken;
}

}  // namespace runstone
