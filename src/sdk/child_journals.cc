#include "sdk/child_journals.h"

#include <unistd.h>

#include <algorithm>

#include <protozero/pbf_builder.hpp>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/json.h"
#include "base/random_id.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "protocol/metric_record.h"
#include "protocol/wire_field.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

// Field of Record that no version of the format uses; docs/format/journal.md lists it.
constexpr protozero::pbf_tag_type kMarkerField = 1000;
constexpr protozero::pbf_tag_type kFileField = 1;
constexpr protozero::pbf_tag_type kNumberField = 2;

std::string child_path(const std::string& run_directory) {
  return run_directory + "/children/" + std::to_string(getpid()) + "-" + random_id(6) + ".wandb";
}

}  // namespace

Result<journal::JournalWriter> make_child_journal(const std::string& run_directory) {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(run_directory + "/children"));
  journal::JournalWriterOptions options;
  options.first_window_bytes = 64 * 1024;  // a pool of workers logs little each
  return journal::JournalWriter::create(disk, child_path(run_directory), options);
}

std::string child_marker(std::string_view file_name, std::uint64_t record_number) {
  std::string bytes;
  protozero::pbf_writer record(bytes);
  protozero::pbf_writer marker(record, kMarkerField);
  marker.add_string(kFileField, file_name.data(), file_name.size());
  marker.add_uint64(kNumberField, record_number);
  marker.commit();
  return bytes;
}

std::optional<ChildMark> find_child_marker(std::string_view record) {
  // protozero throws for bytes that are no message.
  try {
    protozero::pbf_reader reader(record.data(), record.size());
    while (reader.next()) {
      if (!protocol::is_bytes(reader, kMarkerField)) {
        reader.skip();
        continue;
      }
      ChildMark mark;
      protozero::pbf_reader inside = reader.get_message();
      while (inside.next()) {
        if (protocol::is_bytes(inside, kFileField)) {
          mark.file_name = inside.get_string();
        } else if (protocol::is_varint(inside, kNumberField)) {
          mark.record_number = inside.get_uint64();
        } else {
          inside.skip();
        }
      }
      return mark;
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  return std::nullopt;
}

void ChildJournals::mark_taken(const ChildMark& mark) {
  std::uint64_t& count = sources_[mark.file_name].taken_count;
  count = std::max(count, mark.record_number);
}

Result<void> ChildJournals::take_over(RunState& run, bool at_finish) {
  const auto names = fs::real_file_system().list(directory_);
  if (!names) return {};  // no child has logged
  Result<void> all;
  for (const std::string& name : *names) {
    if (name.size() < 6 || name.substr(name.size() - 6) != ".wandb") continue;
    auto one = take_over_from(name, run, at_finish);
    if (!one) all = std::move(one);
  }
  return all;
}

Result<void> ChildJournals::take_over_from(const std::string& file_name, RunState& run,
                                           bool at_finish) {
  Source& source = sources_[file_name];
  if (!source.reader) {
    RUNSTONE_TRY(auto opened,
                 journal::JournalReader::open(fs::real_file_system(), directory_ + "/" + file_name,
                                              {.live = true}));
    source.reader.emplace(std::move(opened));
  }
  while (true) {
    if (!source.waiting) {
      std::string_view bytes;
      RUNSTONE_TRY(const auto outcome, source.reader->next(bytes));
      if (outcome != journal::ReadOutcome::kRecord) return {};
      if (++source.record_count <= source.taken_count) continue;
      auto record = protocol::decode_record(bytes);
      if (!record) continue;  // its checksum was right, so a newer version wrote it
      source.waiting = *std::move(record);
    }
    const std::string marker = child_marker(file_name, source.record_count);
    if (!run.take_child_record(*source.waiting, marker, at_finish)) return {};
    source.waiting.reset();
  }
}

bool RunState::take_child_record(const protocol::Record& record, std::string_view marker,
                                 bool at_finish) {
  const std::scoped_lock lock(mutex_);
  const auto copy = [&](auto body) {
    record_bytes_.clear();
    protocol::encode_record(record_bytes_, protocol::Record{++record_num_, std::move(body)});
    append_bytes(record_bytes_, marker);
    return true;
  };
  if (const auto* row = std::get_if<protocol::HistoryRecord>(&record.body)) {
    if (open_row_.has_data() && !at_finish) return false;
    write_open_row();
    for (const auto& item : row->items) {
      const auto value = protocol::item_value(item);
      if (!value) continue;
      const std::string path = join_key_path(item.path);
      if (path == "_runtime") row_runtime_ = value->number_or(0);
      open_row_.merge(Field(path, ValueRef(*value), true));
    }
    open_row_.mark_as_having_data();
    row_marker_.assign(marker);
    write_open_row();
    row_marker_.clear();
    row_runtime_.reset();
    return true;
  }
  if (const auto* summary = std::get_if<protocol::SummaryRecord>(&record.body)) {
    for (const auto& path : summary->remove) summary_.apply_record_remove(path);
    for (const auto& item : summary->update) {
      if (const auto value = protocol::item_value(item)) {
        summary_.apply_record_update(item.path, *value);
      }
    }
    return copy(*summary);
  }
  if (const auto* config = std::get_if<protocol::ConfigRecord>(&record.body)) {
    for (const auto& item : config->update) {
      if (auto value = protocol::item_value(item)) config_.set_path(item.path, *std::move(value));
    }
    config_dirty_ = true;
    return copy(*config);
  }
  if (const auto* console = std::get_if<protocol::OutputRawRecord>(&record.body)) {
    keep_console({console->is_stderr ? ConsolePiece::Kind::kStderr : ConsolePiece::Kind::kStdout,
                  console->timestamp_us, console->text});
    return copy(*console);
  }
  if (const auto* logged = std::get_if<protocol::OutputLoggerRecord>(&record.body)) {
    keep_console({ConsolePiece::Kind::kLine, system_clock().now_us(), logged->line});
    return copy(*logged);
  }
  if (const auto* files = std::get_if<protocol::FilesRecord>(&record.body)) return copy(*files);
  if (const auto* metric = std::get_if<protocol::MetricRecord>(&record.body)) {
    const auto definition = protocol::to_definition(*metric);
    summary_.apply_metric_record(definition, metric->overwrite);
    any_step_sync_ = any_step_sync_ || definition.step_sync;
    return copy(*metric);
  }
  if (const auto* run = std::get_if<protocol::RunRecord>(&record.body)) {
    if (!run->display_name.empty()) name_ = run->display_name, has_name_ = true;
    if (!run->notes.empty()) notes_ = run->notes, has_notes_ = true;
    if (!run->tags.empty()) tags_ = run->tags;
    // Whole, as by set_name() here. For a dead run, of which only the journal is known, the
    // child's part of it: it goes behind the whole record.
    return copy(plan_.id.empty() ? *run : run_record());
  }
  if (const auto* artifact = std::get_if<protocol::ArtifactRecord>(&record.body)) {
    return copy(*artifact);
  }
  if (const auto* used = std::get_if<protocol::UseArtifactRecord>(&record.body)) return copy(*used);
  if (const auto* alert = std::get_if<protocol::AlertRecord>(&record.body)) return copy(*alert);
  if (std::holds_alternative<protocol::PreemptingRecord>(record.body)) {
    return copy(protocol::PreemptingRecord{});
  }
  return true;  // its header and the like say nothing of the run
}

}  // namespace runstone
