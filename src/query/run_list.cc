#include "query/run_list.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"
#include "query/filter.h"

namespace runstone::query {
namespace {

struct OrderKey {
  std::string path;
  bool descending = false;
};

/// "+created_at", "-summary_metrics.loss,name"; ascending by default.
std::vector<OrderKey> parse_order(std::string_view text) {
  std::vector<OrderKey> keys;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto one = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    OrderKey key;
    if (!one.empty() && (one.front() == '+' || one.front() == '-')) {
      key.descending = one.front() == '-';
      one.remove_prefix(1);
    }
    if (one.empty()) continue;
    key.path = std::string(one);
    keys.push_back(std::move(key));
  }
  if (keys.empty()) keys.push_back({"created_at", false});
  return keys;
}

/// Where a run stands in the order: the values ordered by, then its creation and id, which never
/// tie. A cursor is this place as text, so it holds though runs before it come and go.
struct Place {
  List values;
  std::int64_t created_at_us = 0, id = 0;

  std::string to_cursor() const {
    List all = values;
    all.emplace_back(created_at_us);
    all.emplace_back(id);
    return to_base64url(json::to_text(Value(std::move(all))));
  }
};

Result<Place> parse_cursor(std::string_view cursor, std::size_t values) {
  const auto text = from_base64(cursor);
  const auto bad = [] { return fail(ErrorCode::kInvalidArgument, "not a cursor of this list"); };
  if (!text) return bad();
  const auto value = json::parse(*text);
  const List* list = value ? value->if_list() : nullptr;
  if (list == nullptr || list->size() != values + 2 || !list->back().is_int()) return bad();
  Place place;
  place.values.assign(list->begin(), list->begin() + static_cast<std::ptrdiff_t>(values));
  place.created_at_us = (*list)[values].int_or(0);
  place.id = list->back().int_or(0);
  return place;
}

class RunOrdering {
 public:
  explicit RunOrdering(std::string_view text) : keys_(parse_order(text)) {}

  std::size_t size() const { return keys_.size(); }
  store::RunColumns columns() const {
    store::RunColumns columns{false, false};
    for (const auto& key : keys_) {
      const auto own = columns_of(key.path);
      columns.config |= own.config;
      columns.summary |= own.summary;
    }
    return columns;
  }
  Place place_of(const store::RunInfo& run, const RunFields& fields) const {
    Place place;
    for (const auto& key : keys_) {
      const Value* value = fields.find(key.path);
      place.values.push_back(value == nullptr ? Value() : *value);
    }
    place.created_at_us = run.created_at_us;
    place.id = store::to_number(run.id);
    return place;
  }
  bool before(const Place& a, const Place& b) const {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      // A run without the value comes last, whichever way the order goes.
      const bool no_a = a.values[i].is_null(), no_b = b.values[i].is_null();
      if (no_a != no_b) return no_b;
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
    if (keys_.size() != 1 || (keys_[0].path != "created_at" && keys_[0].path != "createdAt")) {
      return std::nullopt;
    }
    return keys_[0].descending ? store::RunOrder::kCreatedDescending
                               : store::RunOrder::kCreatedAscending;
  }

 private:
  std::vector<OrderKey> keys_;
};

/// The common list, newest or oldest first and unfiltered: only the page itself is read.
Result<RunPage> list_by_index(const store::Store& store, const RunListRequest& request,
                              const RunOrdering& ordering, store::RunOrder order) {
  store::ListRuns ask;
  ask.project = request.project;
  ask.order = order;
  ask.limit = request.first < 0 ? -1 : request.first + 1;
  if (!request.after.empty()) {
    RUNSTONE_TRY(const auto place, parse_cursor(request.after, ordering.size()));
    ask.after = {place.created_at_us, store::RunId{place.id}};
  }
  RUNSTONE_TRY(auto runs, store.list_runs(ask));
  RunPage page;
  page.has_next = request.first >= 0 && static_cast<std::int64_t>(runs.size()) > request.first;
  if (page.has_next) runs.resize(static_cast<std::size_t>(request.first));
  for (auto& run : runs) {
    auto cursor = ordering.place_of(run, RunFields(run)).to_cursor();
    page.items.push_back({std::move(run), std::move(cursor)});
  }
  return page;
}

}  // namespace

Result<RunPage> list_runs(const store::Store& store, const RunListRequest& request) {
  RUNSTONE_TRY(const auto filter, Filter::parse(request.filters));
  const RunOrdering ordering(request.order);
  if (const auto order = ordering.indexed(); order && filter.passes_all()) {
    return list_by_index(store, request, ordering, *order);
  }
  store::ListRuns ask;
  ask.project = request.project;
  ask.columns = filter.columns();
  const auto ordered_by = ordering.columns();
  ask.columns.config |= ordered_by.config;
  ask.columns.summary |= ordered_by.summary;
  RUNSTONE_TRY(const auto runs, store.list_runs(ask));

  std::vector<Place> places;
  for (const auto& run : runs) {
    const RunFields fields(run);
    if (filter.passes(fields)) places.push_back(ordering.place_of(run, fields));
  }
  const auto before = [&](const Place& a, const Place& b) { return ordering.before(a, b); };
  std::sort(places.begin(), places.end(), before);
  auto begin = places.begin();
  if (!request.after.empty()) {
    RUNSTONE_TRY(const auto after, parse_cursor(request.after, ordering.size()));
    begin = std::upper_bound(places.begin(), places.end(), after, before);
  }
  const auto left = static_cast<std::int64_t>(places.end() - begin);
  const auto size = request.first < 0 ? left : std::min(left, request.first);

  std::vector<store::RunId> ids;
  for (auto at = begin; at != begin + size; ++at) ids.push_back(store::RunId{at->id});
  RUNSTONE_TRY(auto full, store.get_runs(ids));
  RunPage page;
  page.has_next = left > size;
  auto at = begin;
  for (auto& run : full) {
    while (at->id != store::to_number(run.id)) ++at;  // runs deleted in between are left out
    page.items.push_back({std::move(run), at->to_cursor()});
  }
  return page;
}

Result<std::int64_t> count_filtered(const store::Store& store, store::ProjectId project,
                                    std::string_view filters) {
  RUNSTONE_TRY(const auto filter, Filter::parse(filters));
  if (filter.passes_all()) return store.count_runs(project);
  store::ListRuns ask;
  ask.project = project;
  ask.columns = filter.columns();
  RUNSTONE_TRY(const auto runs, store.list_runs(ask));
  return std::count_if(runs.begin(), runs.end(),
                       [&](const store::RunInfo& run) { return filter.passes(RunFields(run)); });
}

Result<ProjectPage> list_projects(const store::Store& store, std::string_view entity,
                                  std::int64_t first, std::string_view after) {
  RUNSTONE_TRY(const auto owner, store.find_entity(entity));
  RUNSTONE_TRY(auto projects, store.list_projects(owner.id));
  const auto place = [](const store::Project& p) {
    return std::make_pair(-p.last_activity_at_us, -store::to_number(p.id));
  };
  std::sort(projects.begin(), projects.end(),
            [&](const auto& a, const auto& b) { return place(a) < place(b); });
  auto begin = projects.begin();
  if (!after.empty()) {
    RUNSTONE_TRY(const auto cursor, parse_cursor(after, 0));
    const auto seen = std::make_pair(-cursor.created_at_us, -cursor.id);
    begin = std::find_if(projects.begin(), projects.end(),
                         [&](const auto& p) { return seen < place(p); });
  }
  const auto left = static_cast<std::int64_t>(projects.end() - begin);
  const auto size = first < 0 ? left : std::min(left, first);
  ProjectPage page;
  page.has_next = left > size;
  for (auto at = begin; at != begin + size; ++at) {
    auto cursor = Place{{}, at->last_activity_at_us, store::to_number(at->id)}.to_cursor();
    page.items.push_back({std::move(*at), std::move(cursor)});
  }
  return page;
}

}  // namespace runstone::query
