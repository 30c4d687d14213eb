#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "runstone/media.h"
#include "runstone/result.h"
#include "runstone/row.h"
#include "runstone/table.h"
#include "runstone/value.h"

namespace runstone::conformance {

/// Makes what the scenario describes by `{"$media": kind, ...}`: media, tables and charts. Keeps
/// the tables of one run that are logged again after more rows. scenario_tables.py is the same in
/// Python.
class MediaMaker {
 public:
  Result<Media> make(const Dict& spec);

 private:
  Result<Table> table(const Value* spec);
  Result<Media> chart(const Dict& spec);
  Result<Media> joined_table(const Dict& spec);

  std::map<std::string, Table> kept_;
};

/// Cells of the scenario, and what they borrow.
class ScenarioCells {
 public:
  explicit ScenarioCells(MediaMaker& maker) : maker_(maker) {}
  Result<void> add(const Value& spec);
  Span<const Cell> cells() const { return {cells_.data(), cells_.size()}; }

 private:
  MediaMaker& maker_;
  std::vector<Cell> cells_;
  std::deque<Media> media_;
  std::deque<std::vector<Media>> lists_;
  std::deque<Timestamp> times_;
  std::deque<NumberArray> arrays_;
};

/// Whether a value is a medium, or a list of them.
bool is_media(const Value& value);
bool is_media_list(const Value& value);

}  // namespace runstone::conformance
