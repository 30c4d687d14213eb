#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/key_path.h"
#include "runstone/value.h"

// For the tests of parts and of query: random lines, and the plainest thinkable model of them.
namespace runstone::parts {

inline const std::vector<std::string>& sample_labels() {
  static const std::vector<std::string> labels = {
      "loss", "train/acc", "a.b", "back\\slash", "quote\"d", "new\nline", "\xF0\x9F\x98\x80",
      "",     "a",         "b",   "_runtime",    "x y",      "NaN",       "_timestamp"};
  return labels;
}

inline Value random_leaf(std::mt19937_64& random) {
  switch (random() % 16) {
    case 0:
      return Value(std::numeric_limits<double>::quiet_NaN());
    case 1:
      return Value(std::numeric_limits<double>::infinity());
    case 2:
      return Value(-std::numeric_limits<double>::infinity());
    case 3:
      return Value(std::numeric_limits<std::int64_t>::min());
    case 4:
      return Value(std::numeric_limits<std::int64_t>::max());
    case 5:
      return Value((std::int64_t{1} << 53) + 1);
    case 6:
      return Value("text \"quoted\"\n\xC3\xA9");
    case 7:
      return Value(nullptr);
    case 8:
      return Value(random() % 2 == 0);
    case 9:
      return Value(List{Value(1), Value("two"), Value(nullptr), Value(2.5)});
    case 10:
      return Value(Dict{{"_type", "histogram"}, {"bins", List{1, 2, 3}}, {"deep", Dict{{"a", 1}}}});
    case 11:
      return Value("NaN");
    case 12:
      return Value(Dict());
    case 13:
      return Value(static_cast<std::int64_t>(random() % 2000) - 1000);
    default:
      return Value(static_cast<double>(random() >> 11) * 1e-12 - 300);
  }
}

inline Dict random_row(std::mt19937_64& random, int depth = 0) {
  Dict row;
  const auto fields = random() % 6;
  for (std::uint64_t i = 0; i < fields; ++i) {
    const auto& label = sample_labels()[random() % sample_labels().size()];
    if (depth < 2 && random() % 6 == 0) {
      row.set(label, Value(random_row(random, depth + 1)));
    } else {
      row.set(label, random_leaf(random));
    }
  }
  return row;
}

/// Every leaf of the row by its path: what flattening must give, written as plainly as possible.
inline void plain_leaves(const Dict& row, KeyPath& path, std::map<std::string, Value>& out) {
  for (const auto& [label, value] : row) {
    path.push_back(label);
    const auto* inner = value.if_dict();
    if (inner != nullptr && !inner->empty() && !inner->contains("_type")) {
      plain_leaves(*inner, path, out);
    } else {
      out[join_key_path(path)] = value;
    }
    path.pop_back();
  }
}

inline std::map<std::string, Value> plain_leaves(const Dict& row) {
  std::map<std::string, Value> out;
  KeyPath path;
  plain_leaves(row, path, out);
  return out;
}

}  // namespace runstone::parts
