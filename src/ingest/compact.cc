// From tails to parts. Everything is made first and swapped in by one transaction; a crash before
// it leaves objects that nothing names, and they are collected at the next start.
#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/random_id.h"
#include "base/try.h"
#include "ingest/ingest_service.h"
#include "store/parts/part.h"
#include "store/parts/row_batch.h"
#include "store/tail_lines.h"

namespace runstone::ingest {
namespace {

using store::Stream;

// A reader that has looked a part up just before it was replaced still finds its bytes so long.
constexpr std::int64_t kBuriedUs = 60'000'000;

// One part takes so many times the bytes at which compaction begins: memory stays bounded when it
// lags.
constexpr std::int64_t kPartTails = 2;

std::int64_t end_of_bytes(const std::vector<store::TailChunk>& index, std::int64_t bytes_max) {
  std::int64_t bytes = 0;
  for (const auto& chunk : index) {
    bytes += chunk.raw_bytes;
    if (bytes >= bytes_max) return chunk.end_line();
  }
  return index.back().end_line();
}

bool overlaps(const store::PartInfo& part, std::int64_t first_line, std::int64_t end_line) {
  return part.first_line < end_line && part.end_line > first_line;
}

}  // namespace

Result<std::string> read_overview(const store::Store& store, const objects::ObjectStore& objects,
                                  const store::PartInfo& part) {
  return part.overview_key.empty() ? store.part_overview(part.id) : objects.get(part.overview_key);
}

Result<std::string> read_part_bytes(const store::Store& store, const objects::ObjectStore& objects,
                                    const store::PartInfo& part) {
  return part.object_key.empty() ? store.part_bytes(part.id) : objects.get(part.object_key);
}

// write_mutex_ held if there is a slot.
void IngestService::queue_compaction(store::RunId run, RunSlot* slot) {
  if (slot != nullptr) slot->compaction_queued = true;
  {
    const std::scoped_lock lock(compact_mutex_);
    compact_queue_.push_back(run);
  }
  compact_wake_.notify_one();
}

Result<bool> IngestService::compact_run(store::RunId run, bool force) {
  Slot slot;
  {
    const std::scoped_lock lock(write_mutex_);
    auto found = find_slot(run);
    if (!found) {
      if (found.error().code == ErrorCode::kNotFound) return false;
      return fail(found.error());
    }
    slot = *std::move(found);
    slot->compaction_queued = true;  // commits that come meanwhile do not queue it again
  }
  auto done = compact_streams(slot, force);
  const std::scoped_lock lock(write_mutex_);
  slot->compaction_queued = false;
  // What came meanwhile may be due already. After an error it waits until the run grows.
  if (done && !slot->gone) queue_compaction_if_due(slot);
  return done;
}

Result<bool> IngestService::compact_streams(const Slot& slot, bool force) {
  bool any = false;
  for (const Stream stream : {Stream::kHistory, Stream::kEvents}) {
    RUNSTONE_TRY(const bool done, compact_stream(slot, stream, force));
    any = any || done;
  }
  return any;
}

Result<bool> IngestService::compact_stream(const Slot& slot, Stream stream, bool force) {
  RunSlot::Tail before;
  {
    const std::scoped_lock lock(write_mutex_);
    before = slot->tail(stream);
    const bool ended = !store::is_live(slot->info.state);
    if (before.lines == 0 || slot->gone) return false;
    if (!force && !ended && before.values < options_.compact_values &&
        before.raw_bytes < options_.compact_bytes) {
      return false;
    }
  }
  // Only compaction removes chunks, and a change of lines shows in the version: no snapshot is
  // needed.
  RUNSTONE_TRY(const auto index, store_.tail_index(slot->id, stream));
  if (index.empty()) return false;
  const std::int64_t tail_first = index.front().first_line;
  const std::int64_t tail_end = end_of_bytes(index, kPartTails * options_.compact_bytes);
  RUNSTONE_TRY(auto chunks, store_.tail(slot->id, stream, tail_first, tail_end));
  RUNSTONE_TRY(const auto parts, store_.parts(slot->id, stream));

  // Parts whose lines were replaced are written anew, and a small one grows instead of staying
  // small.
  std::vector<store::PartInfo> merged;
  for (const auto& part : parts) {
    const bool small = part.row_count < options_.compact_values / 4 && part.end_line == tail_first;
    if (small || overlaps(part, tail_first, tail_end)) merged.push_back(part);
  }
  std::sort(merged.begin(), merged.end(), [](const auto& a, const auto& b) { return a.id < b.id; });

  parts::RowBatch rows;
  std::int64_t merged_values = 0;
  for (const auto& part : merged) {
    merged_values += part.row_count;
    RUNSTONE_TRY(const auto overview, read_overview(store_, objects_, part));
    RUNSTONE_TRY(auto bytes, read_part_bytes(store_, objects_, part));
    RUNSTONE_TRY(const auto reader,
                 parts::PartReader::open(parts::memory_source(std::move(bytes)), overview));
    RUNSTONE_TRY(reader->read_lines(rows, part.first_line, part.end_line - 1));
  }
  std::int64_t raw_bytes = 0, line_count = 0;
  store::Batch batch;
  for (auto& chunk : chunks) {
    RUNSTONE_TRY(const auto decoded, store::DecodedLines::decode(chunk.data));
    for (std::size_t i = 0; i < decoded.size(); ++i) {
      rows.add_line_or_keep(chunk.first_line + static_cast<std::int64_t>(i), decoded[i]);
    }
    raw_bytes += chunk.raw_bytes;
    line_count += chunk.line_count;
    batch.remove_chunks.push_back({slot->id, stream, chunk.first_line});
    chunk.data = {};
  }
  std::int64_t values = -merged_values;
  RUNSTONE_TRY(auto part, parts::write_part(rows));
  values += part.info.values;
  rows = parts::RowBatch();

  RUNSTONE_TRY(store::NewPart made, store_part(slot->id, stream, std::move(part)));
  batch.add_parts.push_back(std::move(made));
  for (const auto& old : merged) batch.remove_parts.push_back(old.id);

  {
    const std::scoped_lock lock(write_mutex_);
    auto& tail = slot->tail(stream);
    if (slot->gone || tail.version != before.version) {
      // Lines were changed, or the run deleted: what was made is of the past.
      remove_objects_of(batch.add_parts.front());
      return false;
    }
    Round round;
    round.batch = std::move(batch);
    round.of(slot).write_keys = true;
    tail.raw_bytes -= raw_bytes;
    tail.lines -= line_count;
    tail.values = tail.lines == 0 ? 0 : std::max<std::int64_t>(0, tail.values - values);
    // Its objects stay if this fails: a commit may report an error and be on the disk all the same.
    // If it is not, the next start finds objects that no row names.
    RUNSTONE_TRY(commit_round(round));
  }
  ++counts_.compactions;
  bury(merged);
  return true;
}

// Small ones go into SQL, others to the object store; only the row that is committed later makes
// either count.
Result<store::NewPart> IngestService::store_part(store::RunId run, Stream stream,
                                                 parts::PartBytes part) {
  store::NewPart made;
  made.info.run = run;
  made.info.stream = stream;
  made.info.size_bytes = static_cast<std::int64_t>(part.parquet.size());
  made.info.row_count = part.info.values;
  made.info.line_count = part.info.lines;
  made.info.first_line = part.info.first_line;
  made.info.end_line = part.info.last_line + 1;
  made.info.first_step = part.info.first_step;
  made.info.last_step = part.info.last_step;
  made.info.created_at_us = clock_.now_us();
  if (made.info.size_bytes + static_cast<std::int64_t>(part.overview.size()) <=
      options_.blob_part_bytes_max) {
    made.bytes = std::move(part.parquet);
    made.overview = std::move(part.overview);
    return made;
  }
  const std::string name =
      parts_prefix(run) + "/" + std::to_string(made.info.first_line) + "-" + random_id(12);
  made.info.object_key = name + ".parquet";
  made.info.overview_key = name + ".overview";
  auto stored = objects_.put(made.info.object_key, part.parquet);
  if (stored) stored = objects_.put(made.info.overview_key, part.overview);
  if (!stored) {
    remove_objects_of(made);
    return fail(std::move(stored).error());
  }
  return made;
}

void IngestService::remove_objects_of(const store::NewPart& part) {
  for (const auto& key : {part.info.object_key, part.info.overview_key}) {
    if (!key.empty()) discard(objects_.remove(key), "an orphan is collected at the next start");
  }
}

void IngestService::bury(const std::vector<store::PartInfo>& parts) {
  const std::scoped_lock lock(compact_mutex_);
  for (const auto& old : parts) {
    for (const auto& key : {old.object_key, old.overview_key}) {
      if (!key.empty()) buried_.emplace_back(clock_.monotonic_us(), key);
    }
  }
}

void IngestService::remove_buried(bool all) {
  while (true) {
    std::string key;
    {
      const std::scoped_lock lock(compact_mutex_);
      if (buried_.empty()) return;
      if (!all && clock_.monotonic_us() - buried_.front().first < kBuriedUs) return;
      key = std::move(buried_.front().second);
      buried_.pop_front();
    }
    discard(objects_.remove(key), "an orphan is collected at the next start");
  }
}

Result<void> IngestService::compact(bool all) {
  if (all) {
    RUNSTONE_TRY(const auto tails, store_.list_tails());
    std::set<store::RunId> runs;
    for (const auto& tail : tails) runs.insert(tail.run);
    for (const auto run : runs) {
      for (bool more = true; more;) {
        RUNSTONE_TRY(more, compact_run(run, true));
      }
    }
  }
  while (true) {
    store::RunId run{};
    {
      const std::scoped_lock lock(compact_mutex_);
      if (compact_queue_.empty()) return {};
      run = compact_queue_.front();
      compact_queue_.pop_front();
    }
    auto done = compact_run(run, false);
    if (!done) {
      ++counts_.compaction_errors;
      return fail(std::move(done).error());
    }
  }
}

Result<void> IngestService::collect_garbage() {
  RUNSTONE_TRY(const auto deleted, store_.list_deleted_runs());
  for (const auto& run : deleted) {
    RUNSTONE_TRY(objects_.remove_all(run.object_prefix));
    RUNSTONE_TRY(objects_.remove_all(parts_prefix(run.run)));
    RUNSTONE_TRY(store_.forget_deleted_runs({run.run}));
  }
  RUNSTONE_TRY(const auto named, store_.list_part_objects());  // sorted
  RUNSTONE_TRY(const auto there, objects_.list("parts"));
  for (const auto& object : there) {
    if (std::binary_search(named.begin(), named.end(), object.key)) continue;
    RUNSTONE_TRY(objects_.remove(object.key));
  }
  RUNSTONE_TRY(const auto tails, store_.list_tails());
  std::vector<store::RunId> runs;
  for (const auto& tail : tails) runs.push_back(tail.run);
  RUNSTONE_TRY(const auto infos, store_.get_runs(runs, {.config = false, .summary = false}));
  std::set<store::RunId> due;
  for (const auto& info : infos) {
    if (!store::is_live(info.state)) due.insert(info.id);
  }
  for (const auto& tail : tails) {
    if (tail.raw_bytes >= options_.compact_bytes) due.insert(tail.run);
  }
  for (const auto run : due) queue_compaction(run, nullptr);
  return {};
}

}  // namespace runstone::ingest
