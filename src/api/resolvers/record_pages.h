#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/record_filter.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"

namespace runstone::api {

/// Pages of at most this many; a client that asks for more gets this many and asks on.
inline constexpr std::int64_t kMaxPage = 5'000;

/// Where a page ended: the value sorted by (null: by number alone) and the record's number. Rows
/// that come or go elsewhere do not move it.
struct RecordCursor {
  Value key;
  std::int64_t number = 0;

  std::string encode() const {
    List list;
    list.push_back(key);
    list.emplace_back(number);
    return to_base64(json::to_text(Value(std::move(list))));
  }
  /// Nothing for "". kInvalidArgument for what this server did not make.
  static Result<std::optional<RecordCursor>> decode(std::string_view text) {
    if (text.empty()) return std::optional<RecordCursor>();
    const auto bytes = from_base64(text);
    if (bytes) {
      auto value = json::parse(*bytes);
      const auto* list = value ? value->if_list() : nullptr;
      if (list != nullptr && list->size() == 2 && (*list)[1].is_int()) {
        return std::optional(RecordCursor{(*list)[0], (*list)[1].int_or(0)});
      }
    }
    return fail(ErrorCode::kInvalidArgument, "`after` is no cursor of this list");
  }
};

template <typename T>
struct Record {
  T value;
  Value key;
  std::int64_t number = 0;
};

/// The page of `records` behind `after`, sorted; true in `second` if there are more.
template <typename T>
std::pair<std::vector<Record<T>>, bool> page_of(std::vector<Record<T>> records, bool descending,
                                                const std::optional<RecordCursor>& after,
                                                std::int64_t limit) {
  const auto before = [](const Value& a, std::int64_t m, const Value& b, std::int64_t n) {
    const int order = compare_records(a, b);
    return order != 0 ? order < 0 : m < n;
  };
  std::sort(records.begin(), records.end(), [&](const auto& a, const auto& b) {
    return descending ? before(b.key, b.number, a.key, a.number)
                      : before(a.key, a.number, b.key, b.number);
  });
  auto begin = records.begin();
  if (after) {
    begin = std::find_if(records.begin(), records.end(), [&](const auto& r) {
      return descending ? before(r.key, r.number, after->key, after->number)
                        : before(after->key, after->number, r.key, r.number);
    });
  }
  const auto left = records.end() - begin;
  const auto count = std::min<std::int64_t>(left, limit);
  std::vector<Record<T>> page(std::make_move_iterator(begin),
                              std::make_move_iterator(begin + count));
  return {std::move(page), left > count};
}

/// `first` as a number of rows to give.
inline std::int64_t page_limit(std::int64_t first) {
  return first < 0 ? kMaxPage : std::min(first, kMaxPage);
}

}  // namespace runstone::api
