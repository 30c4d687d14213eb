#include <string>

#include <protozero/pbf_reader.hpp>

#include "base/json.h"
#include "protocol/record.h"
#include "protocol/record_environment.h"
#include "protocol/record_fields.h"

namespace runstone::protocol {

namespace {

using protozero::pbf_reader;

/// Values are nested as deep as their paths are long, and whoever walks them needs as much stack.
constexpr std::size_t kPathLabelsMax = json::kMaxDepth;

// Each of these reads the current field if it has the right number and wire type, and says so.
bool take(pbf_reader& message, std::uint32_t field, std::string& to) {
  if (!is_bytes(message, field)) return false;
  to = read_text(message);
  return true;
}
/// A place on this machine's disk, which may have a name of any bytes; it is not sent.
bool take_path(pbf_reader& message, std::uint32_t field, std::string& to) {
  if (!is_bytes(message, field)) return false;
  to = message.get_string();
  return true;
}
bool take(pbf_reader& message, std::uint32_t field, std::vector<std::string>& to) {
  if (!is_bytes(message, field)) return false;
  to.push_back(read_text(message));
  return true;
}
bool take(pbf_reader& message, std::uint32_t field, bool& to) {
  if (!is_varint(message, field)) return false;
  to = message.get_uint64() != 0;
  return true;
}
bool take(pbf_reader& message, std::uint32_t field, std::int64_t& to) {
  if (!is_varint(message, field)) return false;
  to = message.get_int64();
  return true;
}
bool take(pbf_reader& message, std::uint32_t field, std::int32_t& to) {
  if (!is_varint(message, field)) return false;
  to = static_cast<std::int32_t>(message.get_int64());
  return true;
}
bool take(pbf_reader& message, std::uint32_t field, double& to) {
  if (message.tag() != field || message.wire_type() != protozero::pbf_wire_type::fixed64) {
    return false;
  }
  to = message.get_double();
  return true;
}
bool take_time(pbf_reader& message, std::uint32_t field, std::int64_t& to) {
  if (!is_bytes(message, field)) return false;
  to = read_timestamp(message.get_message());
  return true;
}
template <typename Read>
bool take_message(pbf_reader& message, std::uint32_t field, const Read& read) {
  if (!is_bytes(message, field)) return false;
  read(message.get_message());
  return true;
}

/// Calls `field(message)` for each field; what it does not take is skipped.
template <typename Field>
void for_each_field(pbf_reader message, const Field& field) {
  while (message.next()) {
    if (!field(message)) message.skip();
  }
}

bool take_value(pbf_reader& message, ItemValue& to) {
  using Wire = protozero::pbf_wire_type;
  switch (message.tag_and_type()) {
    case protozero::tag_and_type(3, Wire::varint):
      message.skip();
      to = nullptr;
      return true;
    case protozero::tag_and_type(4, Wire::varint):
      to = message.get_uint64() != 0;
      return true;
    case protozero::tag_and_type(5, Wire::varint):
      to = std::int64_t{message.get_sint64()};
      return true;
    case protozero::tag_and_type(6, Wire::fixed64):
      to = message.get_double();
      return true;
    case protozero::tag_and_type(7, Wire::length_delimited):
      to = read_text(message);
      return true;
    case protozero::tag_and_type(8, Wire::length_delimited):
    case protozero::tag_and_type(16, Wire::length_delimited):
      to = JsonText{read_text(message)};
      return true;
    default:
      return false;
  }
}

RecordItem read_item(pbf_reader bytes) {
  RecordItem item;
  bool is_nested = false;
  for_each_field(bytes, [&](pbf_reader& field) {
    if (is_bytes(field, 2)) {
      if (!is_nested) item.path.clear();  // nested_key says more than key, should both be there
      is_nested = true;
      if (item.path.size() == kPathLabelsMax) throw UnreadableRecord("a key of too many labels");
      item.path.push_back(read_text(field));
      return true;
    }
    if (is_bytes(field, 1)) {
      if (is_nested) return false;
      item.path.assign(1, read_text(field));
      return true;
    }
    return take_value(field, item.value);
  });
  if (item.path.empty()) item.path.emplace_back();  // proto3 does not write an empty key
  return item;
}

void read(pbf_reader bytes, HistoryRecord& history) {
  for_each_field(bytes, [&](pbf_reader& field) {
    return take_message(field, 1,
                        [&](pbf_reader item) { history.items.push_back(read_item(item)); }) ||
           take_message(field, 2, [&](pbf_reader step) {
             std::int64_t number = 0;
             for_each_field(step, [&](pbf_reader& f) { return take(f, 1, number); });
             history.step = number;
           });
  });
}

template <typename Update>
void read_update(pbf_reader bytes, Update& record) {
  for_each_field(bytes, [&](pbf_reader& field) {
    return take_message(field, 1,
                        [&](pbf_reader item) { record.update.push_back(read_item(item)); }) ||
           take_message(field, 2,
                        [&](pbf_reader item) { record.remove.push_back(read_item(item).path); });
  });
}
void read(pbf_reader bytes, SummaryRecord& summary) { read_update(bytes, summary); }
void read(pbf_reader bytes, ConfigRecord& config) { read_update(bytes, config); }

void read(pbf_reader bytes, HeaderRecord& header) {
  for_each_field(bytes, [&](pbf_reader& field) {
    return take_message(field, 1, [&](pbf_reader version) {
      for_each_field(version, [&](pbf_reader& f) {
        return take(f, 1, header.producer) || take(f, 2, header.min_consumer);
      });
    });
  });
}

void read(pbf_reader bytes, RunRecord& run) {
  const auto read_git = [&](pbf_reader git) {
    for_each_field(git, [&](pbf_reader& f) {
      return take(f, 1, run.git_remote_url) || take(f, 2, run.git_commit);
    });
  };
  const auto read_branch_point = [&](pbf_reader branch_point) {
    auto& to = run.branch_point.emplace();
    for_each_field(branch_point, [&](pbf_reader& f) {
      return take(f, 1, to.run) || take(f, 2, to.value) || take(f, 3, to.metric);
    });
  };
  const auto read_writer = [&](pbf_reader writer) {
    auto& to = run.writer.emplace();
    for_each_field(writer, [&](pbf_reader& f) {
      return take(f, 1, to.first_history_line) || take(f, 2, to.first_event_line) ||
             take(f, 3, to.first_console_line) || take(f, 4, to.shared_id) ||
             take(f, 5, to.label) || take(f, 6, to.is_secondary) || take(f, 7, to.leaves_state) ||
             take(f, 8, to.ignored_files);
    });
  };
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 1, run.run_id) || take(f, 2, run.entity) || take(f, 3, run.project) ||
           take_message(f, 4, [&](pbf_reader config) { read(config, run.config); }) ||
           take_message(f, 5, [&](pbf_reader summary) { read(summary, run.summary); }) ||
           take(f, 6, run.run_group) || take(f, 7, run.job_type) || take(f, 8, run.display_name) ||
           take(f, 9, run.notes) || take(f, 10, run.tags) || take(f, 12, run.sweep_id) ||
           take(f, 13, run.host) || take(f, 14, run.starting_step) || take(f, 16, run.storage_id) ||
           take_time(f, 17, run.start_time_us) || take(f, 18, run.resumed) ||
           take(f, 20, run.runtime_secs) || take_message(f, 21, read_git) ||
           take(f, 22, run.forked) || take_message(f, 23, read_branch_point) ||
           take(f, 24, run.resume) || take_message(f, kWriterField, read_writer);
  });
}

void read(pbf_reader bytes, MetricRecord& metric) {
  const auto read_options = [&](pbf_reader options) {
    for_each_field(options, [&](pbf_reader& f) {
      return take(f, 1, metric.step_sync) || take(f, 2, metric.hidden) ||
             take(f, 3, metric.defined);
    });
  };
  const auto read_summary = [&](pbf_reader summary) {
    for_each_field(summary, [&](pbf_reader& f) {
      return take(f, 1, metric.summary_min) || take(f, 2, metric.summary_max) ||
             take(f, 3, metric.summary_mean) || take(f, 4, metric.summary_best) ||
             take(f, 5, metric.summary_last) || take(f, 6, metric.summary_none) ||
             take(f, 7, metric.summary_copy) || take(f, 8, metric.summary_first);
    });
  };
  const auto read_control = [&](pbf_reader control) {
    for_each_field(control, [&](pbf_reader& f) { return take(f, 1, metric.overwrite); });
  };
  std::int32_t goal = 0;
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 1, metric.name) || take(f, 2, metric.glob_name) ||
           take(f, 4, metric.step_metric) || take(f, 5, metric.step_metric_index) ||
           take_message(f, 6, read_options) || take_message(f, 7, read_summary) ||
           take(f, 8, goal) || take_message(f, 9, read_control) ||
           take(f, 10, metric.expanded_from_glob);
  });
  if (goal == 1 || goal == 2) metric.goal = static_cast<MetricRecord::Goal>(goal);
}

void read(pbf_reader bytes, OutputRawRecord& output) {
  std::int32_t type = 0;
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 1, type) || take_time(f, 2, output.timestamp_us) || take(f, 3, output.text);
  });
  output.is_stderr = type == 0;
}

void read(pbf_reader bytes, FilesRecord& files) {
  const auto read_file = [&](pbf_reader file) {
    auto& to = files.files.emplace_back();
    std::int32_t policy = 0;
    std::int32_t type = 0;
    for_each_field(file, [&](pbf_reader& f) {
      return take(f, 1, to.path) || take(f, 2, policy) || take(f, 3, type);
    });
    if (policy >= 0 && policy <= 2) to.policy = static_cast<FilesRecord::Policy>(policy);
    if (type >= 0 && type <= 3) to.type = static_cast<FilesRecord::Type>(type);
  };
  for_each_field(bytes, [&](pbf_reader& field) { return take_message(field, 1, read_file); });
}

using Pairs = std::vector<std::pair<std::string, std::string>>;
bool take_pair(pbf_reader& message, std::uint32_t field, Pairs& pairs, std::uint32_t value_field) {
  return take_message(message, field, [&](pbf_reader pair) {
    auto& to = pairs.emplace_back();
    for_each_field(pair, [&](pbf_reader& f) {
      return take(f, 1, to.first) || take(f, value_field, to.second);
    });
  });
}

void read(pbf_reader bytes, StatsRecord& stats) {
  for_each_field(bytes, [&](pbf_reader& f) {
    return take_time(f, 2, stats.timestamp_us) || take_pair(f, 3, stats.items, 16);
  });
}
void read(pbf_reader bytes, EnvironmentRecord& environment) {
  const auto data = bytes.data();
  environment.metadata = decode_environment({data.data(), data.size()});
}
void read(pbf_reader bytes, ExitRecord& exit) {
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 1, exit.exit_code) || take(f, 2, exit.runtime_secs) ||
           take(f, 3, exit.not_complete);
  });
}
void read(pbf_reader bytes, TelemetryRecord& telemetry) {
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 4, telemetry.python_version) || take(f, 5, telemetry.client_version) ||
           take(f, 12, telemetry.core_version) || take(f, 13, telemetry.platform);
  });
}
void read(pbf_reader bytes, AlertRecord& alert) {
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 1, alert.title) || take(f, 2, alert.text) || take(f, 3, alert.level) ||
           take(f, 4, alert.wait_duration_ms);
  });
}
void read(pbf_reader bytes, TensorboardRecord& tensorboard) {
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 1, tensorboard.log_dir) || take(f, 2, tensorboard.save) ||
           take(f, 3, tensorboard.root_dir);
  });
}

void read(pbf_reader bytes, ArtifactManifest& manifest) {
  const auto read_entry = [&](pbf_reader entry) {
    auto& to = manifest.contents.emplace_back();
    for_each_field(entry, [&](pbf_reader& f) {
      return take(f, 1, to.path) || take(f, 2, to.digest) || take(f, 3, to.ref) ||
             take(f, 4, to.size_bytes) || take(f, 5, to.mimetype) ||
             take_path(f, 6, to.local_path) || take(f, 7, to.birth_artifact_id) ||
             take(f, 8, to.skip_cache) || take_pair(f, 16, to.extra, 2);
    });
  };
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 1, manifest.version) || take(f, 2, manifest.storage_policy) ||
           take_pair(f, 3, manifest.storage_policy_config, 2) || take_message(f, 4, read_entry) ||
           take(f, 5, manifest.manifest_file_path);
  });
}

void read(pbf_reader bytes, ArtifactRecord& artifact) {
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 1, artifact.run_id) || take(f, 2, artifact.project) ||
           take(f, 3, artifact.entity) || take(f, 4, artifact.type) || take(f, 5, artifact.name) ||
           take(f, 6, artifact.digest) || take(f, 7, artifact.description) ||
           take(f, 8, artifact.metadata_json) || take(f, 9, artifact.user_created) ||
           take(f, 10, artifact.use_after_commit) || take(f, 11, artifact.aliases) ||
           take_message(f, 12, [&](pbf_reader manifest) { read(manifest, artifact.manifest); }) ||
           take(f, 13, artifact.distributed_id) || take(f, 14, artifact.finalize) ||
           take(f, 15, artifact.client_id) || take(f, 16, artifact.sequence_client_id) ||
           take(f, 17, artifact.base_id) || take(f, 18, artifact.ttl_duration_secs) ||
           take(f, 19, artifact.tags) || take(f, 20, artifact.digest_algorithm) ||
           take(f, 100, artifact.incremental);
  });
}
void read(pbf_reader bytes, UseArtifactRecord& use) {
  for_each_field(bytes, [&](pbf_reader& f) {
    return take(f, 1, use.id) || take(f, 2, use.type) || take(f, 3, use.name);
  });
}
void read(pbf_reader bytes, OutputLoggerRecord& output) {
  for_each_field(bytes, [&](pbf_reader& f) { return take(f, 1, output.line); });
}
void read(pbf_reader, PreemptingRecord&) {}

template <typename Body>
RecordBody body_of(pbf_reader bytes) {
  Body body;
  read(bytes, body);
  return body;
}

RecordBody read_body(std::uint32_t field, pbf_reader bytes) {
  switch (field) {
    case 2:
      return body_of<HistoryRecord>(bytes);
    case 3:
      return body_of<SummaryRecord>(bytes);
    case 4:
    case 13:
      return body_of<OutputRawRecord>(bytes);
    case 5:
      return body_of<ConfigRecord>(bytes);
    case 6:
      return body_of<FilesRecord>(bytes);
    case 7:
      return body_of<StatsRecord>(bytes);
    case 8:
      return body_of<ArtifactRecord>(bytes);
    case 9:
      return body_of<TensorboardRecord>(bytes);
    case 10:
      return body_of<AlertRecord>(bytes);
    case 11:
      return body_of<TelemetryRecord>(bytes);
    case 12:
      return body_of<MetricRecord>(bytes);
    case 17:
      return body_of<RunRecord>(bytes);
    case 18:
      return body_of<ExitRecord>(bytes);
    case 21:
      return body_of<HeaderRecord>(bytes);
    case 23:
      return body_of<PreemptingRecord>(bytes);
    case 25:
      return body_of<UseArtifactRecord>(bytes);
    case 26:
      return body_of<EnvironmentRecord>(bytes);
    case 27:
      return body_of<OutputLoggerRecord>(bytes);
    default:
      return OtherRecord{field};
  }
}

Record read_record(std::string_view bytes) {
  Record record;
  pbf_reader message(bytes.data(), bytes.size());
  while (message.next()) {
    constexpr std::uint32_t kUuid = 19;
    constexpr std::uint32_t kInfo = 200;
    if (is_varint(message, 1)) {
      record.num = message.get_int64();
    } else if (message.wire_type() == protozero::pbf_wire_type::length_delimited &&
               message.tag() != kInfo && message.tag() != kUuid) {
      const auto field = message.tag();
      record.body = read_body(field, message.get_message());
    } else {
      message.skip();
    }
  }
  return record;
}

}  // namespace

Result<Record> decode_record(std::string_view bytes) {
  // protozero reports what is no protobuf by throwing; here it becomes an Error.
  try {
    return read_record(bytes);
  } catch (const protozero::exception& e) {
    return fail(ErrorCode::kCorrupt, std::string("no protobuf record: ") + e.what());
  }
}

}  // namespace runstone::protocol
