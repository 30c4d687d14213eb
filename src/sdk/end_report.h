#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone {

/// How metrics went, in a few points each: what finish() draws. Memory does not grow with the run.
class MetricSketch {
 public:
  static constexpr std::size_t kMaxPoints = 80;
  void add(const std::string& name, double value);
  /// The first `count` metrics by name, as "name ▁▃█" lines with the names padded to one width.
  std::vector<std::string> lines(std::size_t count) const;
  std::size_t size() const { return metrics_.size(); }

 private:
  struct Points {
    std::vector<double> values;
    std::uint64_t stride = 1, seen = 0;  ///< each stride-th value is kept
  };
  std::map<std::string, Points> metrics_;
};

/// The same of a whole journal: for a run so short that looking at it once a second saw little.
/// Only if the file is not large; an empty sketch otherwise.
MetricSketch sketch_of_journal(const std::string& journal_path);

/// "▁▂█" of the values, at most `width` characters; NaN and infinities are left out.
std::string sparkline(const std::vector<double>& values, std::size_t width = 40);

/// The first `count` entries of a summary as "name value" lines; the rest as "... and 3 more".
std::vector<std::string> summary_lines(const Dict& summary, std::size_t count);

}  // namespace runstone
