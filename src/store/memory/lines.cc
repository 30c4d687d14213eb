#include <algorithm>

#include "base/try.h"
#include "store/apply_update.h"
#include "store/memory/engine.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

Result<std::vector<TailChunk>> MemoryStore::tail(RunId run, Stream stream, std::int64_t first_line,
                                                 std::int64_t end_line) const {
  const std::scoped_lock lock(mutex_);
  std::vector<TailChunk> found;
  const RunRows* const rows = if_rows(run);
  if (rows == nullptr) return found;
  for (const auto& [key, chunk] : rows->tail) {
    if (key.first == stream && chunk.first_line < end_line && chunk.end_line() > first_line) {
      found.push_back(chunk);
    }
  }
  return found;
}

Result<std::vector<TailChunk>> MemoryStore::tail_index(RunId run, Stream stream) const {
  auto chunks = tail(run, stream, INT64_MIN, INT64_MAX);
  for (auto& chunk : *chunks) chunk.data.clear();
  return chunks;
}

Result<std::vector<PartInfo>> MemoryStore::parts(RunId run, Stream stream) const {
  const std::scoped_lock lock(mutex_);
  return parts_locked(run, stream);
}

Result<std::string> MemoryStore::part_bytes(PartId id) const {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(const Part* const part, find_part(id));
  if (!part->info.object_key.empty()) return missing("part in SQL");
  return part->bytes;
}

Result<std::string> MemoryStore::part_overview(PartId id) const {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(const Part* const part, find_part(id));
  if (!part->info.overview_key.empty()) return missing("overview in SQL");
  return part->overview;
}

Result<std::vector<std::string>> MemoryStore::list_part_objects() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [run, rows] : runs_) {
    for (const auto& [id, part] : rows.parts) {
      if (!part.info.object_key.empty()) all.push_back(part.info.object_key);
      if (!part.info.overview_key.empty()) all.push_back(part.info.overview_key);
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

Result<Store::Lines> MemoryStore::lines(RunId run, Stream stream) const {
  const std::scoped_lock lock(mutex_);
  Lines both;
  const RunRows* const rows = if_rows(run);
  if (rows == nullptr) return both;
  both.parts = parts_locked(run, stream);
  for (const auto& [key, chunk] : rows->tail) {
    if (key.first == stream) both.tail.push_back(chunk);
  }
  return both;
}

Result<std::vector<KeyInfo>> MemoryStore::keys(RunId run) const {
  const std::scoped_lock lock(mutex_);
  std::vector<KeyInfo> all;
  if (const RunRows* const rows = if_rows(run)) {
    for (const auto& [name, key] : rows->keys) all.push_back(key);
  }
  return all;
}

Result<std::vector<KeyInfo>> MemoryStore::project_keys(ProjectId project) const {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, KeyInfo> sums;
  for (const auto& [run, rows] : runs_) {
    if (rows.info.project != project) continue;
    for (const auto& [name, key] : rows.keys) {
      KeyInfo& sum = sums[name];
      sum.name = name;
      sum.numbers += key.numbers;
      sum.strings += key.strings;
      sum.bools += key.bools;
      sum.media += key.media;
      sum.others += key.others;
      sum.last_step = std::max(sum.last_step, key.last_step);
    }
  }
  std::vector<KeyInfo> all;
  for (auto& [name, key] : sums) all.push_back(std::move(key));
  return all;
}

Result<std::vector<RunFile>> MemoryStore::files(RunId run) const {
  const std::scoped_lock lock(mutex_);
  std::vector<RunFile> all;
  if (const RunRows* const rows = if_rows(run)) {
    for (const auto& [name, file] : rows->files) all.push_back(file);
  }
  return all;
}

Result<RunFile> MemoryStore::file(RunId run, std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(const RunRows* const rows, rows_of(run));
  return look_up(rows->files, std::string(name), "file");
}

Result<void> MemoryStore::delete_file(RunId run, std::string_view name) {
  const std::scoped_lock lock(mutex_);
  RunRows* const rows = if_rows(run);
  if (rows == nullptr || rows->files.erase(std::string(name)) == 0) return missing("file");
  return {};
}

Result<std::vector<SharedBody>> MemoryStore::shared_bodies(RunId run) const {
  const std::scoped_lock lock(mutex_);
  const RunRows* const rows = if_rows(run);
  return rows == nullptr ? std::vector<SharedBody>() : rows->shared_bodies;
}

Result<std::vector<RunKey>> MemoryStore::keys_of(std::span<const RunId> runs) const {
  const std::scoped_lock lock(mutex_);
  std::vector<RunKey> all;
  for (const RunId run : runs) {
    if (const RunRows* const rows = if_rows(run)) {
      for (const auto& [name, key] : rows->keys) all.push_back({run, key});
    }
  }
  return all;
}

Result<std::vector<RunCount>> MemoryStore::count_files(std::span<const RunId> runs) const {
  const std::scoped_lock lock(mutex_);
  std::vector<RunCount> all;
  for (const RunId run : runs) {
    const RunRows* const rows = if_rows(run);
    if (rows == nullptr) continue;
    const auto count = std::count_if(rows->files.begin(), rows->files.end(), [](const auto& item) {
      return !item.second.object_key.empty();
    });
    if (count > 0) all.push_back({run, count});
  }
  return all;
}

Result<std::vector<TailChunk>> MemoryStore::last_chunks(std::span<const RunId> runs,
                                                        Stream stream) const {
  const std::scoped_lock lock(mutex_);
  std::vector<TailChunk> all;
  for (const RunId run : runs) {
    const TailChunk* last = nullptr;
    const RunRows* const rows = if_rows(run);
    if (rows == nullptr) continue;
    for (const auto& [key, chunk] : rows->tail) {
      if (key.first == stream) last = &chunk;
    }
    if (last != nullptr) all.push_back(*last);
  }
  return all;
}

Result<std::vector<LastPart>> MemoryStore::last_parts(std::span<const RunId> runs,
                                                      Stream stream) const {
  const std::scoped_lock lock(mutex_);
  std::vector<LastPart> all;
  for (const RunId run : runs) {
    const Part* last = nullptr;
    const RunRows* const rows = if_rows(run);
    if (rows == nullptr) continue;
    for (const auto& [id, part] : rows->parts) {
      if (part.info.stream != stream) continue;
      if (last == nullptr || std::pair(part.info.end_line, part.info.id) >
                                 std::pair(last->info.end_line, last->info.id)) {
        last = &part;
      }
    }
    if (last != nullptr) all.push_back({last->info, last->overview});
  }
  return all;
}

}  // namespace runstone::store::memory
