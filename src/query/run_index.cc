#include "query/run_index.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/try.h"

namespace runstone::query {
namespace {

std::int64_t bytes_of(const IndexedRun& run) {
  // Short texts are inside the row; what is longer is rarely more than this.
  constexpr std::int64_t kRowBytes = sizeof(IndexedRun) + 200;
  return kRowBytes + run.config.memory_bytes() + run.summary.memory_bytes();
}

}  // namespace

void ProjectIndex::take(store::ChangedRun&& changed) {
  change_ = std::max(change_, changed.change);
  const auto [place, is_new] = places_.try_emplace(changed.run.id, runs_.size());
  if (is_new) {
    runs_.emplace_back();
  } else {
    bytes_ -= bytes_of(runs_[place->second]);
  }
  IndexedRun& run = runs_[place->second];
  if (!changed.run.config_json.empty()) {
    run.config = RunFacts::of_config(changed.run.config_json, config_paths_);
  }
  if (!changed.run.summary_json.empty()) {
    run.summary = RunFacts::of_summary(changed.run.summary_json, summary_paths_);
  }
  run.row = std::move(changed.run);
  std::string().swap(run.row.config_json);  // an assignment would keep the memory
  std::string().swap(run.row.summary_json);
  bytes_ += bytes_of(run);
}

void ProjectIndex::erase(std::size_t place) {
  bytes_ -= bytes_of(runs_[place]);
  places_.erase(runs_[place].row.id);
  if (place + 1 != runs_.size()) {
    runs_[place] = std::move(runs_.back());
    places_[runs_[place].row.id] = place;
  }
  runs_.pop_back();
}

Result<void> ProjectIndex::forget_missing(const store::Store& store) {
  RUNSTONE_TRY(const auto ids, store.list_run_ids(project_));
  const std::unordered_set<store::RunId> there(ids.begin(), ids.end());
  for (std::size_t place = runs_.size(); place-- > 0;) {
    if (!there.contains(runs_[place].row.id)) erase(place);
  }
  return {};
}

Result<void> ProjectIndex::refresh(const store::Store& store) {
  const std::unique_lock lock(mutex_);
  auto count = store.changed_runs(
      project_, change_, [this](store::ChangedRun&& changed) { take(std::move(changed)); });
  if (!count) {
    // What was taken in may be half of a transaction; all is asked for again.
    change_ = -1;
    return fail(std::move(count).error());
  }
  // A run that was deleted or moved away changes nothing that is left, but the count.
  if (static_cast<std::int64_t>(runs_.size()) != *count) RUNSTONE_TRY(forget_missing(store));
  return {};
}

IndexedValues::IndexedValues(const ProjectIndex& index, const std::vector<FieldPath>& fields) {
  for (const auto& field : fields) {
    Slot slot{&field, {}, {}};
    if (field.source == FieldPath::Source::kConfig) {
      slot.paths = index.config_paths().find(field.key, true);
    } else if (field.source == FieldPath::Source::kSummary) {
      slot.paths = index.summary_paths().find(field.key, false);
    }
    slots_.push_back(std::move(slot));
  }
}

void IndexedValues::use(const IndexedRun& run) {
  run_ = &run;
  for (auto& slot : slots_) slot.state = Slot::State::kUnknown;
}

const Value* IndexedValues::at(std::size_t field) const {
  const Slot& slot = slots_[field];
  if (slot.state == Slot::State::kUnknown) {
    bool there = false;
    if (slot.field->source == FieldPath::Source::kColumn) {
      slot.value = slot.field->column(run_->row);
      there = !slot.value.is_null();
    } else {
      const auto& facts =
          slot.field->source == FieldPath::Source::kConfig ? run_->config : run_->summary;
      for (const auto path : slot.paths) {
        there = facts.get(path, slot.value);
        if (there) break;
      }
    }
    slot.state = there ? Slot::State::kThere : Slot::State::kMissing;
  }
  return slot.state == Slot::State::kThere ? &slot.value : nullptr;
}

Result<std::shared_ptr<const ProjectIndex>> RunIndexes::open(const store::Store& store,
                                                             store::ProjectId project) {
  const std::string key = std::to_string(store::to_number(project));
  std::shared_ptr<ProjectIndex> index;
  {
    const std::scoped_lock lock(making_);
    index = indexes_.find(key);
    if (index == nullptr) {
      index = std::make_shared<ProjectIndex>(project);
      indexes_.put(key, index, 0);
    }
  }
  RUNSTONE_TRY(index->refresh(store));
  const std::shared_lock lock(index->mutex());
  indexes_.put(key, index, index->memory_bytes());
  return std::shared_ptr<const ProjectIndex>(index);
}

Result<void> RunIndexes::prepare(const store::Store& store, const std::atomic<bool>& stop) {
  constexpr std::int64_t kMaxRuns = 20'000;  // more may not fit, and would be read for nothing
  std::vector<store::Project> projects;
  RUNSTONE_TRY(const auto entities, store.list_entities());
  for (const auto& entity : entities) {
    RUNSTONE_TRY(auto own, store.list_projects(entity.id));
    std::move(own.begin(), own.end(), std::back_inserter(projects));
  }
  std::sort(projects.begin(), projects.end(), [](const auto& a, const auto& b) {
    return a.last_activity_at_us > b.last_activity_at_us;
  });
  std::int64_t bytes = 0;
  for (const auto& project : projects) {
    if (stop || bytes > max_bytes_ / 2) return {};
    if (project.run_count == 0 || project.run_count > kMaxRuns) continue;
    RUNSTONE_TRY(const auto index, open(store, project.id));
    const std::shared_lock lock(index->mutex());
    bytes += index->memory_bytes();
  }
  return {};
}

}  // namespace runstone::query
