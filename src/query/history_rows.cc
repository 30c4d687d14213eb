#include "query/history_rows.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/try.h"

namespace runstone::query {
namespace {

bool before(const RowRef& a, const RowRef& b) {
  return std::tie(a.step, a.line) < std::tie(b.step, b.line);
}

void take(const RowsPointer& rows, const ViewPart* part, const HistoryRange& range,
          std::vector<RowRef>& out) {
  auto row_at = rows->rows().begin(), end = rows->rows().end();
  if (part != nullptr && part->reader->overview().steps_ascend()) {
    const auto before_step = [](const parts::RowInfo& row, std::int64_t step) {
      return row.step < step;
    };
    row_at = std::lower_bound(row_at, end, range.min_step, before_step);
    end = std::lower_bound(row_at, end, range.end_step, before_step);
  }
  for (; row_at != end; ++row_at) {
    const auto& row = *row_at;
    if (row.step < range.min_step || row.step >= range.end_step) continue;
    if (part != nullptr && part->is_hidden(row.line)) continue;
    out.push_back({row.step, row.line, rows, &row});
  }
}

/// Sorts, and cuts what is past the limit.
void keep_first(std::vector<RowRef>& rows, std::int64_t limit) {
  std::sort(rows.begin(), rows.end(), before);
  if (limit >= 0 && static_cast<std::int64_t>(rows.size()) > limit) {
    rows.resize(static_cast<std::size_t>(limit));
  }
}

}  // namespace

Result<std::vector<RowRef>> rows_in_range(const StreamReader& reader, const StreamView& view,
                                          const HistoryRange& range) {
  std::vector<RowRef> found;
  if (range.limit == 0) return found;
  for (const auto& rows : view.tail) take(rows, nullptr, range, found);
  std::vector<const ViewPart*> parts;
  for (const auto& part : view.parts) {
    const auto& info = part.reader->info();
    if (info.last_step >= range.min_step && info.first_step < range.end_step)
      parts.push_back(&part);
  }
  std::sort(parts.begin(), parts.end(), [](const ViewPart* a, const ViewPart* b) {
    return a->reader->info().first_step < b->reader->info().first_step;
  });
  for (const auto* part : parts) {
    if (range.limit > 0 && static_cast<std::int64_t>(found.size()) >= range.limit) {
      keep_first(found, range.limit);
      if (part->reader->info().first_step > found.back().step) break;
    }
    RUNSTONE_TRY(const auto rows, reader.rows(*part));
    take(rows, part, range, found);
  }
  keep_first(found, range.limit);
  return found;
}

std::vector<std::size_t> spread(std::size_t size, std::int64_t count) {
  std::vector<std::size_t> chosen;
  if (count <= 0 || size == 0) return chosen;
  if (count == 1) return {size - 1};
  const auto wanted = std::min(size, static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < wanted; ++i) {
    chosen.push_back(wanted == 1 ? size - 1 : i * (size - 1) / (wanted - 1));
  }
  return chosen;
}

Result<std::vector<RowRef>> spread_rows(const StreamView& view, std::int64_t samples) {
  struct Place {
    std::int64_t step, line;
    const ViewPart* part;  // null: in the tail
  };
  std::vector<Place> all;
  for (const auto& part : view.parts) {
    RUNSTONE_TRY(const auto lines, part.reader->lines());
    for (std::size_t i = 0; i < lines.line.size(); ++i) {
      if (!part.is_hidden(lines.line[i])) all.push_back({lines.step[i], lines.line[i], &part});
    }
  }
  for (const auto& rows : view.tail) {
    for (const auto& row : rows->rows()) all.push_back({row.step, row.line, nullptr});
  }
  std::sort(all.begin(), all.end(), [](const Place& a, const Place& b) {
    return std::tie(a.step, a.line) < std::tie(b.step, b.line);
  });
  std::vector<Place> chosen;
  for (const auto i : spread(all.size(), samples)) chosen.push_back(all[i]);

  std::vector<RowRef> found;
  for (const auto& part : view.parts) {
    std::vector<std::int64_t> lines;
    for (const auto& place : chosen) {
      if (place.part == &part) lines.push_back(place.line);
    }
    if (lines.empty()) continue;
    std::sort(lines.begin(), lines.end());
    auto rows = std::make_shared<parts::RowBatch>();
    RUNSTONE_TRY(part.reader->read_lines(*rows, lines));
    for (const auto& row : rows->rows()) found.push_back({row.step, row.line, rows, &row});
  }
  for (const auto& place : chosen) {
    if (place.part != nullptr) continue;
    for (const auto& rows : view.tail) {
      const auto* row = rows->find_row(place.line);
      if (row != nullptr) found.push_back({row->step, row->line, rows, row});
    }
  }
  std::sort(found.begin(), found.end(), before);
  return found;
}

Result<std::vector<RowRef>> newest_row(const StreamView& view) {
  std::vector<RowRef> found;
  for (const auto& rows : view.tail) {
    const auto& row = rows->rows().back();
    if (found.empty() || row.line > found.front().line) found = {{row.step, row.line, rows, &row}};
  }
  const ViewPart* newest = nullptr;
  for (const auto& part : view.parts) {
    const bool behind_tail = found.empty() || part.reader->info().last_line > found.front().line;
    if (behind_tail &&
        (newest == nullptr || part.reader->info().last_line >= newest->reader->info().last_line)) {
      newest = &part;  // of two with that line the later one counts
    }
  }
  if (newest == nullptr) return found;
  auto rows = std::make_shared<parts::RowBatch>();
  const auto last = newest->reader->info().last_line;
  RUNSTONE_TRY(newest->reader->read_lines(*rows, last, last));
  const auto& row = rows->rows().back();
  return std::vector<RowRef>{{row.step, row.line, rows, &row}};
}

std::vector<std::string> to_json_lines(const std::vector<RowRef>& rows) {
  std::vector<std::string> lines;
  lines.reserve(rows.size());
  for (const auto& row : rows) {
    std::string line;
    row.rows->append_json(line, *row.row);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace runstone::query
