#include "query/run_list.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"
#include "query/filter.h"
#include "query/run_index.h"

namespace runstone::query {
namespace {

constexpr std::size_t kMaxOrderKeys = 8;
constexpr std::int64_t kMaxPage = 10'000;  // a longer page is cut there, and says that more follow

struct OrderKey {
  FieldPath field;
  bool descending = false;
};

/// "+created_at", "-summary_metrics.loss,name"; ascending by default.
Result<std::vector<OrderKey>> parse_order(std::string_view text) {
  std::vector<OrderKey> keys;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto one = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    const bool descending = !one.empty() && one.front() == '-';
    if (!one.empty() && (one.front() == '+' || one.front() == '-')) one.remove_prefix(1);
    if (one.empty()) continue;
    auto field = FieldPath::parse(one);
    if (!field) return fail(FieldPath::unknown(one).with_context("order"));
    keys.push_back({*std::move(field), descending});
    if (keys.size() > kMaxOrderKeys) {
      return fail(ErrorCode::kInvalidArgument, "order: more than 8 keys");
    }
  }
  if (keys.empty()) keys.push_back({*FieldPath::parse("created_at"), false});
  return keys;
}

/// Where a run stands in the order: the values ordered by, then its creation and id, which never
/// tie. A cursor is this place as text, so it holds though runs before it come and go; the order
/// is in front, since a place means nothing in another one.
struct Place {
  List values;
  std::int64_t created_at_us = 0, id = 0;

  std::string to_cursor(std::string_view order) const {
    List all;
    all.emplace_back(order);
    all.insert(all.end(), values.begin(), values.end());
    all.emplace_back(created_at_us);
    all.emplace_back(id);
    return to_base64url(json::to_text(Value(std::move(all))));
  }
};

Result<Place> parse_cursor(std::string_view cursor, std::string_view order, std::size_t values) {
  const auto text = from_base64(cursor);
  const auto bad = [](const char* what) { return fail(ErrorCode::kInvalidArgument, what); };
  if (!text) return bad("after: this is no cursor");
  const auto value = json::parse(*text);
  const List* list = value ? value->if_list() : nullptr;
  if (list == nullptr || list->size() < 3 || !list->front().is_string() || !list->back().is_int() ||
      !(*list)[list->size() - 2].is_int()) {
    return bad("after: this is no cursor");
  }
  if (*list->front().if_string() != order || list->size() != values + 3) {
    return bad("after: this cursor is of a list in another order; start that list anew");
  }
  Place place;
  place.values.assign(list->begin() + 1, list->end() - 2);
  place.created_at_us = (*list)[values + 1].int_or(0);
  place.id = list->back().int_or(0);
  return place;
}

int lateness(const Value& value) {
  if (value.is_null()) return 2;
  return value.is_double() && std::isnan(*value.if_double()) ? 1 : 0;
}

class RunOrdering {
 public:
  static Result<RunOrdering> parse(std::string_view text) {
    RUNSTONE_TRY(auto keys, parse_order(text));
    return RunOrdering(std::move(keys));
  }

  std::size_t size() const { return keys_.size(); }
  std::string_view name() const { return name_; }
  const std::vector<FieldPath>& fields() const { return fields_; }
  Place place_of(const store::RunInfo& run, const FieldValues& values) const {
    Place place;
    place.values.reserve(keys_.size());
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const Value* value = values.at(i);
      place.values.push_back(value == nullptr ? Value() : *value);
    }
    place.created_at_us = run.created_at_us;
    place.id = store::to_number(run.id);
    return place;
  }
  bool before(const Place& a, const Place& b) const {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      // A run without the value comes last, before it one with NaN, whichever way the order goes.
      const int rank_a = lateness(a.values[i]), rank_b = lateness(b.values[i]);
      if (rank_a != rank_b) return rank_a < rank_b;
      const int order = compare_values(&a.values[i], &b.values[i]);
      if (order != 0) return keys_[i].descending ? order > 0 : order < 0;
    }
    const bool descending = keys_.front().descending;
    const auto tie_a = std::make_pair(a.created_at_us, a.id),
               tie_b = std::make_pair(b.created_at_us, b.id);
    return descending ? tie_a > tie_b : tie_a < tie_b;
  }
  /// Whether an index of the store gives this order.
  std::optional<store::RunOrder> indexed() const {
    if (keys_.size() != 1) return std::nullopt;
    const auto& path = keys_[0].field.text;
    if (path != "created_at" && path != "createdAt") return std::nullopt;
    return keys_[0].descending ? store::RunOrder::kCreatedDescending
                               : store::RunOrder::kCreatedAscending;
  }

 private:
  explicit RunOrdering(std::vector<OrderKey> keys) : keys_(std::move(keys)) {
    for (const auto& key : keys_) {
      fields_.push_back(key.field);
      name_ +=
          (name_.empty() ? "" : ",") + std::string(key.descending ? "-" : "+") + key.field.text;
    }
  }

  std::vector<OrderKey> keys_;
  std::vector<FieldPath> fields_;
  std::string name_;
};

/// The values of a row that was read from the store.
class RowValues final : public FieldValues {
 public:
  RowValues(const store::RunInfo& run, const std::vector<FieldPath>& fields)
      : row_(run), fields_(fields) {}
  const Value* at(std::size_t field) const override { return row_.find(fields_[field]); }

 private:
  RunFields row_;
  const std::vector<FieldPath>& fields_;
};

/// `_wandb`, what the client says of itself, is a third of a config and hardly ever asked for: the
/// index has it not, and such a list is read from the rows themselves.
bool beyond_index(const std::vector<FieldPath>& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const FieldPath& field) {
    return field.source == FieldPath::Source::kConfig &&
           (field.key == "_wandb" || field.key.rfind("_wandb.", 0) == 0);
  });
}

/// Calls `take(row, values of the order)` for each run that passes.
template <typename Take>
Result<void> visit_rows(const store::Store& store, store::ProjectId project, const Filter& filter,
                        const std::vector<FieldPath>& order, Take take) {
  const auto visit = [&](store::ChangedRun&& changed) {
    const RunFields fields(changed.run);
    if (filter.passes(fields)) take(changed.run, RowValues(changed.run, order));
  };
  RUNSTONE_TRY(store.changed_runs(project, -1, visit));
  return {};
}

template <typename Take>
Result<void> visit_passing(const store::Store& store, RunIndexes& indexes, store::ProjectId project,
                           const Filter& filter, const std::vector<FieldPath>& order, Take take) {
  if (beyond_index(filter.fields()) || beyond_index(order)) {
    return visit_rows(store, project, filter, order, take);
  }
  RUNSTONE_TRY(const auto index, indexes.open(store, project));
  const std::shared_lock lock(index->mutex());
  IndexedValues tested(*index, filter.fields()), ordered(*index, order);
  for (const auto& run : index->runs()) {
    tested.use(run);
    if (!filter.passes(tested)) continue;
    ordered.use(run);
    take(run.row, ordered);
  }
  return {};
}

/// The common list, newest or oldest first and unfiltered: only the page itself is read.
Result<RunPage> list_by_index(const store::Store& store, const RunListRequest& request,
                              const RunOrdering& ordering, store::RunOrder order) {
  store::ListRuns ask;
  ask.project = request.project;
  ask.order = order;
  ask.columns = request.columns;
  ask.limit = request.first < 0 ? -1 : request.first + 1;
  if (!request.after.empty()) {
    RUNSTONE_TRY(const auto place, parse_cursor(request.after, ordering.name(), ordering.size()));
    ask.after = {place.created_at_us, store::RunId{place.id}};
  }
  RUNSTONE_TRY(auto runs, store.list_runs(ask));
  RunPage page;
  page.has_next = request.first >= 0 && static_cast<std::int64_t>(runs.size()) > request.first;
  if (page.has_next) runs.resize(static_cast<std::size_t>(request.first));
  for (auto& run : runs) {
    auto cursor =
        ordering.place_of(run, RowValues(run, ordering.fields())).to_cursor(ordering.name());
    page.items.push_back({std::move(run), std::move(cursor)});
  }
  return page;
}

}  // namespace

Result<RunPage> list_runs(const store::Store& store, RunIndexes& indexes,
                          const RunListRequest& asked) {
  RunListRequest request = asked;
  if (request.first > kMaxPage) request.first = kMaxPage;
  RUNSTONE_TRY(const auto filter, Filter::parse(request.filters));
  RUNSTONE_TRY(const auto ordering, RunOrdering::parse(request.order));
  if (const auto order = ordering.indexed(); order && filter.passes_all()) {
    return list_by_index(store, request, ordering, *order);
  }
  std::optional<Place> after;
  if (!request.after.empty()) {
    RUNSTONE_TRY(after, parse_cursor(request.after, ordering.name(), ordering.size()));
  }
  const auto before = [&](const Place& a, const Place& b) { return ordering.before(a, b); };
  std::vector<Place> places;
  RUNSTONE_TRY(visit_passing(store, indexes, request.project, filter, ordering.fields(),
                             [&](const store::RunInfo& run, const FieldValues& values) {
                               auto place = ordering.place_of(run, values);
                               if (!after || before(*after, place))
                                 places.push_back(std::move(place));
                             }));
  const auto left = static_cast<std::int64_t>(places.size());
  const auto size = request.first < 0 ? left : std::min(left, request.first);
  std::partial_sort(places.begin(), places.begin() + size, places.end(), before);

  std::vector<store::RunId> ids;
  for (auto at = places.begin(); at != places.begin() + size; ++at) {
    ids.push_back(store::RunId{at->id});
  }
  RUNSTONE_TRY(auto full, store.get_runs(ids, request.columns));
  RunPage page;
  page.has_next = left > size;
  auto at = places.begin();
  for (auto& run : full) {
    while (at->id != store::to_number(run.id)) ++at;  // runs deleted in between are left out
    page.items.push_back({std::move(run), at->to_cursor(ordering.name())});
  }
  return page;
}

Result<std::int64_t> count_filtered(const store::Store& store, RunIndexes& indexes,
                                    store::ProjectId project, std::string_view filters) {
  RUNSTONE_TRY(const auto filter, Filter::parse(filters));
  if (filter.passes_all()) return store.count_runs(project);
  std::int64_t count = 0;
  RUNSTONE_TRY(visit_passing(store, indexes, project, filter, {},
                             [&](const store::RunInfo&, const FieldValues&) { ++count; }));
  return count;
}

Result<ProjectPage> list_projects(const store::Store& store, std::string_view entity,
                                  std::int64_t first, std::string_view after,
                                  const ProjectTest& visible) {
  constexpr std::string_view kActivity = "projects";
  RUNSTONE_TRY(const auto owner, store.find_entity(entity));
  RUNSTONE_TRY(auto projects, store.list_projects(owner.id));
  std::erase_if(projects, [&](const auto& project) { return !visible(project); });
  const auto place = [](const store::Project& p) {
    return std::make_pair(-p.last_activity_at_us, -store::to_number(p.id));
  };
  std::sort(projects.begin(), projects.end(),
            [&](const auto& a, const auto& b) { return place(a) < place(b); });
  auto begin = projects.begin();
  if (!after.empty()) {
    RUNSTONE_TRY(const auto cursor, parse_cursor(after, kActivity, 0));
    const auto seen = std::make_pair(-cursor.created_at_us, -cursor.id);
    begin = std::find_if(projects.begin(), projects.end(),
                         [&](const auto& p) { return seen < place(p); });
  }
  const auto left = static_cast<std::int64_t>(projects.end() - begin);
  const auto size = first < 0 ? left : std::min(left, first);
  ProjectPage page;
  page.has_next = left > size;
  for (auto at = begin; at != begin + size; ++at) {
    auto cursor = Place{{}, at->last_activity_at_us, store::to_number(at->id)}.to_cursor(kActivity);
    page.items.push_back({std::move(*at), std::move(cursor)});
  }
  return page;
}

}  // namespace runstone::query
