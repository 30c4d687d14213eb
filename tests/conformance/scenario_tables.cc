#include "scenario_tables.h"

#include <cstdint>
#include <cstdio>
#include <utility>

#include "base/try.h"
#include "runstone/plot.h"
#include "scenario_charts.h"
#include "scenario_media.h"
#include "spec_value.h"

namespace runstone::conformance {
namespace {

/// "2024-03-05T06:07:08+00:00", the one form that scenarios have.
Result<Timestamp> moment(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d+00:00", &year, &month, &day, &hour,
                  &minute, &second) != 6) {
    return fail(ErrorCode::kInvalidArgument, "the scenario has the time " + text);
  }
  // Days since 1970 of the Gregorian calendar, by years that begin in March.
  const int y = month > 2 ? year : year - 1;
  const int m = month > 2 ? month - 3 : month + 9;
  const std::int64_t days =
      365LL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 719469;
  Timestamp made;
  made.unix_us = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1'000'000;
  made.utc_offset_secs = 0;
  return made;
}

NumberArray array(const List& list) {
  if (!list.empty() && list.front().if_list()) {
    int columns = 0;
    const auto flat = flatten(list, columns);
    return NumberArray::of(flat, {static_cast<std::int64_t>(list.size()), columns});
  }
  return NumberArray::of(numbers_of(list), {static_cast<std::int64_t>(list.size())});
}

}  // namespace

bool is_media(const Value& value) { return value.get("$media") != nullptr; }
bool is_media_list(const Value& value) {
  const List* list = value.if_list();
  return list && !list->empty() && is_media(list->front());
}

Result<void> ScenarioCells::add(const Value& spec) {
  if (is_media(spec)) {
    RUNSTONE_TRY(Media made, maker_.make(*spec.if_dict()));
    cells_.emplace_back(media_.emplace_back(std::move(made)));
  } else if (is_media_list(spec)) {
    auto& batch = lists_.emplace_back();
    for (const Value& item : *spec.if_list()) {
      RUNSTONE_TRY(Media made, maker_.make(*item.if_dict()));
      batch.push_back(std::move(made));
    }
    cells_.emplace_back(batch);
  } else if (const Value* time = spec.get("$time")) {
    RUNSTONE_TRY(const Timestamp made, moment(std::string(time->string_or(""))));
    cells_.emplace_back(times_.emplace_back(made));
  } else if (const Value* numbers = spec.get("$array")) {
    cells_.emplace_back(arrays_.emplace_back(array(*numbers->if_list())));
  } else {
    cells_.emplace_back(spec);
  }
  return {};
}

Result<Table> MediaMaker::table(const Value* described) {
  if (!described || !described->if_dict()) {
    return fail(ErrorCode::kInvalidArgument, "the scenario has no table where one belongs");
  }
  const Dict& spec = *described->if_dict();
  Table made;
  if (const auto again = maybe_text(spec, "again")) {
    made = kept_.at(*again);
  } else {
    TableOptions options;
    options.log_mode = maybe_text(spec, "log_mode").value_or("IMMUTABLE");
    options.allow_mixed_types = bool_at(spec, "allow_mixed_types", false);
    if (spec.contains("optional")) options.optional = {bool_at(spec, "optional", true)};
    RUNSTONE_TRY(made, Table::create(list_at(spec, "columns"), options));
  }
  for (const Value& row : list_at(spec, "data")) {
    ScenarioCells cells(*this);
    for (const Value& cell : *row.if_list()) {
      RUNSTONE_TRY(cells.add(cell));
    }
    RUNSTONE_TRY(made.add_data(cells.cells()));
  }
  for (const auto& [name, column] : dict_at(spec, "more columns")) {
    ScenarioCells cells(*this);
    for (const Value& cell : *column.if_list()) {
      RUNSTONE_TRY(cells.add(cell));
    }
    RUNSTONE_TRY(made.add_column(name, cells.cells()));
  }
  if (const auto keep = maybe_text(spec, "keep")) kept_.insert_or_assign(*keep, made);
  return made;
}

Result<Media> MediaMaker::joined_table(const Dict& spec) {
  RUNSTONE_TRY(const Table first, table(spec.find("first")));
  RUNSTONE_TRY(const Table second, table(spec.find("second")));
  RUNSTONE_TRY(Media made, JoinedTable::create(first, second, {text_at(spec, "key")}));
  return made;
}

Result<Media> MediaMaker::chart(const Dict& spec) {
  Table over;
  if (spec.contains("table")) {
    RUNSTONE_TRY(over, table(spec.find("table")));
  }
  RUNSTONE_TRY(Media made, make_chart(spec, over));
  return made;
}

Result<Media> MediaMaker::make(const Dict& spec) {
  const std::string kind = text_at(spec, "$media");
  if (kind == "table") {
    const Value described(spec);
    RUNSTONE_TRY(Media made, table(&described));
    return made;
  }
  if (kind == "chart") return chart(spec);
  if (kind == "joined table") return joined_table(spec);
  if (kind == "classes") {
    RUNSTONE_TRY(Media made, Classes::create(list_at(spec, "classes")));
    return made;
  }
  return make_media(spec);
}

}  // namespace runstone::conformance
