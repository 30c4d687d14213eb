// The files of runs: their rows in SQL, their bytes in the object store.
#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "base/try.h"
#include "ingest/ingest_service.h"

namespace runstone::ingest {
namespace {

constexpr std::size_t kMaxFileNameBytes = 4096;

// A name is a relative path with `/` that stays below any folder it is downloaded to.
Result<void> check_file_name(std::string_view name) {
  const auto bad = [&](const char* why) {
    return fail(ErrorCode::kInvalidArgument,
                "file name '" + std::string(name.substr(0, 200)) + "' " + why);
  };
  if (name.empty()) return bad("is empty");
  if (name.size() > kMaxFileNameBytes) return bad("is longer than 4096 bytes");
  if (!is_valid_utf8(name)) return bad("is not UTF-8");
  // Other control characters are allowed: a metric's key may hold them, and its media are named so.
  if (name.find('\0') != std::string_view::npos) return bad("holds a zero byte");
  for (std::size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('/', begin), name.size());
    const auto label = name.substr(begin, end - begin);
    if (label.empty() || label == "." || label == "..") {
      return bad("must be a relative path without empty, . and .. parts");
    }
    begin = end + 1;
  }
  return {};
}

std::string file_key(store::RunId run, std::string_view name) {
  return files_prefix(run) + "/" + objects::make_key_part(name);
}

}  // namespace

std::mutex& IngestService::file_mutex(std::string_view name) {
  return file_mutexes_[std::hash<std::string_view>()(name) % file_mutexes_.size()];
}

Result<std::vector<store::RunFile>> IngestService::create_files(store::RunId run,
                                                                std::vector<std::string> names) {
  for (const auto& name : names) RUNSTONE_TRY(check_file_name(name));
  const std::scoped_lock lock(write_mutex_);
  RUNSTONE_TRY(const Slot slot, find_slot(run));
  std::vector<store::RunFile> all;
  Round round;
  for (auto& name : names) {
    // One by one: a run may have far more files than are announced at a time.
    auto known = store_.file(run, name);
    if (known) {
      all.push_back(*std::move(known));
      continue;
    }
    if (known.error().code != ErrorCode::kNotFound) return fail(std::move(known).error());
    store::RunFile file;
    file.name = std::move(name);
    file.updated_at_us = clock_.now_us();
    round.batch.files.push_back({run, file});
    all.push_back(std::move(file));
  }
  RUNSTONE_TRY(commit_round(round));
  return all;
}

Result<store::RunFile> IngestService::store_file(store::RunId run, std::string_view name,
                                                 FileContent content) {
  RUNSTONE_TRY(check_file_name(name));
  RUNSTONE_TRY(find_slot(run));
  store::RunFile file;
  file.name = name;
  file.object_key = file_key(run, name);
  file.size_bytes = content.size_bytes;
  file.md5_base64 = std::move(content.md5_base64);
  file.mimetype = std::move(content.mimetype);
  file.updated_at_us = clock_.now_us();
  const std::scoped_lock file_lock(file_mutex(name));
  RUNSTONE_TRY(content.spooled.empty() ? objects_.put(file.object_key, content.bytes)
                                       : objects_.put_file(file.object_key, content.spooled));
  const std::scoped_lock lock(write_mutex_);
  auto slot = find_slot(run);
  if (!slot) {  // deleted meanwhile
    discard(objects_.remove(file.object_key),
            "an orphan of a deleted run; found at the next start");
    return fail(slot.error());
  }
  Round round;
  round.batch.files.push_back({run, file});
  auto& touched = round.of(*slot);
  touched.update.heartbeat_at_us.reset();
  touched.change.files.push_back(file.name);
  RUNSTONE_TRY(commit_round(round));
  return file;
}

Result<void> IngestService::delete_file(store::RunId run, std::string_view name) {
  const std::scoped_lock file_lock(file_mutex(name));
  const std::scoped_lock lock(write_mutex_);
  RUNSTONE_TRY(const Slot slot, find_slot(run));
  RUNSTONE_TRY(store_.delete_file(run, name));
  RUNSTONE_TRY(objects_.remove(file_key(run, name)));
  RunChange change = change_of(*slot);
  change.files.push_back(std::string(name));
  hub_.publish(std::move(change));
  return {};
}

}  // namespace runstone::ingest
