#include "query/page_facts.h"

#include <cmath>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/try.h"
#include "model/key_path.h"
#include "store/parts/overview.h"
#include "store/tail_lines.h"

namespace runstone::query {
namespace {

/// The last number of every key of a part.
std::string last_values(const parts::Overview& overview) {
  Dict values;
  for (const auto& key : overview.keys()) {
    const auto blocks = overview.blocks(key);
    const auto& last = blocks[blocks.size() - 1];
    if (last.numbers + last.nans == 0) continue;
    const auto path = split_key_path(key.name);
    // Whole numbers were logged as such, or read the same.
    const bool whole = std::abs(last.last) < 9e15 && last.last == std::trunc(last.last);
    values.set(path.size() == 1 ? path.front() : key.name,
               whole ? Value(static_cast<std::int64_t>(last.last)) : Value(last.last));
  }
  return json::to_text(Value(std::move(values)));
}

}  // namespace

Result<std::map<store::RunId, Value>> page_history_keys(const store::Store& store,
                                                        std::span<const store::RunId> runs) {
  RUNSTONE_TRY(const auto rows, store.keys_of(runs));
  std::map<store::RunId, Dict> keys;
  std::map<store::RunId, std::int64_t> last_steps;
  for (const auto& [run, key] : rows) {
    List types;
    const auto add = [&](const char* type, std::int64_t count) {
      if (count > 0) types.push_back(Value{{"type", type}, {"count", count}});
    };
    add("number", key.numbers);
    add("string", key.strings);
    add("bool", key.bools);
    add("media", key.media);
    add("other", key.others);
    keys[run].set(key.name, Dict{{"typeCounts", std::move(types)}, {"monotonic", false}});
    auto& last = last_steps.try_emplace(run, -1).first->second;
    last = std::max(last, key.last_step);
  }
  std::map<store::RunId, Value> all;
  for (const auto run : runs) {
    const auto last = last_steps.find(run);
    all[run] = Value{{"sets", List()},
                     {"keys", std::move(keys[run])},
                     {"lastStep", last == last_steps.end() ? -1 : last->second}};
  }
  return all;
}

Result<std::map<store::RunId, std::string>> page_system_metrics(
    const store::Store& store, const objects::ObjectStore& objects,
    std::span<const store::RunId> runs) {
  std::map<store::RunId, std::string> all;
  // The parts first: what a compaction moves in between is then found in the tail or not yet.
  RUNSTONE_TRY(const auto parts, store.last_parts(runs, store::Stream::kEvents));
  for (const auto& part : parts) {
    auto bytes = part.overview;
    if (!part.info.overview_key.empty()) {
      auto read = objects.get(part.info.overview_key);
      if (!read && read.error().code == ErrorCode::kNotFound) continue;  // replaced meanwhile
      RUNSTONE_TRY(bytes, std::move(read));
    }
    RUNSTONE_TRY(const auto overview, parts::Overview::parse(bytes));
    all[part.info.run] = last_values(overview);
  }
  RUNSTONE_TRY(const auto chunks, store.last_chunks(runs, store::Stream::kEvents));
  for (const auto& chunk : chunks) {
    RUNSTONE_TRY(const auto lines, store::DecodedLines::decode(chunk.data));
    if (lines.size() > 0) all[chunk.run] = std::string(lines[lines.size() - 1]);
  }
  return all;
}

}  // namespace runstone::query
