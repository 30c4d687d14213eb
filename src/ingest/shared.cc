// Shared mode: many writers, one run. Lines come without places; they are ordered here, as they
// arrive, and a retry is known by its writer and the hash of its body.
#include <algorithm>
#include <string>
#include <utility>

#include "base/json.h"
#include "base/try.h"
#include "ingest/ingest_service.h"
#include "store/tail_lines.h"

namespace runstone::ingest {
namespace {

// Gives the lines their numbers and the rows their steps.
void make_shared_lines(RunSlot& slot, PreparedStream& prepared) {
  protocol::StreamLines& lines = prepared.lines;
  const std::int64_t begin = slot.lines(prepared.stream);
  if (prepared.stream == store::Stream::kHistory) {
    protocol::StreamLines stepped;
    std::int64_t step = slot.info.last_step;
    HistoryFactsReader reader;
    for (std::size_t i = 0; i < lines.count(); ++i) {
      std::string text(lines.line(i));
      if (auto parsed = json::parse(text); parsed && parsed->is_dict()) {
        parsed->if_dict()->set("_step", ++step);
        text = json::to_text(*parsed);
      }
      stepped.text += text;
      stepped.ends.push_back(static_cast<std::uint32_t>(stepped.text.size()));
      stepped.text += '\n';
    }
    stepped.text.append(protocol::StreamLines::kPaddingBytes, '\0');
    lines = std::move(stepped);
    for (std::size_t i = 0; i < lines.count(); ++i) {
      const auto text = lines.line(i);
      const auto at = static_cast<std::size_t>(text.data() - lines.text.data());
      reader.add(begin + static_cast<std::int64_t>(i), text, lines.text.size() - at);
    }
    prepared.facts = reader.take();
    prepared.chunk.first_step = prepared.facts.first_step;
    prepared.chunk.last_step = prepared.facts.last_step;
    prepared.chunk.raw_bytes = static_cast<std::int64_t>(lines.all().size());
    prepared.chunk.data = store::encode_lines(lines.all());
  }
  lines.offset = begin;
  prepared.chunk.first_line = begin;
}

void put_over(Value& below, Value above, int levels) {
  if (levels == 0 || !below.is_dict() || !above.is_dict()) {
    below = std::move(above);
    return;
  }
  for (auto& [key, value] : *above.if_dict()) {
    if (below.get(key) == nullptr) {
      below.if_dict()->set(key, std::move(value));
    } else {
      put_over((*below.if_dict())[key], std::move(value), levels - 1);
    }
  }
}

// Each writer's summary has only what it logged itself, and its own count of steps.
Result<std::string> merge_summaries(const std::string& before, const std::string& own,
                                    std::int64_t last_step) {
  RUNSTONE_TRY(auto merged, json::parse(before));
  RUNSTONE_TRY(auto added, json::parse(own));
  if (!merged.is_dict() || !added.is_dict()) return own;
  put_over(merged, std::move(added), 1);
  if (merged.get("_step") != nullptr) merged.if_dict()->set("_step", last_step);
  return json::to_text(merged);
}

}  // namespace

Result<std::string> merge_configs(const std::string& before, const std::string& own) {
  RUNSTONE_TRY(auto merged, json::parse(before));
  RUNSTONE_TRY(auto added, json::parse(own));
  // What the writers have in common, and they alone, lies deeper: {"_wandb":{"value":{"e":{...}}}}.
  const auto* wandb = added.get("_wandb");
  Value shared = wandb != nullptr ? *wandb : Value();
  if (merged.is_dict() && added.is_dict()) {
    if (auto* at = merged.get("_wandb"); at != nullptr && shared.is_dict()) {
      Value below = *at;
      put_over(below, std::move(shared), 3);
      added.if_dict()->set("_wandb", std::move(below));
    }
  }
  put_over(merged, std::move(added), 1);
  return json::to_text(merged);
}

Result<void> IngestService::plan_shared(const Slot& slot, Pending& pending, Round& round) {
  RUNSTONE_TRY(place_shared_lines(slot, pending, round));
  return put_summary_over(slot, pending, round);
}

Result<void> IngestService::put_summary_over(const Slot& slot, Pending& pending, Round& round) {
  auto& own = pending.flags.summary;
  if (!own) return {};
  auto& touched = round.of(slot);
  if (!touched.update.summary_json) {
    RUNSTONE_TRY(auto run, store_.get_run(slot->id, {.config = false, .summary = true}));
    touched.update.summary_json = std::move(run.summary_json);
  }
  std::int64_t last_step = slot->info.last_step;
  for (const auto& prepared : pending.streams) {
    last_step = std::max(last_step, prepared.facts.last_step);
  }
  // A summary that is no object is kept as any writer's would be.
  if (auto merged = merge_summaries(*touched.update.summary_json, *own, last_step)) {
    own = *std::move(merged);
  }
  return {};
}

Result<void> IngestService::place_shared_lines(const Slot& slot, Pending& pending, Round& round) {
  if (pending.streams.empty()) return {};  // a heartbeat is never a retry
  if (!slot->shared_bodies) {
    RUNSTONE_TRY(auto kept, store_.shared_bodies(slot->id));
    slot->shared_bodies.emplace();
    for (auto& body : kept) {
      (*slot->shared_bodies)[body.writer].push_back(std::move(body.hash));
    }
  }
  auto& seen = (*slot->shared_bodies)[pending.writer];
  if (std::find(seen.begin(), seen.end(), pending.body_hash) != seen.end()) {
    for (const auto& prepared : pending.streams) {
      counts_.retried_lines += prepared.chunk.line_count;
    }
    pending.streams.clear();
    return {};
  }
  seen.push_back(pending.body_hash);
  if (seen.size() > static_cast<std::size_t>(store::kSharedBodiesKept)) seen.pop_front();
  round.of(slot);
  round.batch.shared_bodies.push_back({slot->id, pending.writer, pending.body_hash});
  for (auto& prepared : pending.streams) make_shared_lines(*slot, prepared);
  return {};
}

}  // namespace runstone::ingest
