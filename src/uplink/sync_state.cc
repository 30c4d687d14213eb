#include "uplink/sync_state.h"

#include "base/json.h"

namespace runstone::uplink {
namespace {

constexpr std::string_view kFormat = "runstone-syncstate-1";
constexpr std::uint64_t kMaxFileBytes = 64 * 1024;

std::uint64_t count_at(const Value& json, std::string_view key) {
  const Value* value = json.get(key);
  const std::int64_t count = value ? value->int_or(0) : 0;
  return count > 0 ? static_cast<std::uint64_t>(count) : 0;
}

std::string text_at(const Value& json, std::string_view key) {
  const Value* value = json.get(key);
  return value ? std::string(value->string_or("")) : std::string();
}

}  // namespace

Dict json_of_before(const SyncState::Before& before) {
  return Dict{{"next_step", before.next_step},
              {"runtime_secs", before.runtime_secs},
              {"history_lines", before.history_lines},
              {"event_lines", before.event_lines},
              {"console_lines", before.console_lines}};
}

SyncState::Before before_of_json(const Value& json) {
  const auto number = [&](const char* key) {
    return static_cast<std::int64_t>(count_at(json, key));
  };
  const Value* runtime = json.get("runtime_secs");
  return {number("next_step"), runtime != nullptr ? runtime->number_or(0) : 0,
          number("history_lines"), number("event_lines"), number("console_lines")};
}

fs::Path sync_state_path(const fs::Path& journal) {
  fs::Path path = journal;
  path += ".syncstate";
  return path;
}

std::optional<SyncState> load_sync_state(fs::FileSystem& disk, const fs::Path& journal) {
  const auto bytes = fs::read_file(disk, sync_state_path(journal), kMaxFileBytes);
  if (!bytes) return std::nullopt;
  const auto json = json::parse(*bytes);
  if (!json || text_at(*json, "format") != kFormat) return std::nullopt;
  SyncState state{.base_url = text_at(*json, "base_url"),
                  .entity = text_at(*json, "entity"),
                  .project = text_at(*json, "project"),
                  .run_id = text_at(*json, "run_id"),
                  .history_lines = count_at(*json, "history_lines"),
                  .event_lines = count_at(*json, "event_lines"),
                  .console_lines = count_at(*json, "console_lines")};
  if (const Value* before = json->get("began_behind"); before != nullptr && before->is_dict()) {
    state.began_behind = before_of_json(*before);
  }
  if (const Value* sent = json->get("in_flight"); sent != nullptr && sent->is_dict()) {
    state.in_flight = {text_at(*sent, "stream"), count_at(*sent, "first_line"),
                       count_at(*sent, "count")};
  }
  return state;
}

Result<void> save_sync_state(fs::FileSystem& disk, const fs::Path& journal,
                             const SyncState& state) {
  const fs::Path path = sync_state_path(journal);
  if (disk.exists(path) && !load_sync_state(disk, journal)) {
    return fail(ErrorCode::kFailedPrecondition, path.string() + " is another program's");
  }
  Dict json{{"format", kFormat},
            {"base_url", state.base_url},
            {"entity", state.entity},
            {"project", state.project},
            {"run_id", state.run_id},
            {"history_lines", state.history_lines},
            {"event_lines", state.event_lines},
            {"console_lines", state.console_lines}};
  if (const auto& before = state.began_behind) {
    json.set("began_behind", json_of_before(*before));
  }
  if (const auto& sent = state.in_flight) {
    json.set(
        "in_flight",
        Dict{{"stream", sent->stream}, {"first_line", sent->first_line}, {"count", sent->count}});
  }
  return fs::replace_file(disk, path, json::to_text(json) + "\n");
}

fs::Path synced_mark_path(const fs::Path& journal) {
  fs::Path path = journal;
  path += ".synced";
  return path;
}

void mark_synced(const fs::Path& journal) {
  discard(fs::replace_file(fs::real_file_system(), synced_mark_path(journal), ""),
          "without the mark the run is sent once more, which changes nothing");
}

}  // namespace runstone::uplink
