// Rewinding and forking: both keep a history's rows up to a step, and the summary that these rows
// give. A fork gets copies of them, with line numbers below zero, since its writer numbers its own
// lines from zero: whatever happens to the other run later, nothing changes here, and readers need
// to know nothing about forks. Either writer begins without what was kept and sends only what it
// sets itself: that is put over what is there (`fork_of` says so; a run that was rewound is its
// own).
#include <algorithm>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/try.h"
#include "ingest/ingest_service.h"
#include "ingest/run_rules.h"
#include "ingest/summary_cut.h"
#include "store/apply_update.h"
#include "store/parts/part.h"
#include "store/tail_lines.h"

namespace runstone::ingest {
namespace {

using store::Stream;

/// The rows of `from` up to `step` whose line is not among `hidden` (sorted), with their lines
/// moved down by `shift`.
parts::RowBatch rows_up_to(const parts::RowBatch& from, std::int64_t step,
                           const std::vector<std::int64_t>& hidden, std::int64_t shift) {
  parts::RowBatch kept;
  std::vector<std::uint32_t> names(from.key_count());
  for (std::uint32_t key = 0; key < names.size(); ++key) {
    names[key] = kept.intern(from.key_name(key));
  }
  for (const auto& row : from.rows()) {
    if (row.step > step || std::binary_search(hidden.begin(), hidden.end(), row.line)) continue;
    kept.begin_row();
    for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
      const auto& leaf = from.leaves()[i];
      kept.add_leaf(names[leaf.key], leaf.value, leaf.type,
                    leaf.other < 0 ? std::string_view() : from.other_text(leaf.other));
    }
    kept.end_row(row.line - shift, row.step, row.hash);
  }
  return kept;
}

Result<parts::RowBatch> decode(const std::vector<store::TailChunk>& tail) {
  parts::RowBatch rows;
  for (const auto& chunk : tail) {
    RUNSTONE_TRY(const auto lines, store::DecodedLines::decode(chunk.data));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      rows.add_line_or_keep(chunk.first_line + static_cast<std::int64_t>(i), lines[i]);
    }
  }
  return rows;
}

/// What is known of a history's keys, added up over parts.
class KeyCounts {
 public:
  Result<void> add(std::string_view overview_bytes) {
    RUNSTONE_TRY(const auto overview, parts::Overview::parse(overview_bytes));
    for (const auto& key : overview.keys()) {
      store::KeyInfo& info = keys_[key.name];
      info.name = key.name;
      const auto count = [&](parts::LeafType type) {
        return key.type_counts[static_cast<std::size_t>(type)];
      };
      info.numbers += count(parts::LeafType::kNumber);
      info.strings += count(parts::LeafType::kString);
      info.bools += count(parts::LeafType::kBool);
      info.media += count(parts::LeafType::kMedia);
      info.others += count(parts::LeafType::kOther) + count(parts::LeafType::kNull);
      const auto blocks = overview.blocks(key);
      info.last_step = std::max(info.last_step, blocks[blocks.size() - 1].last_step);
    }
    return {};
  }
  const std::map<std::string, store::KeyInfo>& keys() const { return keys_; }

 private:
  std::map<std::string, store::KeyInfo> keys_;
};

/// A run's history up to a step, source by source: each part, then the tail. Of a line that is in
/// several, the last one counts.
class HistoryUpTo {
 public:
  HistoryUpTo(const store::Store& store, const objects::ObjectStore& objects,
              const store::Store::Lines& lines, std::int64_t step)
      : store_(store), objects_(objects), lines_(lines), step_(step) {}

  /// Reads the tail and the parts' line tables.
  Result<void> begin() {
    RUNSTONE_TRY(tail_, decode(lines_.tail));
    parts_ = lines_.parts;
    std::sort(parts_.begin(), parts_.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    hidden_.resize(parts_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) RUNSTONE_TRY(find_hidden(i));
    return {};
  }
  const std::vector<store::PartInfo>& parts() const { return parts_; }
  /// Whether all of a part is kept, as it is.
  bool is_whole(std::size_t part) const {
    return parts_[part].last_step <= step_ && hidden_[part].empty();
  }
  Result<parts::RowBatch> part_rows(std::size_t part, std::int64_t shift) const {
    const auto& info = parts_[part];
    RUNSTONE_TRY(const auto overview, read_overview(store_, objects_, info));
    RUNSTONE_TRY(auto bytes, read_part_bytes(store_, objects_, info));
    RUNSTONE_TRY(const auto reader,
                 parts::PartReader::open(parts::memory_source(std::move(bytes)), overview));
    parts::RowBatch all;
    RUNSTONE_TRY(reader->read_lines(all, info.first_line, info.end_line - 1));
    return rows_up_to(all, step_, hidden_[part], shift);
  }
  parts::RowBatch tail_rows(std::int64_t shift) const {
    return rows_up_to(tail_, step_, {}, shift);
  }

 private:
  Result<parts::LineTable> lines_of(const store::PartInfo& part) const {
    RUNSTONE_TRY(const auto overview, read_overview(store_, objects_, part));
    return parts::parse_lines(overview);
  }
  // Nearly always there are none: then no table is read.
  Result<void> find_hidden(std::size_t part) {
    const auto& own = parts_[part];
    std::vector<std::int64_t> later;
    for (std::size_t i = part + 1; i < parts_.size(); ++i) {
      if (parts_[i].first_line >= own.end_line || parts_[i].end_line <= own.first_line) continue;
      RUNSTONE_TRY(const auto table, lines_of(parts_[i]));
      later.insert(later.end(), table.line.begin(), table.line.end());
    }
    for (const auto& row : tail_.rows()) {
      if (row.line >= own.first_line && row.line < own.end_line) later.push_back(row.line);
    }
    std::sort(later.begin(), later.end());
    hidden_[part] = std::move(later);
    return {};
  }

  const store::Store& store_;
  const objects::ObjectStore& objects_;
  const store::Store::Lines& lines_;
  const std::int64_t step_;
  parts::RowBatch tail_;
  std::vector<store::PartInfo> parts_;  // by id
  std::vector<std::vector<std::int64_t>> hidden_;
};

/// The batch that is being made of a kept history.
struct Kept {
  store::Batch batch;
  KeyCounts keys;
  std::int64_t end_line = 0, last_step = -1;

  void note(const store::PartInfo& part) {
    end_line = std::max(end_line, part.end_line);
    last_step = std::max(last_step, part.last_step);
  }
};

}  // namespace

Result<std::string> IngestService::summary_up_to(store::RunId run, std::int64_t step) const {
  RUNSTONE_TRY(const auto stored, store_.get_run(run));
  RUNSTONE_TRY(const auto keys, store_.keys(run));
  RUNSTONE_TRY(const auto lines, store_.lines(run, Stream::kHistory));
  HistoryUpTo history(store_, objects_, lines, step);
  RUNSTONE_TRY(history.begin());
  SummaryCut cut(keys, stored.config_json);
  for (std::size_t i = 0; i < history.parts().size(); ++i) {
    if (history.parts()[i].first_step > step) continue;
    RUNSTONE_TRY(const auto rows, history.part_rows(i, 0));
    cut.add(rows);
  }
  cut.add(history.tail_rows(0));
  return cut.apply(stored.summary_json);
}

// Under write_mutex_ but for the summary. A rewind is rare and its writer waits for it; parts that
// lie before the step stay as they are, so what is written anew is at most one part and the tail.
Result<store::RunInfo> IngestService::rewind_run(store::RunId run, std::int64_t step) {
  RUNSTONE_TRY(auto summary, summary_up_to(run, step));  // reads every row: before the lock
  const std::scoped_lock lock(write_mutex_);
  RUNSTONE_TRY(const Slot slot, find_slot(run));
  RUNSTONE_TRY(const auto lines, store_.lines(run, Stream::kHistory));
  HistoryUpTo history(store_, objects_, lines, step);
  RUNSTONE_TRY(history.begin());

  Kept kept;
  std::vector<store::PartInfo> replaced;
  const auto keep = [&](parts::RowBatch rows) -> Result<void> {
    if (rows.rows().empty()) return {};
    RUNSTONE_TRY(auto part, parts::write_part(rows));
    RUNSTONE_TRY(kept.keys.add(part.overview));
    RUNSTONE_TRY(auto made, store_part(run, Stream::kHistory, std::move(part)));
    kept.note(made.info);
    kept.batch.add_parts.push_back(std::move(made));
    return {};
  };
  const auto keep_all = [&]() -> Result<void> {
    for (std::size_t i = 0; i < history.parts().size(); ++i) {
      const auto& part = history.parts()[i];
      if (history.is_whole(i)) {
        RUNSTONE_TRY(const auto overview, read_overview(store_, objects_, part));
        RUNSTONE_TRY(kept.keys.add(overview));
        kept.note(part);
        continue;
      }
      RUNSTONE_TRY(auto rows, history.part_rows(i, 0));
      RUNSTONE_TRY(keep(std::move(rows)));
      kept.batch.remove_parts.push_back(part.id);
      replaced.push_back(part);
    }
    return keep(history.tail_rows(0));
  };
  if (auto done = keep_all(); !done) {
    for (const auto& part : kept.batch.add_parts) remove_objects_of(part);
    return fail(std::move(done).error());
  }

  // The writer counts its console and its system metrics from zero again.
  for (const auto& chunk : lines.tail) {
    kept.batch.remove_chunks.push_back({run, Stream::kHistory, chunk.first_line});
  }
  for (const auto stream : {Stream::kEvents, Stream::kConsole}) {
    RUNSTONE_TRY(const auto index, store_.tail_index(run, stream));
    for (const auto& chunk : index) {
      kept.batch.remove_chunks.push_back({run, stream, chunk.first_line});
    }
    RUNSTONE_TRY(const auto parts, store_.parts(run, stream));
    for (const auto& part : parts) {
      kept.batch.remove_parts.push_back(part.id);
      replaced.push_back(part);
    }
  }
  store::KeysUpdate keys{run, {}};
  for (auto& [name, before] : slot->keys) {
    const auto found = kept.keys.keys().find(name);
    if (found != kept.keys.keys().end()) {
      keys.keys.push_back(found->second);
    } else {
      keys.keys.push_back(store::KeyInfo{name, 0, 0, 0, 0, 0, -1});
    }
  }
  kept.batch.keys.push_back(std::move(keys));

  slot->keys.clear();
  for (const auto& [name, key] : kept.keys.keys()) slot->keys[name] = key;
  slot->dirty_keys.clear();
  slot->has_new_keys = false;
  for (auto& tail : slot->tails) tail = {0, 0, 0, tail.version + 1};
  Round round;
  round.batch = std::move(kept.batch);
  auto& touched = round.of(slot);
  store::RunUpdate& update = touched.update;
  apply_start(update, slot->info);
  update.heartbeat_at_us = update.updated_at_us = clock_.now_us();
  update.history_lines = update.keys_through_line = std::max<std::int64_t>(0, kept.end_line);
  update.event_lines = update.console_lines = update.gaps = 0;
  update.last_step = kept.last_step;
  if (!slot->info.fork_of) {  // a fork stays one of the run that it came from
    update.fork_of = run;
    update.fork_step = step;
  }
  store::apply_update(slot->info, update);
  update.summary_json = std::move(summary);
  touched.change.run = touched.change.anew = true;
  RUNSTONE_TRY(commit_round(round));
  bury(replaced);
  return store_.get_run(run);
}

// Of the other run's environments nothing is taken: they are those of its writers.
Result<std::string> IngestService::own_config_over(const std::string& parent_json,
                                                   store::RunId run) const {
  RUNSTONE_TRY(const auto own, store_.get_run(run, {.config = true, .summary = false}));
  RUNSTONE_TRY(auto parent, json::parse(parent_json));
  Dict* at = parent.if_dict();
  for (const char* label : {"_wandb", "value"}) {
    Value* below = at != nullptr ? at->find(label) : nullptr;
    at = below != nullptr ? below->if_dict() : nullptr;
  }
  if (at != nullptr) at->erase("e");
  return merge_configs(json::to_text(parent), own.config_json);
}

// Not under write_mutex_ until all is copied: that takes as long as the history is. Nobody writes
// to the run before this has answered.
Result<store::RunInfo> IngestService::begin_with_history(const store::RunInfo& run,
                                                         const BranchPoint& from) {
  RUNSTONE_TRY(const auto parent, store_.find_run(run.entity_name, run.project_name, from.run));
  RUNSTONE_TRY(const auto lines, store_.lines(parent.id, Stream::kHistory));
  HistoryUpTo history(store_, objects_, lines, from.step);
  RUNSTONE_TRY(history.begin());
  std::int64_t shift = 0;
  for (const auto& part : lines.parts) shift = std::max(shift, part.end_line);
  for (const auto& chunk : lines.tail) shift = std::max(shift, chunk.end_line());

  RUNSTONE_TRY(const auto keys, store_.keys(parent.id));
  SummaryCut cut(keys, parent.config_json);
  Kept kept;
  const auto copy = [&](parts::RowBatch rows) -> Result<void> {
    if (rows.rows().empty()) return {};
    cut.add(rows);
    RUNSTONE_TRY(auto part, parts::write_part(rows));
    RUNSTONE_TRY(kept.keys.add(part.overview));
    RUNSTONE_TRY(auto made, store_part(run.id, Stream::kHistory, std::move(part)));
    kept.note(made.info);
    kept.batch.add_parts.push_back(std::move(made));
    return {};
  };
  const auto copy_all = [&]() -> Result<void> {
    for (std::size_t i = 0; i < history.parts().size(); ++i) {
      if (history.parts()[i].first_step > from.step) continue;
      RUNSTONE_TRY(auto rows, history.part_rows(i, shift));
      RUNSTONE_TRY(copy(std::move(rows)));
    }
    return copy(history.tail_rows(shift));
  };
  const auto give_up = [&] {
    for (const auto& part : kept.batch.add_parts) remove_objects_of(part);
  };
  if (auto done = copy_all(); !done) {
    give_up();
    return fail(std::move(done).error().with_context("the history of run " + from.run));
  }
  auto summary = cut.apply(parent.summary_json);
  if (!summary) {
    give_up();
    return fail(std::move(summary).error().with_context("the summary of run " + from.run));
  }
  {
    const std::scoped_lock lock(write_mutex_);
    auto found = find_slot(run.id);
    if (!found || (*found)->info.fork_of || (*found)->info.history_lines > 0) {
      give_up();  // deleted meanwhile, or a retry of the same request was quicker
      if (!found) return fail(std::move(found).error());
      return store_.get_run(run.id);
    }
    const Slot slot = *std::move(found);
    auto config = own_config_over(parent.config_json, run.id);
    if (!config) {
      give_up();
      return fail(std::move(config).error().with_context("the config of run " + from.run));
    }
    for (const auto& [name, key] : kept.keys.keys()) {
      slot->keys[name] = key;
      slot->dirty_keys.insert(name);
    }
    ++slot->tail(Stream::kHistory).version;
    Round round;
    round.batch = std::move(kept.batch);
    auto& touched = round.of(slot);
    touched.update.fork_of = parent.id;
    touched.update.fork_step = from.step;
    touched.update.last_step = kept.last_step;
    store::apply_update(slot->info, touched.update);
    touched.update.summary_json = *std::move(summary);
    touched.update.config_json = *std::move(config);
    touched.change.config = true;
    touched.write_keys = touched.change.run = touched.change.anew = true;
    RUNSTONE_TRY(commit_round(round));
  }
  return store_.get_run(run.id);
}

}  // namespace runstone::ingest
