// Records of every kind that our reader knows, as fuzz_record takes them.

#include <string>
#include <utility>
#include <vector>

#include "corpus.h"
#include "protocol/record.h"
#include "sdk/child_journals.h"

using namespace runstone;

namespace {

using protocol::JsonText;

std::string behind_its_length(const std::string& record) {
  std::string bytes;
  for (const int shift : {0, 8}) bytes += static_cast<char>(record.size() >> shift & 0xff);
  return bytes + record;
}

std::string encoded(std::int64_t number, protocol::RecordBody body) {
  std::string bytes;
  protocol::encode_record(bytes, {number, std::move(body)});
  return behind_its_length(bytes);
}

protocol::HistoryRecord row() {
  protocol::HistoryRecord row;
  row.step = 3;
  row.items = {
      {{"loss"}, 0.5},
      {{"epoch"}, std::int64_t{-2}},
      {{"done"}, true},
      {{"none"}, nullptr},
      {{"note"}, std::string("caf\u00e9")},
      {{"net", "0", "weight"}, JsonText{R"({"_type":"histogram","values":[1,2],"bins":[0,1,2]})"}},
      {{"val", "acc"}, JsonText{"NaN"}}};
  return row;
}

protocol::RunRecord run() {
  protocol::RunRecord run;
  run.run_id = "ab12";
  run.entity = "alice";
  run.project = "digits";
  run.display_name = "brisk-otter-1";
  run.tags = {"a", "b"};
  run.config.update = {{{"lr"}, JsonText{"0.1"}}, {{"net", "width"}, JsonText{"[1,2]"}}};
  run.summary.update = {{{"loss"}, JsonText{"1e400"}}};
  run.start_time_us = 1'764'509'963'000'000;
  run.starting_step = 7;
  run.runtime_secs = 60;
  run.git_commit = "0123456789abcdef";
  run.branch_point = protocol::BranchPoint{"cd34", 6, "_step"};
  run.writer.emplace();
  run.writer->first_history_line = 5;
  run.writer->shared_id = "writer";
  run.writer->label = "rank0";
  return run;
}

protocol::ArtifactRecord artifact() {
  protocol::ArtifactRecord artifact;
  artifact.name = "model";
  artifact.type = "model";
  artifact.metadata_json = R"({"a":1})";
  artifact.aliases = {"latest"};
  artifact.manifest.version = 1;
  artifact.manifest.storage_policy_config = {{"storageLayout", "\"V2\""}};
  protocol::ManifestEntry entry;
  entry.path = "a/b.txt";
  entry.digest = "CY9rzUYh03PK3k6DJie09g==";
  entry.size_bytes = 4;
  entry.local_path = "/tmp/x";
  entry.extra = {{"alg", "\"MD5\""}};
  artifact.manifest.contents = {entry};
  return artifact;
}

}  // namespace

void write_records(const std::filesystem::path& folder) {
  protocol::MetricRecord metric;
  metric.name = "loss";
  metric.step_metric = "epoch";
  metric.step_sync = metric.summary_min = metric.summary_mean = true;
  metric.goal = protocol::MetricRecord::Goal::kMinimize;
  protocol::FilesRecord files;
  files.files = {
      {"config.yaml", protocol::FilesRecord::Policy::kNow, protocol::FilesRecord::Type::kWandb}};
  protocol::StatsRecord stats;
  stats.timestamp_us = 1'764'509'963'000'000;
  stats.items = {{"cpu", "12.5"}, {"gpu.0.temp", "null"}};
  protocol::EnvironmentRecord environment;
  environment.metadata = Dict{{"os", "Linux"},
                              {"startedAt", "2026-11-23T13:29:27.123456Z"},
                              {"args", List{"--lr", "0.1"}},
                              {"cpu_count", 8},
                              {"git", Dict{{"commit", "0123"}}},
                              {"disk", Dict{{"/", Dict{{"total", "100"}, {"used", "9"}}}}},
                              {"slurm", Dict{{"job_id", "7"}}}};
  const std::pair<const char*, std::string> pieces[] = {
      {"header", encoded(1, protocol::HeaderRecord{"0.31.0", "0.70.0"})},
      {"run", encoded(2, run())},
      {"row", encoded(3, row())},
      {"metric", encoded(4, metric)},
      {"console",
       encoded(5, protocol::OutputRawRecord{false, 1'764'509'963'000'000, "50%\r\x1b[31m60%\n"})},
      {"logger", encoded(6, protocol::OutputLoggerRecord{"a line\n"})},
      {"files", encoded(7, files)},
      {"stats", encoded(8, stats)},
      {"environment", encoded(9, environment)},
      {"telemetry", encoded(10, protocol::TelemetryRecord{"3.11", "0.31.0", "0.31.0", "linux"})},
      {"alert", encoded(11, protocol::AlertRecord{"title", "text", "WARN", 1000})},
      {"preempting", encoded(12, protocol::PreemptingRecord{})},
      {"artifact", encoded(13, artifact())},
      {"exit", encoded(14, protocol::ExitRecord{1, 60, false})},
      {"marked_row",
       behind_its_length(child_marker("17-abcdef.wandb", 2) + encoded(15, row()).substr(2))}};
  std::string all;
  for (const auto& [name, bytes] : pieces) {
    write_file(folder / name, bytes);
    all += bytes;
  }
  write_file(folder / "whole_run", all);
}
