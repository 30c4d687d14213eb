#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/summary_table.h"
#include "protocol/file_stream_writer.h"
#include "protocol/record.h"
#include "protocol/resume_documents.h"
#include "runstone/value.h"
#include "uplink/artifact_uploads.h"
#include "uplink/console_lines.h"

namespace runstone::uplink {

/// What a run is, rebuilt from its journal: every record applied in order. The lines that the
/// records stand for go to a request that is being filled; everything else is kept as the state
/// now. Applying the same journal twice gives the same lines with the same numbers.
class RunReplay {
 public:
  /// A longer row is left out: no server takes it. It stays in the journal, and is counted.
  static constexpr std::size_t kMaxRowBytes = 8u << 20;

  /// Lines that a server has already: counted, not produced again.
  struct Delivered {
    std::uint64_t history = 0, events = 0, console = 0;
  };
  void skip(const Delivered& delivered);
  /// Number of the run's first history line, if an earlier journal of the run holds those before
  /// it.
  void start_history_at(std::uint64_t line) { history_lines_ = first_history_line_ = line; }
  /// For a journal that was written offline, from step 0 on: it goes on from what a server has.
  /// Once its run record is known, and before any of its lines.
  void continue_from(const protocol::StoredRun& stored);

  void apply(const protocol::Record& record, protocol::FileStreamRequest& out);

  const std::optional<protocol::RunRecord>& run() const { return run_; }
  const std::optional<protocol::ExitRecord>& exit() const { return exit_; }
  ConsoleLines& console() { return console_; }
  SummaryTable& summary() { return summary_; }
  /// The run's summary as one line of JSON.
  std::string summary_json() const;
  /// {"lr":{"value":0.1},...,"_wandb":{...}}.
  Dict full_config() const;
  const Dict& metadata() const { return metadata_; }

  std::uint64_t first_history_line() const { return first_history_line_; }
  std::uint64_t history_lines() const { return history_lines_; }
  std::uint64_t own_rows() const { return history_lines_ - first_history_line_; }
  std::uint64_t event_lines() const { return event_lines_; }
  std::uint64_t dropped_lines() const { return dropped_lines_; }

  // What has changed since it was last asked.
  /// continue_from() was called: what the journal says of config and summary is not all.
  bool goes_on_from_stored() const { return goes_on_from_stored_; }
  bool take_run_changed() { return std::exchange(run_changed_, false); }
  bool summary_changed() const { return summary_changed_; }
  void clear_summary_changed() { summary_changed_ = false; }
  bool take_preempting() { return std::exchange(preempting_, false); }
  std::vector<protocol::FilesRecord::File> take_files() { return std::exchange(files_, {}); }
  std::vector<protocol::AlertRecord> take_alerts() { return std::exchange(alerts_, {}); }
  std::vector<ArtifactUploads::Record> take_artifacts() { return std::exchange(artifacts_, {}); }

 private:
  void apply_run(const protocol::RunRecord& run);
  void start_lines_at(const Delivered& first);
  void apply_config(const protocol::ConfigRecord& config);
  void apply_summary(const protocol::SummaryRecord& summary);
  std::int64_t place_of(std::int64_t own_step) const;
  void shift_own_fact(const std::vector<std::string>& path, Value& value) const;
  void apply_history(const protocol::HistoryRecord& history, protocol::FileStreamRequest& out);
  void apply_row(const protocol::HistoryRecord& history, protocol::FileStreamRequest& out);
  void apply_stats(const protocol::StatsRecord& stats, protocol::FileStreamRequest& out);
  void apply_metric(const protocol::MetricRecord& metric);
  void observe(const protocol::RecordItem& item);

  std::optional<protocol::RunRecord> run_;
  std::optional<protocol::ExitRecord> exit_;
  std::string producer_;
  protocol::TelemetryRecord telemetry_;
  Dict config_, metadata_;
  SummaryTable summary_;
  ConsoleLines console_;
  std::vector<protocol::FilesRecord::File> files_;
  std::vector<protocol::AlertRecord> alerts_;
  std::vector<ArtifactUploads::Record> artifacts_;
  std::int64_t step_reached_ = 0;  // after the last row
  Delivered delivered_;
  std::uint64_t first_history_line_ = 0, history_lines_ = 0, event_lines_ = 0;
  // Of a journal that began at step 0 and second 0 and goes on from a stored run.
  std::optional<std::int64_t> next_free_step_;
  std::optional<std::pair<std::int64_t, std::int64_t>> last_row_;  // its own step, and its place
  double runtime_shift_secs_ = 0;
  bool goes_on_from_stored_ = false;
  std::uint64_t dropped_lines_ = 0;
  std::int64_t last_time_us_ = 0;
  bool run_changed_ = false, summary_changed_ = false, preempting_ = false;
  std::string line_;  // reused from row to row
};

/// The row as one line of JSON: flat items as they come, nested ones merged into objects. `_step`
/// is `step` unless the items hold one.
void append_history_json(std::string& out, const protocol::HistoryRecord& history,
                         std::int64_t step);

}  // namespace runstone::uplink
