#include <string>

#include <protozero/pbf_writer.hpp>

#include "base/json.h"
#include "protocol/record.h"
#include "protocol/record_environment.h"
#include "protocol/record_fields.h"

namespace runstone::protocol {

namespace {

using protozero::pbf_writer;
using Path = std::vector<std::string>;

/// proto3: what has its default value is not written.
void add_text(pbf_writer& writer, std::uint32_t field, const std::string& text) {
  if (!text.empty()) writer.add_string(field, text);
}
void add_texts(pbf_writer& writer, std::uint32_t field, const std::vector<std::string>& texts) {
  for (const auto& text : texts) writer.add_string(field, text);
}
void add_flag(pbf_writer& writer, std::uint32_t field, bool flag) {
  if (flag) writer.add_bool(field, true);
}
void add_int(pbf_writer& writer, std::uint32_t field, std::int64_t number) {
  if (number != 0) writer.add_int64(field, number);
}
using Pairs = std::vector<std::pair<std::string, std::string>>;
void add_pairs(pbf_writer& writer, std::uint32_t field, const Pairs& pairs,
               std::uint32_t value_field) {
  for (const auto& [key, json] : pairs) {
    pbf_writer pair(writer, field);
    pair.add_string(1, key);
    pair.add_string(value_field, json);
  }
}

void write_path(pbf_writer& item, const Path& path) {
  if (path.size() == 1)
    item.add_string(1, path.front());
  else
    add_texts(item, 2, path);
}

void write_typed(pbf_writer& item, const ItemValue& value) {
  if (std::holds_alternative<std::nullptr_t>(value)) item.add_enum(3, 0);
  if (const auto* flag = std::get_if<bool>(&value)) item.add_bool(4, *flag);
  if (const auto* number = std::get_if<std::int64_t>(&value)) item.add_sint64(5, *number);
  if (const auto* number = std::get_if<double>(&value)) item.add_double(6, *number);
  if (const auto* text = std::get_if<std::string>(&value)) item.add_string(7, *text);
  if (const auto* json = std::get_if<JsonText>(&value)) item.add_string(8, json->text);
}

void write(pbf_writer& body, const HistoryRecord& history) {
  for (const auto& one : history.items) {
    pbf_writer item(body, 1);
    write_path(item, one.path);
    write_typed(item, one.value);
  }
  if (history.step) {
    pbf_writer step(body, 2);
    step.add_int64(1, *history.step);
  }
}

/// Summary and config alike. Their items know JSON text only: a typed one is dropped by the peer.
template <typename Update>
void write_update(pbf_writer& body, const Update& record) {
  for (const auto& one : record.update) {
    pbf_writer item(body, 1);
    write_path(item, one.path);
    std::string json;
    append_item_json(json, one);
    item.add_string(16, json);
  }
  for (const auto& path : record.remove) {
    pbf_writer item(body, 2);
    write_path(item, path);
  }
}
void write(pbf_writer& body, const SummaryRecord& summary) { write_update(body, summary); }
void write(pbf_writer& body, const ConfigRecord& config) { write_update(body, config); }

void write(pbf_writer& body, const HeaderRecord& header) {
  pbf_writer version(body, 1);
  add_text(version, 1, header.producer);
  add_text(version, 2, header.min_consumer);
}

void write(pbf_writer& body, const RunRecord& run, std::string& bytes) {
  add_text(body, 1, run.run_id);
  add_text(body, 2, run.entity);
  add_text(body, 3, run.project);
  if (!run.config.update.empty()) {
    pbf_writer config(body, 4);
    write(config, run.config);
  }
  if (!run.summary.update.empty()) {
    pbf_writer summary(body, 5);
    write(summary, run.summary);
  }
  add_text(body, 6, run.run_group);
  add_text(body, 7, run.job_type);
  add_text(body, 8, run.display_name);
  add_text(body, 9, run.notes);
  add_texts(body, 10, run.tags);
  add_text(body, 12, run.sweep_id);
  add_text(body, 13, run.host);
  add_int(body, 14, run.starting_step);
  add_text(body, 16, run.storage_id);
  write_timestamp(bytes, 17, run.start_time_us);
  add_flag(body, 18, run.resumed);
  add_int(body, 20, run.runtime_secs);
  if (!run.git_remote_url.empty() || !run.git_commit.empty()) {
    pbf_writer git(body, 21);
    add_text(git, 1, run.git_remote_url);
    add_text(git, 2, run.git_commit);
  }
  add_flag(body, 22, run.forked);
  if (run.branch_point) {
    pbf_writer branch_point(body, 23);
    add_text(branch_point, 1, run.branch_point->run);
    branch_point.add_double(2, run.branch_point->value);
    add_text(branch_point, 3, run.branch_point->metric);
  }
  add_flag(body, 24, run.resume);
  if (run.writer) {
    pbf_writer writer(body, kWriterField);
    add_int(writer, 1, run.writer->first_history_line);
    add_int(writer, 2, run.writer->first_event_line);
    add_int(writer, 3, run.writer->first_console_line);
    add_text(writer, 4, run.writer->shared_id);
    add_text(writer, 5, run.writer->label);
    add_flag(writer, 6, run.writer->is_secondary);
    add_flag(writer, 7, run.writer->leaves_state);
    add_texts(writer, 8, run.writer->ignored_files);
  }
}

void write(pbf_writer& body, const MetricRecord& metric) {
  add_text(body, 1, metric.name);
  add_text(body, 2, metric.glob_name);
  add_text(body, 4, metric.step_metric);
  add_int(body, 5, metric.step_metric_index);
  {
    pbf_writer options(body, 6);
    add_flag(options, 1, metric.step_sync);
    add_flag(options, 2, metric.hidden);
    add_flag(options, 3, metric.defined);
  }
  {
    pbf_writer summary(body, 7);
    add_flag(summary, 1, metric.summary_min);
    add_flag(summary, 2, metric.summary_max);
    add_flag(summary, 3, metric.summary_mean);
    add_flag(summary, 4, metric.summary_best);
    add_flag(summary, 5, metric.summary_last);
    add_flag(summary, 6, metric.summary_none);
    add_flag(summary, 7, metric.summary_copy);
    add_flag(summary, 8, metric.summary_first);
  }
  if (metric.goal != MetricRecord::Goal::kUnset) {
    body.add_enum(8, static_cast<std::int32_t>(metric.goal));
  }
  if (metric.overwrite) {
    pbf_writer control(body, 9);
    control.add_bool(1, true);
  }
  add_flag(body, 10, metric.expanded_from_glob);
}

void write(pbf_writer& body, const OutputRawRecord& output, std::string& bytes) {
  if (!output.is_stderr) body.add_enum(1, 1);
  write_timestamp(bytes, 2, output.timestamp_us);
  add_text(body, 3, output.text);
}

void write(pbf_writer& body, const FilesRecord& files) {
  for (const auto& one : files.files) {
    pbf_writer file(body, 1);
    add_text(file, 1, one.path);
    add_int(file, 2, static_cast<std::int64_t>(one.policy));
    add_int(file, 3, static_cast<std::int64_t>(one.type));
  }
}

void write(pbf_writer& body, const StatsRecord& stats, std::string& bytes) {
  write_timestamp(bytes, 2, stats.timestamp_us);
  add_pairs(body, 3, stats.items, 16);
}

void write(pbf_writer& body, const ExitRecord& exit) {
  add_int(body, 1, exit.exit_code);
  add_int(body, 2, exit.runtime_secs);
  add_flag(body, 3, exit.not_complete);
}

void write(pbf_writer& body, const TelemetryRecord& telemetry) {
  add_text(body, 4, telemetry.python_version);
  add_text(body, 5, telemetry.client_version);
  add_text(body, 12, telemetry.core_version);
  add_text(body, 13, telemetry.platform);
}

void write(pbf_writer& body, const AlertRecord& alert) {
  add_text(body, 1, alert.title);
  add_text(body, 2, alert.text);
  add_text(body, 3, alert.level);
  add_int(body, 4, alert.wait_duration_ms);
}

void write(pbf_writer& body, const TensorboardRecord& tensorboard) {
  add_text(body, 1, tensorboard.log_dir);
  add_flag(body, 2, tensorboard.save);
  add_text(body, 3, tensorboard.root_dir);
}

void write(pbf_writer& body, const ArtifactManifest& manifest) {
  add_int(body, 1, manifest.version);
  add_text(body, 2, manifest.storage_policy);
  add_pairs(body, 3, manifest.storage_policy_config, 2);
  for (const auto& one : manifest.contents) {
    pbf_writer entry(body, 4);
    add_text(entry, 1, one.path);
    add_text(entry, 2, one.digest);
    add_text(entry, 3, one.ref);
    add_int(entry, 4, one.size_bytes);
    add_text(entry, 5, one.mimetype);
    add_text(entry, 6, one.local_path);
    add_text(entry, 7, one.birth_artifact_id);
    add_flag(entry, 8, one.skip_cache);
    add_pairs(entry, 16, one.extra, 2);
  }
  add_text(body, 5, manifest.manifest_file_path);
}

void write(pbf_writer& body, const ArtifactRecord& artifact) {
  add_text(body, 1, artifact.run_id);
  add_text(body, 2, artifact.project);
  add_text(body, 3, artifact.entity);
  add_text(body, 4, artifact.type);
  add_text(body, 5, artifact.name);
  add_text(body, 6, artifact.digest);
  add_text(body, 7, artifact.description);
  add_text(body, 8, artifact.metadata_json);
  add_flag(body, 9, artifact.user_created);
  add_flag(body, 10, artifact.use_after_commit);
  add_texts(body, 11, artifact.aliases);
  {
    pbf_writer manifest(body, 12);
    write(manifest, artifact.manifest);
  }
  add_text(body, 13, artifact.distributed_id);
  add_flag(body, 14, artifact.finalize);
  add_text(body, 15, artifact.client_id);
  add_text(body, 16, artifact.sequence_client_id);
  add_text(body, 17, artifact.base_id);
  add_int(body, 18, artifact.ttl_duration_secs);
  add_texts(body, 19, artifact.tags);
  add_text(body, 20, artifact.digest_algorithm);
  add_flag(body, 100, artifact.incremental);
}

void write(pbf_writer& body, const UseArtifactRecord& use) {
  add_text(body, 1, use.id);
  add_text(body, 2, use.type);
  add_text(body, 3, use.name);
}

void write(pbf_writer& body, const OutputLoggerRecord& output) { add_text(body, 1, output.line); }
void write(pbf_writer&, const PreemptingRecord&) {}

/// The field of each body in Record, in the order of RecordBody.
constexpr std::uint32_t kFields[] = {0, 21, 17, 5,  3,  2,  12, 13, 27, 6,
                                     7, 26, 18, 11, 10, 23, 9,  8,  25};
static_assert(std::size(kFields) == std::variant_size_v<RecordBody>);

struct EncodeBody {
  std::string& bytes;
  void operator()(const OtherRecord&) const {}
  void operator()(const EnvironmentRecord& record) const {
    bytes = encode_environment(record.metadata);
  }
  template <typename Body>
  void operator()(const Body& record) const {
    pbf_writer writer(bytes);
    if constexpr (requires { write(writer, record, bytes); })
      write(writer, record, bytes);
    else
      write(writer, record);
  }
};

}  // namespace

void encode_number(std::string& out, std::int64_t num) {
  pbf_writer writer(out);
  add_int(writer, 1, num);
}

void encode_body(std::string& out, const RecordBody& body) {
  const auto field = kFields[body.index()];
  if (field == 0) return;
  std::string bytes;
  std::visit(EncodeBody{bytes}, body);
  pbf_writer writer(out);
  writer.add_message(field, bytes);
}

void encode_record(std::string& out, const Record& record) {
  encode_number(out, record.num);
  encode_body(out, record.body);
}

}  // namespace runstone::protocol
