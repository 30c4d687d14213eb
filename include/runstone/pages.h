#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runstone/result.h"

namespace runstone {

/// What a server gives of a long list at once.
template <typename T>
struct Page {
  std::vector<T> items;
  std::string cursor;       ///< where the next page begins; the server's own text
  bool has_more = false;    ///< there is a next page
  std::int64_t total = -1;  ///< of the whole list, where the server was asked and said so; else -1
};

/// A list on a server, fetched page by page as it is read: nothing is asked before the first call.
/// One thread at a time. Not a copy of one moment: what comes or goes meanwhile may show.
///
///   auto runs = api.runs("team/project");
///   for (;;) {
///     auto page = runs->next();
///     if (!page || page->empty()) break;
///     for (const auto& run : *page) ...
///   }
template <typename T>
class Pages {
 public:
  /// Gets the page that begins at `cursor` ("": the first).
  using Fetch = std::function<Result<Page<T>>(const std::string& cursor)>;
  explicit Pages(Fetch fetch) : fetch_(std::move(fetch)) {}

  /// The next page; empty: the list has ended. After an error the same page can be asked for again.
  Result<std::vector<T>> next() {
    while (has_more_ && waiting_.empty()) {
      auto fetched = load();
      if (!fetched) return fail(std::move(fetched).error());
    }
    return std::exchange(waiting_, {});
  }
  /// All that next() has not given yet, in one list.
  Result<std::vector<T>> rest() {
    std::vector<T> all;
    for (;;) {
      auto page = next();
      if (!page) return page;
      if (page->empty()) return all;
      for (T& item : *page) all.push_back(std::move(item));
    }
  }
  /// How many there are in the whole list; asks for the first page if none was read.
  /// Errors: those of the request; kNotImplemented if the server does not say.
  Result<std::int64_t> count() {
    if (!asked_) {
      auto fetched = load();
      if (!fetched) return fail(std::move(fetched).error());
    }
    if (total_ < 0) return fail(ErrorCode::kNotImplemented, "the server does not say how many");
    return total_;
  }

 private:
  Result<void> load() {
    auto page = fetch_(cursor_);
    if (!page) return fail(std::move(page).error());
    asked_ = true;
    // A server that gives the same cursor for ever must not make a reader go round for ever.
    has_more_ = page->has_more && page->cursor != cursor_ && !page->cursor.empty();
    cursor_ = std::move(page->cursor);
    if (page->total >= 0) total_ = page->total;
    for (T& item : page->items) waiting_.push_back(std::move(item));
    return {};
  }

  Fetch fetch_;
  std::string cursor_;
  std::vector<T> waiting_;  // fetched, not given yet
  std::int64_t total_ = -1;
  bool asked_ = false, has_more_ = true;
};

}  // namespace runstone
