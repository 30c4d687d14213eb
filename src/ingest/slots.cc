#include <algorithm>

#include "base/try.h"
#include "ingest/ingest_service.h"
#include "store/tail_lines.h"

namespace runstone::ingest {
namespace {

constexpr std::int64_t kIdleUs = 600'000'000;
constexpr std::size_t kSlotsMax = 4096;

std::string join(std::string_view entity, std::string_view project, std::string_view run) {
  std::string path(entity);
  path += '/';
  path += project;
  path += '/';
  path += run;
  return path;
}

}  // namespace

Result<IngestService::Slot> IngestService::find_slot(const RunPath& path) {
  const std::scoped_lock lock(slots_mutex_);
  const auto found = slots_by_path_.find(join(path.entity, path.project, path.run));
  if (found != slots_by_path_.end()) return found->second;
  RUNSTONE_TRY(auto info, store_.find_run(path.entity, path.project, path.run,
                                          {.config = false, .summary = false}));
  return load_slot(std::move(info));
}

Result<IngestService::Slot> IngestService::find_slot(store::RunId id) {
  const std::scoped_lock lock(slots_mutex_);
  const auto found = slots_by_id_.find(store::to_number(id));
  if (found != slots_by_id_.end()) return found->second;
  RUNSTONE_TRY(auto info, store_.get_run(id, {.config = false, .summary = false}));
  return load_slot(std::move(info));
}

Result<IngestService::Slot> IngestService::load_slot(store::RunInfo info) {
  auto slot = std::make_shared<RunSlot>();
  slot->id = info.id;
  slot->path = join(info.entity_name, info.project_name, info.name);
  slot->info = std::move(info);
  slot->used_at_us = slot->keys_written_at_us = clock_.monotonic_us();
  RUNSTONE_TRY(auto keys, store_.keys(slot->id));
  std::int64_t counted_values = 0;
  for (auto& key : keys) {
    counted_values += key.count();
    slot->keys.emplace(key.name, std::move(key));
  }
  for (const auto stream : {store::Stream::kHistory, store::Stream::kEvents}) {
    RUNSTONE_TRY(const auto index, store_.tail_index(slot->id, stream));
    auto& tail = slot->tail(stream);
    for (const auto& chunk : index) {
      tail.raw_bytes += chunk.raw_bytes;
      tail.lines += chunk.line_count;
    }
    if (stream == store::Stream::kHistory && slot->info.history_lines > 0) {
      tail.values = counted_values * tail.lines / slot->info.history_lines;
    }
  }
  // The counts in the store may be some lines behind; these are in the tail.
  const std::int64_t counted = slot->info.keys_through_line;
  if (counted < slot->info.history_lines) {
    RUNSTONE_TRY(const auto chunks,
                 store_.tail(slot->id, store::Stream::kHistory, counted, slot->info.history_lines));
    HistoryFactsReader reader;
    for (const auto& chunk : chunks) {
      RUNSTONE_TRY(const auto lines, store::DecodedLines::decode(chunk.data));
      for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto number = chunk.first_line + static_cast<std::int64_t>(i);
        if (number >= counted) reader.add(number, lines[i], lines.capacity_from(i));
      }
    }
    slot->count(reader.take(), 1, nullptr);
  }
  slots_by_path_[slot->path] = slot;
  slots_by_id_[store::to_number(slot->id)] = slot;
  return slot;
}

void IngestService::drop_slot(const Slot& slot) {
  slot->gone = true;
  const std::scoped_lock lock(slots_mutex_);
  slots_by_path_.erase(slot->path);
  slots_by_id_.erase(store::to_number(slot->id));
}

void IngestService::drop_slots(store::ProjectId project) {
  std::vector<Slot> dropped;
  {
    const std::scoped_lock lock(slots_mutex_);
    for (const auto& [id, slot] : slots_by_id_) {
      if (slot->info.project == project) dropped.push_back(slot);
    }
  }
  for (const auto& slot : dropped) drop_slot(slot);
}

void IngestService::drop_slots(const std::vector<store::RunId>& runs) {
  const std::scoped_lock lock(slots_mutex_);
  for (const auto run : runs) {
    const auto found = slots_by_id_.find(store::to_number(run));
    if (found == slots_by_id_.end()) continue;
    found->second->gone = true;
    slots_by_path_.erase(found->second->path);
    slots_by_id_.erase(found);
  }
}

void IngestService::evict_slots() {
  const std::scoped_lock write(write_mutex_);
  const std::scoped_lock lock(slots_mutex_);
  const std::int64_t now = clock_.monotonic_us();
  const bool crowded = slots_by_id_.size() > kSlotsMax;
  std::erase_if(slots_by_id_, [&](const auto& item) {
    const Slot& slot = item.second;
    const bool idle = crowded || now - slot->used_at_us > kIdleUs;
    // Two owners: the tables. A third is a request or a compaction under way.
    if (!idle || slot.use_count() > 2 || !slot->dirty_keys.empty()) return false;
    slot->gone = true;
    slots_by_path_.erase(slot->path);
    return true;
  });
}

}  // namespace runstone::ingest
