#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"
#include "store/parts/row_batch.h"
#include "store/records.h"

namespace runstone::ingest {

/// What a run's summary is when its history is cut after a step: what rows gave is worked out anew
/// from those that are kept (last values, and the aggregates that the summary has: min, max, mean,
/// best, first, last), and goes away with the last row that had it. What was set by hand stays.
/// Memory grows with the keys, not with the rows.
class SummaryCut {
 public:
  /// `keys` are those of the whole history, before the cut. `config_json` says with `_wandb.m` for
  /// which of the two ends a metric's `best` is kept.
  SummaryCut(const std::vector<store::KeyInfo>& keys, std::string config_json);

  /// Some of the rows that are kept. Batches may come in any order; lines must not repeat.
  void add(const parts::RowBatch& rows);

  /// The new summary as JSON. Errors: kInvalidArgument if the old one is no JSON.
  Result<std::string> apply(const std::string& summary_json) const;

 private:
  struct Seen {
    std::int64_t first_line = 0, last_line = -1;
    Value first, last;
    std::uint64_t numbers = 0;
    double sum = 0, min = 0, max = 0;  // of the numbers that are not NaN
  };

  Dict cut(const Dict& summary, const std::vector<std::string>& path) const;
  Dict aggregates(const std::string& name, const Seen& seen, const Dict& before) const;
  bool best_is_max(const std::string& name) const;

  std::unordered_set<std::string> keys_;
  std::string config_json_;
  std::unordered_map<std::string, Seen> seen_;
};

}  // namespace runstone::ingest
