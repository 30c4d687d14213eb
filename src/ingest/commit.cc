#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/try.h"
#include "ingest/ingest_service.h"
#include "ingest/run_rules.h"
#include "store/apply_update.h"

namespace runstone::ingest {
namespace {

// Counts of keys may be so far behind in the store; they are read again from the tail after a
// crash.
constexpr std::int64_t kKeysBehindUs = 2'000'000;
// A run with very many keys writes its counts more seldom: each is a row.
constexpr std::int64_t kKeyWritesPerSecond = 5000;
// One transaction takes so many bytes, so that the writer is free again soon.
constexpr std::int64_t kRoundBytesMax = 64 << 20;

}  // namespace

Round::Touched& Round::of(const std::shared_ptr<RunSlot>& slot) {
  for (auto& touched : runs) {
    if (touched.slot == slot) return touched;
  }
  runs.push_back({slot, {}, {}, false});
  runs.back().update.run = slot->id;
  runs.back().change.path = slot->path;
  return runs.back();
}

void IngestService::commit_loop() {
  while (true) {
    std::vector<Pending> waiting;
    {
      std::unique_lock lock(queue_mutex_);
      queue_wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      std::size_t count = 0;
      for (std::int64_t bytes = 0; count < queue_.size() && bytes < kRoundBytesMax; ++count) {
        bytes += queue_[count].bytes;
      }
      const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
      waiting.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
      queue_.erase(queue_.begin(), end);
      for (const auto& pending : waiting) queued_bytes_ -= pending.bytes;
    }
    commit_waiting(waiting);
  }
}

void IngestService::commit_waiting(std::vector<Pending>& waiting) {
  std::vector<Result<AppendAnswer>> answers;
  {
    const std::scoped_lock lock(write_mutex_);
    Round round;
    for (auto& pending : waiting) {
      // After a failed commit nothing more is tried: all of them come again.
      if (round.failure) {
        answers.push_back(fail(*round.failure));
      } else {
        answers.push_back(plan(pending, round));
      }
    }
    if (!round.failure) discard(commit_round(round), "kept in round.failure");
    if (round.failure) {
      log_error("ingest: commit failed: " + round.failure->message);
      for (auto& answer : answers) {
        if (answer) answer = fail(*round.failure);
      }
    }
  }
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    // Out of the vector first: the coroutine may be destroyed as soon as it goes on.
    const auto done = std::move(waiting[i].done);
    waiting[i] = {};
    done->set(std::move(answers[i]));
  }
}

Result<AppendAnswer> IngestService::plan(Pending& pending, Round& round) {
  RUNSTONE_TRY(Slot slot, find_slot(pending.path));
  slot->used_at_us = clock_.monotonic_us();
  if (pending.shared) {
    RUNSTONE_TRY(plan_shared(slot, pending, round));
  } else if (slot->info.fork_of) {
    RUNSTONE_TRY(put_summary_over(slot, pending, round));
  }
  for (auto& prepared : pending.streams) RUNSTONE_TRY(plan_stream(slot, prepared, round));

  auto& touched = round.of(slot);
  store::RunUpdate update;
  update.run = slot->id;
  apply_request(update, slot->info, pending.flags, clock_.now_us());
  const bool ended = update.state && !store::is_live(*update.state);
  touched.write_keys = touched.write_keys || ended;
  store::apply_update(slot->info, update);
  // Later updates of this round win; they were made from the state that the earlier ones left.
  touched.update.heartbeat_at_us = update.heartbeat_at_us;
  if (update.state) touched.update.state = update.state;
  if (update.preempting) touched.update.preempting = update.preempting;
  if (update.exit_code) touched.update.exit_code = update.exit_code;
  if (update.finished_at_us) touched.update.finished_at_us = update.finished_at_us;
  if (update.updated_at_us) touched.update.updated_at_us = update.updated_at_us;
  if (pending.flags.summary) touched.update.summary_json = std::move(pending.flags.summary);
  counts_.ignored_parts += pending.flags.ignored;
  if (hub_.wanted()) {
    RunChange& change = touched.change;
    change.run = true;
    for (auto& name : pending.flags.uploaded) change.files.push_back(std::move(name));
  }
  return AppendAnswer{slot->info.stop_requested};
}

Result<void> IngestService::plan_stream(const Slot& slot, PreparedStream& prepared, Round& round) {
  const std::int64_t count = prepared.chunk.line_count;
  std::int64_t& end = slot->lines(prepared.stream);
  counts_.lines += count;
  counts_.bad_lines += prepared.facts.bad_lines;
  if (prepared.chunk.first_line < end) {
    // Lines that may be there already. What this round has for the run must be in the store first.
    RUNSTONE_TRY(commit_round(round));
    return plan_replacement(slot, prepared, round);
  }
  auto& touched = round.of(slot);
  // A fork that was resumed before its first line begins at line 1: see Run.historyLineCount.
  const bool resumed_fork = slot->info.fork_of && end == 0 && prepared.chunk.first_line == 1;
  if (const std::int64_t gap = prepared.chunk.first_line - end; gap > 0 && !resumed_fork) {
    slot->info.gaps += gap;
    counts_.gap_lines += gap;
    touched.update.gaps = slot->info.gaps;
  }
  end = prepared.chunk.end_line();
  set_lines(touched.update, prepared.stream, end);
  auto& tail = slot->tail(prepared.stream);
  tail.raw_bytes += prepared.chunk.raw_bytes;
  tail.lines += count;
  if (prepared.stream == store::Stream::kHistory) {
    const HistoryFacts& facts = prepared.facts;
    tail.values += facts.values;
    counts_.values += facts.values;
    slot->info.last_step = std::max(slot->info.last_step, facts.last_step);
    touched.update.last_step = slot->info.last_step;
    slot->count(facts, 1, hub_.wanted() ? &touched.change.new_keys : nullptr);
  }
  if (hub_.wanted()) {
    if (prepared.stream == store::Stream::kHistory) touched.change.rows = true;
    if (prepared.stream == store::Stream::kConsole) {
      for (std::size_t i = 0; i < prepared.lines.count(); ++i) {
        touched.change.console.emplace_back(prepared.lines.offset + static_cast<std::int64_t>(i),
                                            prepared.lines.line(i));
      }
    }
  }
  prepared.chunk.run = slot->id;
  round.batch.put_chunks.push_back(std::move(prepared.chunk));
  return {};
}

void IngestService::add_keys(Round::Touched& touched, store::Batch& batch) {
  RunSlot& slot = *touched.slot;
  if (slot.dirty_keys.empty()) return;
  const std::int64_t now = clock_.monotonic_us();
  const auto count = static_cast<std::int64_t>(slot.dirty_keys.size());
  const std::int64_t wait_us = std::max(kKeysBehindUs, count * 1'000'000 / kKeyWritesPerSecond);
  if (!touched.write_keys && !slot.has_new_keys && now - slot.keys_written_at_us < wait_us) return;
  store::KeysUpdate update;
  update.run = slot.id;
  for (const auto& name : slot.dirty_keys) update.keys.push_back(slot.keys[name]);
  batch.keys.push_back(std::move(update));
  slot.dirty_keys.clear();
  slot.has_new_keys = false;
  slot.keys_written_at_us = now;
  slot.info.keys_through_line = slot.info.history_lines;
  touched.update.keys_through_line = slot.info.keys_through_line;
}

Result<void> IngestService::commit_round(Round& round) {
  if (round.runs.empty() && round.batch.empty()) return {};
  for (auto& touched : round.runs) {
    add_keys(touched, round.batch);
    if (touched.change.run || touched.change.rows || touched.update.summary_json) {
      auto filled = change_of(*touched.slot);
      filled.anew = touched.change.anew;
      filled.rows = touched.change.rows;
      filled.run = touched.change.run;
      filled.config = touched.change.config;
      filled.new_keys = std::move(touched.change.new_keys);
      filled.console = std::move(touched.change.console);
      filled.files = std::move(touched.change.files);
      if (hub_.wanted()) filled.summary_json = touched.update.summary_json;
      touched.change = std::move(filled);
    }
    round.batch.runs.push_back(std::move(touched.update));
  }
  auto committed = store_.commit(round.batch);
  if (!committed) {
    // What is in memory is ahead of the store now; it is read again when next needed.
    for (const auto& touched : round.runs) drop_slot(touched.slot);
    round.failure = committed.error();
    return committed;
  }
  ++counts_.commits;
  for (auto& touched : round.runs) {
    queue_compaction_if_due(touched.slot);
    if (hub_.wanted()) hub_.publish(std::move(touched.change));
  }
  round = {};
  return {};
}

void IngestService::queue_compaction_if_due(const Slot& slot) {
  if (slot->compaction_queued) return;
  const bool ended = !store::is_live(slot->info.state);
  for (const auto stream : {store::Stream::kHistory, store::Stream::kEvents}) {
    const auto& tail = slot->tail(stream);
    if (tail.lines > 0 && (ended || tail.values >= options_.compact_values ||
                           tail.raw_bytes >= options_.compact_bytes)) {
      queue_compaction(slot->id, slot.get());
      return;
    }
  }
}

}  // namespace runstone::ingest
