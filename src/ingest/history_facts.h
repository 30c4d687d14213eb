#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/records.h"

namespace runstone::ingest {

/// What ingest has to know of history lines: their steps, and how often each key has a value of
/// which type. Everything else in them is left to compaction and to readers.
struct HistoryFacts {
  std::int64_t first_step =
      -1;  ///< lowest; a line without an integer `_step` has its number as step
  std::int64_t last_step = -1;  ///< highest
  std::int64_t values = 0;
  std::int64_t bad_lines = 0;  ///< no JSON objects; each counts as one text under `_undecodable`
  std::vector<store::KeyInfo> keys;  ///< counts of these lines alone
};

/// Reads lines one by one. Keys seen before cost no allocation; a thread may keep its reader.
class HistoryFactsReader {
 public:
  HistoryFactsReader();
  ~HistoryFactsReader();
  /// `capacity` bytes can be read from text.data(): at least 64 more than the text.
  void add(std::int64_t line, std::string_view text, std::size_t capacity);
  /// The facts since the last take().
  HistoryFacts take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace runstone::ingest
