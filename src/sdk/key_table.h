#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/summary_table.h"
#include "protocol/history_encoder.h"

namespace runstone {

/// A key that a run has logged, with everything that a row needs of it ready made.
struct LoggedKey {
  enum class Automatic : std::uint8_t { kNo, kStep, kRuntime, kTimestamp };

  LoggedKey(SummarySlot& s) : encoded(Span<const std::string>(s.path)), slot(&s) {}

  protocol::EncodedKey encoded;
  SummarySlot* slot;
  Automatic automatic = Automatic::kNo;
  std::uint64_t row_serial = 0;      ///< the row that it is in, if it is the open one
  std::uint32_t row_index = 0;       ///< where in that row
  LoggedKey* step_metric = nullptr;  ///< looked up for rules_version
  std::uint64_t rules_version = 0;
};

/// Keys as they were logged, each looked up once per spelling. Rows of a training repeat, so the
/// key that followed last time is tried first: then a look-up is one comparison of bytes.
class KeyTable {
 public:
  explicit KeyTable(SummaryTable& summary) : summary_(summary) {}

  /// `is_path`: a leaf path text; else one label, taken literally.
  LoggedKey& find(std::string_view text, bool is_path) {
    if (expected_ != nullptr && expected_->text == text && expected_->is_path == is_path) {
      Spelling& spelling = *expected_;
      last_ = expected_;
      expected_ = spelling.next;
      return *spelling.key;
    }
    return look_up(text, is_path);
  }
  /// The next find() is the first of a row.
  void begin_row() {
    expected_ = first_;
    last_ = nullptr;
  }
  LoggedKey& of_path(std::string_view leaf_path);
  /// Null if the leaf was never logged.
  LoggedKey* known(const SummarySlot& slot) const {
    const auto found = by_slot_.find(&slot);
    return found == by_slot_.end() ? nullptr : found->second;
  }

 private:
  struct Spelling {
    std::string text;
    bool is_path = false;
    LoggedKey* key = nullptr;
    Spelling* next = nullptr;  ///< what came behind it in the row before
  };
  LoggedKey& look_up(std::string_view text, bool is_path);

  SummaryTable& summary_;
  std::deque<LoggedKey> keys_;
  std::unordered_map<const SummarySlot*, LoggedKey*> by_slot_;
  std::deque<Spelling> spellings_;
  std::unordered_map<std::string_view, Spelling*> labels_, paths_;
  Spelling* first_ = nullptr;
  Spelling* last_ = nullptr;
  Spelling* expected_ = nullptr;
};

}  // namespace runstone
