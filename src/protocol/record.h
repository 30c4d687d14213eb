#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::protocol {

// One record of a `.wandb` journal: docs/format/journal.md, section "Records". The structs hold
// what a reader of a journal uses; fields and record kinds that are not here are skipped when read.

/// The JSON text of a value; NaN and the infinities are bare tokens in it.
struct JsonText {
  std::string text;
  friend bool operator==(const JsonText&, const JsonText&) = default;
};
/// nullptr is an explicit null.
using ItemValue = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, JsonText>;

/// A value at a key path. `key` and a `nested_key` of one label are the same thing.
struct RecordItem {
  std::vector<std::string> path;
  ItemValue value = nullptr;
  friend bool operator==(const RecordItem&, const RecordItem&) = default;
};
/// The value itself, JSON text parsed. Errors: kInvalidArgument if the text is no JSON.
Result<Value> item_value(const RecordItem& item);
/// The value as JSON text, appended; JSON text goes through unchanged.
void append_item_json(std::string& out, const RecordItem& item);

struct HeaderRecord {
  std::string producer;
  std::string min_consumer;
};
struct HistoryRecord {
  std::vector<RecordItem> items;
  std::optional<std::int64_t> step;  ///< step.num; `_step` among the items, if there, says the same
};
struct SummaryRecord {
  std::vector<RecordItem> update;
  std::vector<std::vector<std::string>> remove;  ///< key paths
};
struct ConfigRecord {
  std::vector<RecordItem> update;
  std::vector<std::vector<std::string>> remove;
};
struct BranchPoint {
  std::string run;
  double value = 0;    ///< the last step kept
  std::string metric;  ///< "_step"
};
/// What only our own reader needs to send a journal's lines to the places that its writer meant.
struct WriterRecord {
  /// Numbers of the first lines: those before them are of earlier writers of the run.
  std::int64_t first_history_line = 0, first_event_line = 0, first_console_line = 0;
  std::string shared_id;  ///< of a writer of a shared run; its lines have no numbers on the server
  std::string label;      ///< setting x_label
  bool is_secondary = false;               ///< the setting x_primary is off
  bool leaves_state = false;               ///< the setting x_update_finish_state is off
  std::vector<std::string> ignored_files;  ///< setting ignore_globs
  bool is_shared() const { return !shared_id.empty(); }
  std::string console_name() const { return "output_" + label + ".log"; }
  friend bool operator==(const WriterRecord&, const WriterRecord&) = default;
};
struct RunRecord {
  std::string run_id;
  std::string entity;
  std::string project;
  ConfigRecord config;
  SummaryRecord summary;
  std::string run_group;
  std::string job_type;
  std::string display_name;
  std::string notes;
  std::vector<std::string> tags;
  std::string sweep_id;
  std::string host;
  std::int64_t starting_step = 0;
  std::string storage_id;
  std::int64_t start_time_us = 0;  ///< 0: not said
  bool resumed = false;
  std::int32_t runtime_secs = 0;
  std::string git_remote_url;
  std::string git_commit;
  bool forked = false;
  std::optional<BranchPoint> branch_point;
  bool resume = false;
  std::optional<WriterRecord> writer;  ///< ours; absent in the stock client's journals
};
struct MetricRecord {
  std::string name;
  std::string glob_name;
  std::string step_metric;
  std::int32_t step_metric_index = 0;
  bool step_sync = false;
  bool hidden = false;
  bool defined = false;  ///< by define_metric, not by being logged
  bool summary_min = false;
  bool summary_max = false;
  bool summary_mean = false;
  bool summary_best = false;
  bool summary_last = false;
  bool summary_none = false;
  bool summary_copy = false;
  bool summary_first = false;
  enum class Goal { kUnset = 0, kMinimize = 1, kMaximize = 2 } goal = Goal::kUnset;
  bool overwrite = false;
  bool expanded_from_glob = false;
};
struct OutputRawRecord {
  bool is_stderr = false;
  std::int64_t timestamp_us = 0;
  std::string
      text;  ///< any fragment, with its newlines; the old "output" kind is read as this, too
};
struct OutputLoggerRecord {
  std::string line;
};
struct FilesRecord {
  enum class Policy { kNow = 0, kEnd = 1, kLive = 2 };
  enum class Type { kOther = 0, kWandb = 1, kMedia = 2, kArtifact = 3 };
  struct File {
    std::string path;  ///< relative to files/; may be a glob
    Policy policy = Policy::kNow;
    Type type = Type::kOther;
  };
  std::vector<File> files;
};
struct StatsRecord {
  std::int64_t timestamp_us = 0;
  std::vector<std::pair<std::string, std::string>> items;  ///< key, JSON text
};
/// The facts of wandb-metadata.json under its names ("cpu_count", "git": {"remote", "commit"},
/// ...): merge one record after another into one dict. 64-bit sizes are text, as in that file.
struct EnvironmentRecord {
  Dict metadata;
};
struct ExitRecord {
  std::int32_t exit_code = 0;
  std::int32_t runtime_secs = 0;
  bool not_complete = false;
};
struct TelemetryRecord {
  std::string python_version;
  std::string client_version;
  std::string core_version;
  std::string platform;
};
struct AlertRecord {
  std::string title;
  std::string text;
  std::string level;
  std::int64_t wait_duration_ms = 0;
};
struct PreemptingRecord {};
struct TensorboardRecord {
  std::string log_dir;
  bool save = false;
  std::string root_dir;
};
struct ManifestEntry {
  std::string path;
  std::string digest;
  std::string ref;
  std::int64_t size_bytes = 0;
  std::string mimetype;
  std::string local_path;
  std::string birth_artifact_id;
  bool skip_cache = false;
  std::vector<std::pair<std::string, std::string>> extra;  ///< key, JSON text
};
struct ArtifactManifest {
  std::int32_t version = 0;
  std::string storage_policy;
  std::vector<std::pair<std::string, std::string>> storage_policy_config;  ///< key, JSON text
  std::vector<ManifestEntry> contents;
  std::string manifest_file_path;
};
struct ArtifactRecord {
  std::string run_id;
  std::string project;
  std::string entity;
  std::string type;
  std::string name;
  std::string digest;
  std::string description;
  std::string metadata_json;
  bool user_created = false;
  bool use_after_commit = false;
  std::vector<std::string> aliases;
  ArtifactManifest manifest;
  std::string distributed_id;
  bool finalize = false;
  std::string client_id;
  std::string sequence_client_id;
  std::string base_id;
  std::int64_t ttl_duration_secs = 0;
  std::vector<std::string> tags;
  std::string digest_algorithm;
  bool incremental = false;
  /// Not of the journal's record but of its place there: the step that the run had come to.
  std::optional<std::int64_t> history_step;
};
struct UseArtifactRecord {
  std::string id;
  std::string type;
  std::string name;
};
/// A kind that this version does not know or has no use for (final, footer, control, request, ...).
struct OtherRecord {
  std::uint32_t field = 0;  ///< the number in Record; 0 if there was none
};

using RecordBody =
    std::variant<OtherRecord, HeaderRecord, RunRecord, ConfigRecord, SummaryRecord, HistoryRecord,
                 MetricRecord, OutputRawRecord, OutputLoggerRecord, FilesRecord, StatsRecord,
                 EnvironmentRecord, ExitRecord, TelemetryRecord, AlertRecord, PreemptingRecord,
                 TensorboardRecord, ArtifactRecord, UseArtifactRecord>;
struct Record {
  std::int64_t num = 0;  ///< 1, 2, 3, ... in a journal
  RecordBody body;
};

/// The record as journal bytes, appended to `out`. History items are written typed; use
/// HistoryEncoder where speed counts. OtherRecord gives a record with its number only.
void encode_record(std::string& out, const Record& record);
/// The two halves of it: for a body whose number is known later.
void encode_number(std::string& out, std::int64_t num);
void encode_body(std::string& out, const RecordBody& body);
/// Errors: kCorrupt for bytes that are no protobuf message. Unknown fields are skipped.
Result<Record> decode_record(std::string_view bytes);

}  // namespace runstone::protocol
