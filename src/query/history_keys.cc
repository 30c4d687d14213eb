#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "base/json.h"
#include "base/try.h"
#include "model/key_path.h"
#include "query/history_rows.h"

namespace runstone::query {
namespace {

using parts::LeafType;

/// What is said of one key over parts and tail.
struct KeyFacts {
  store::KeyInfo info;
  bool monotonic = true;
  double last = -std::numeric_limits<double>::infinity();
  bool has_number = false;

  void count(LeafType type, std::int64_t times) {
    switch (type) {
      case LeafType::kNumber:
        info.numbers += times;
        break;
      case LeafType::kBool:
        info.bools += times;
        break;
      case LeafType::kString:
        info.strings += times;
        break;
      case LeafType::kMedia:
        info.media += times;
        break;
      case LeafType::kOther:
      case LeafType::kNull:
        info.others += times;
        break;
    }
  }
};

std::map<std::string, KeyFacts, std::less<>> gather(const StreamView& view) {
  std::map<std::string, KeyFacts, std::less<>> facts;
  for (const auto& part : view.parts) {
    const auto& overview = part.reader->overview();
    for (const auto& key : overview.keys()) {
      KeyFacts& of = facts[key.name];
      for (int type = 0; type < parts::kLeafTypes; ++type) {
        of.count(static_cast<LeafType>(type), key.type_counts[static_cast<std::size_t>(type)]);
      }
      const auto blocks = overview.blocks(key);
      const auto& last = blocks[blocks.size() - 1];
      of.info.last_step = std::max(of.info.last_step, last.last_step);
      of.monotonic = of.monotonic && key.monotonic && !(blocks[0].min < of.last);
      if (last.numbers + last.nans > 0) {
        of.last = last.last;
        of.has_number = true;
      }
    }
  }
  for (const auto& rows : view.tail) {
    std::vector<KeyFacts*> of_key(rows->key_count(), nullptr);
    for (const auto& row : rows->rows()) {
      for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
        const auto& leaf = rows->leaves()[i];
        KeyFacts*& of = of_key[leaf.key];
        if (of == nullptr) of = &facts[rows->key_name(leaf.key)];
        of->count(leaf.type, 1);
        of->info.last_step = std::max(of->info.last_step, row.step);
        if (leaf.type != LeafType::kNumber || !(leaf.value >= of->last)) of->monotonic = false;
        if (leaf.type == LeafType::kNumber || leaf.type == LeafType::kBool) {
          of->last = leaf.value;
          of->has_number = true;
        }
      }
    }
  }
  return facts;
}

/// The leaf paths that a key asked for may mean, most likely first: itself, or, since a foreign
/// client does not escape, a label that holds dots.
std::vector<std::string> spellings(const std::string& key) {
  std::vector<std::string> names = {key};
  if (auto escaped = escape_label(key); escaped != key) names.push_back(std::move(escaped));
  return names;
}

/// One asked key in one batch of rows: its leaf, or the leaves of the dict of that name.
class KeyMatch {
 public:
  KeyMatch(const parts::RowBatch& rows, const std::string& key) : match_(rows.key_count(), 0) {
    for (const auto& name : spellings(key)) {
      if (const auto exact = rows.find_key(name)) match_[*exact] = 1;
      const std::string prefix = name + ".";
      for (std::uint32_t id = 0; id < rows.key_count(); ++id) {
        const std::string& other = rows.key_name(id);
        if (other.compare(0, prefix.size(), prefix) == 0) {
          match_[id] = 1;
          depth_ = split_key_path(name).size();
        }
      }
    }
  }
  bool matches(std::uint32_t key) const { return match_[key] != 0; }
  /// The one leaf that can be meant: the usual case, and quick to answer.
  std::optional<std::uint32_t> single() const {
    if (depth_ > 0 || std::count(match_.begin(), match_.end(), 1) != 1) return std::nullopt;
    return static_cast<std::uint32_t>(std::find(match_.begin(), match_.end(), 1) - match_.begin());
  }
  /// Labels before the value's own, where leaves of a dict match.
  std::size_t depth() const { return depth_; }

 private:
  std::vector<char> match_;
  std::size_t depth_ = 0;
};

/// The value of a matched key in the row; nothing if the row does not have it.
std::optional<Value> matched_value(const parts::RowBatch& rows, const parts::RowInfo& row,
                                   const KeyMatch& match) {
  Dict dict;
  for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
    const auto& leaf = rows.leaves()[i];
    if (!match.matches(leaf.key)) continue;
    auto path = split_key_path(rows.key_name(leaf.key));
    if (match.depth() == 0 || path.size() <= match.depth()) return rows.leaf_value(leaf);
    Dict* at = &dict;
    for (std::size_t depth = match.depth(); depth + 1 < path.size(); ++depth) {
      Value& inner = (*at)[path[depth]];
      if (inner.if_dict() == nullptr) inner = Value(Dict());
      at = inner.if_dict();
    }
    at->set(path.back(), rows.leaf_value(leaf));
  }
  if (dict.empty()) return std::nullopt;
  return Value(std::move(dict));
}

struct Candidate {
  std::int64_t step, line;
  const ViewPart* part;  // null: in the tail
};

bool answers_to(const std::string& entry, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return entry == name || entry.compare(0, name.size() + 1, name + ".") == 0;
  });
}

/// Lines of a part that have the key and a step in the range.
Result<std::vector<Candidate>> lines_with(const ViewPart& part, const std::string& key,
                                          const SampledHistorySpec& spec) {
  std::vector<Candidate> found;
  const auto names = spellings(key);
  for (const auto& entry : part.reader->overview().keys()) {
    if (!answers_to(entry.name, names)) continue;
    RUNSTONE_TRY(const auto slice, part.reader->read(entry, false));
    for (std::size_t i = 0; i < slice.line.size(); ++i) {
      if (slice.step[i] < spec.min_step || slice.step[i] > spec.max_step) continue;
      if (!part.is_hidden(slice.line[i])) found.push_back({slice.step[i], slice.line[i], &part});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Candidate& a, const Candidate& b) { return a.line < b.line; });
  found.erase(std::unique(found.begin(), found.end(),
                          [](const Candidate& a, const Candidate& b) { return a.line == b.line; }),
              found.end());
  return found;
}

Result<std::vector<Candidate>> candidates(const StreamView& view, const SampledHistorySpec& spec) {
  std::vector<Candidate> all;
  for (const auto& part : view.parts) {
    const auto& info = part.reader->info();
    if (info.last_step < spec.min_step || info.first_step > spec.max_step) continue;
    std::optional<std::vector<Candidate>> common;
    for (const auto& key : spec.keys) {
      RUNSTONE_TRY(auto lines, lines_with(part, key, spec));
      if (!common) {
        common = std::move(lines);
        continue;
      }
      std::vector<Candidate> both;
      std::set_intersection(common->begin(), common->end(), lines.begin(), lines.end(),
                            std::back_inserter(both),
                            [](const Candidate& a, const Candidate& b) { return a.line < b.line; });
      common = std::move(both);
    }
    if (common) all.insert(all.end(), common->begin(), common->end());
  }
  for (const auto& rows : view.tail) {
    std::vector<KeyMatch> matches;
    for (const auto& key : spec.keys) matches.emplace_back(*rows, key);
    for (const auto& row : rows->rows()) {
      if (row.step < spec.min_step || row.step > spec.max_step) continue;
      const bool has_all = std::all_of(matches.begin(), matches.end(), [&](const KeyMatch& match) {
        for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
          if (match.matches(rows->leaves()[i].key)) return true;
        }
        return false;
      });
      if (has_all) all.push_back({row.step, row.line, nullptr});
    }
  }
  std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.step, a.line) < std::tie(b.step, b.line);
  });
  return all;
}

/// Whether the spec is a page of a scan: a short range of steps, of which all rows are wanted. Then
/// decoded parts serve, which stay in memory for the next page; else slices of the keys alone.
bool is_page(const StreamView& view, const SampledHistorySpec& spec) {
  if (spec.min_step == std::numeric_limits<std::int64_t>::min() ||
      spec.max_step == std::numeric_limits<std::int64_t>::max() || spec.max_step < spec.min_step) {
    return false;
  }
  const auto span =
      static_cast<std::uint64_t>(spec.max_step) - static_cast<std::uint64_t>(spec.min_step);
  if (span > 100'000 || spec.samples < 1) return false;
  return std::all_of(view.parts.begin(), view.parts.end(),
                     [](const ViewPart& part) { return part.reader->info().values <= 4'000'000; });
}

/// The leaves of a row by the keys asked for, each of which means one leaf of these rows.
class RowPicker {
 public:
  /// Nothing if a key may mean several leaves, or none.
  static std::optional<RowPicker> make(const parts::RowBatch& rows,
                                       const std::vector<KeyMatch>& matches) {
    RowPicker picker;
    picker.slots_.assign(rows.key_count(), -1);
    for (std::size_t k = 0; k < matches.size(); ++k) {
      const auto key = matches[k].single();
      if (!key || picker.slots_[*key] >= 0) return std::nullopt;
      picker.slots_[*key] = static_cast<int>(k);
    }
    picker.leaves_.resize(matches.size());
    return picker;
  }
  /// False if the row lacks one of the keys.
  bool pick(const parts::RowBatch& rows, const parts::RowInfo& row) {
    std::size_t found = 0;
    for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
      const auto& leaf = rows.leaves()[i];
      const int slot = slots_[leaf.key];
      if (slot < 0) continue;
      leaves_[static_cast<std::size_t>(slot)] = &leaf;
      ++found;
    }
    return found == leaves_.size();
  }
  const std::vector<const parts::Leaf*>& leaves() const { return leaves_; }

 private:
  std::vector<int> slots_;                  // by key of the rows
  std::vector<const parts::Leaf*> leaves_;  // by key asked for
};

Result<std::vector<Value>> page_with_keys(const StreamReader& reader, const StreamView& view,
                                          const SampledHistorySpec& spec) {
  HistoryRange range;
  range.min_step = spec.min_step;
  range.end_step = spec.max_step + 1;
  RUNSTONE_TRY(const auto rows, rows_in_range(reader, view, range));
  struct Batch {
    std::vector<KeyMatch> matches;
    std::optional<RowPicker> picker;
  };
  std::map<const parts::RowBatch*, Batch> batches;
  std::vector<Value> found;
  for (const auto& ref : rows) {
    auto [place, is_new] = batches.try_emplace(ref.rows.get());
    auto& [matches, picker] = place->second;
    if (is_new) {
      for (const auto& key : spec.keys) matches.emplace_back(*ref.rows, key);
      picker = RowPicker::make(*ref.rows, matches);
    }
    Dict dict;
    dict.reserve(spec.keys.size());
    if (picker) {
      if (!picker->pick(*ref.rows, *ref.row)) continue;
      for (std::size_t k = 0; k < spec.keys.size(); ++k) {
        dict.set(spec.keys[k], ref.rows->leaf_value(*picker->leaves()[k]));
      }
    } else {
      for (std::size_t k = 0; k < matches.size(); ++k) {
        auto value = matched_value(*ref.rows, *ref.row, matches[k]);
        if (value) dict.set(spec.keys[k], *std::move(value));
      }
      if (dict.size() != spec.keys.size()) continue;
    }
    found.emplace_back(std::move(dict));
  }
  std::vector<Value> chosen;
  const auto places = spread(found.size(), spec.samples);
  if (places.size() == found.size()) return found;
  for (const auto place : places) chosen.push_back(std::move(found[place]));
  return chosen;
}

}  // namespace

Result<SampledHistorySpec> SampledHistorySpec::parse(std::string_view text) {
  RUNSTONE_TRY(const auto value, json::parse(text));
  const auto bad = [](const char* what) {
    return fail(ErrorCode::kInvalidArgument, std::string("sampled history: ") + what);
  };
  const Value* keys = value.get("keys");
  SampledHistorySpec spec;
  if (keys == nullptr && value.is_dict()) return spec;  // of no keys: a client that wants no rows
  if (keys == nullptr || keys->if_list() == nullptr) return bad("keys must be a list of texts");
  for (const auto& key : *keys->if_list()) {
    if (!key.is_string()) return bad("keys must be a list of texts");
    const auto& name = *key.if_string();
    if (std::find(spec.keys.begin(), spec.keys.end(), name) == spec.keys.end())
      spec.keys.push_back(name);
  }
  const auto number = [&](const char* name, std::int64_t& out) {
    const Value* given = value.get(name);
    if (given == nullptr || given->is_null()) return true;
    if (!given->is_number()) return false;
    const double wide = given->number_or(0);
    out = given->is_int()   ? given->int_or(0)
          : wide >= 9.2e18  ? std::numeric_limits<std::int64_t>::max()
          : wide <= -9.2e18 ? std::numeric_limits<std::int64_t>::min()
                            : static_cast<std::int64_t>(wide);
    return true;
  };
  if (!number("samples", spec.samples)) return bad("samples must be a number");
  if (!number("minStep", spec.min_step)) return bad("minStep must be a number");
  if (!number("maxStep", spec.max_step)) return bad("maxStep must be a number");
  return spec;
}

Result<std::vector<Value>> rows_with_keys(const StreamReader& reader, const StreamView& view,
                                          const SampledHistorySpec& spec) {
  if (spec.keys.empty()) return std::vector<Value>();
  if (is_page(view, spec)) return page_with_keys(reader, view, spec);
  RUNSTONE_TRY(const auto all, candidates(view, spec));
  std::vector<Candidate> chosen;
  for (const auto i : spread(all.size(), spec.samples)) chosen.push_back(all[i]);

  std::map<std::pair<std::int64_t, std::int64_t>, Value> found;
  const auto put = [&](const parts::RowBatch& rows) {
    std::vector<KeyMatch> matches;
    for (const auto& key : spec.keys) matches.emplace_back(rows, key);
    return [&rows, &found, &spec, matches = std::move(matches)](const parts::RowInfo& row) {
      Dict dict;
      for (std::size_t k = 0; k < matches.size(); ++k) {
        if (auto value = matched_value(rows, row, matches[k]))
          dict.set(spec.keys[k], *std::move(value));
      }
      found[{row.step, row.line}] = Value(std::move(dict));
    };
  };
  for (const auto& part : view.parts) {
    std::vector<std::int64_t> lines;
    for (const auto& one : chosen) {
      if (one.part == &part) lines.push_back(one.line);
    }
    if (lines.empty()) continue;
    std::sort(lines.begin(), lines.end());
    std::vector<const parts::KeyEntry*> entries;
    for (const auto& entry : part.reader->overview().keys()) {
      for (const auto& key : spec.keys) {
        if (answers_to(entry.name, spellings(key))) {
          entries.push_back(&entry);
          break;
        }
      }
    }
    parts::RowBatch rows;
    RUNSTONE_TRY(part.reader->read_lines(rows, lines, entries));
    const auto add = put(rows);
    for (const auto& row : rows.rows()) add(row);
  }
  for (const auto& rows : view.tail) {
    const auto add = put(*rows);
    for (const auto& one : chosen) {
      const auto* row = one.part == nullptr ? rows->find_row(one.line) : nullptr;
      if (row != nullptr) add(*row);
    }
  }
  std::vector<Value> values;
  for (auto& [place, value] : found) values.push_back(std::move(value));
  return values;
}

std::vector<store::KeyInfo> count_keys(const StreamView& view) {
  std::vector<store::KeyInfo> keys;
  for (auto& [name, facts] : gather(view)) {
    facts.info.name = name;
    keys.push_back(facts.info);
  }
  return keys;
}

Value describe_keys(const StreamView& view) {
  Dict keys;
  for (const auto& [name, facts] : gather(view)) {
    List types;
    const auto add = [&](const char* type, std::int64_t count) {
      if (count > 0) types.push_back(Value{{"type", type}, {"count", count}});
    };
    add("number", facts.info.numbers);
    add("string", facts.info.strings);
    add("bool", facts.info.bools);
    add("media", facts.info.media);
    add("other", facts.info.others);
    Dict entry{{"typeCounts", std::move(types)}, {"monotonic", facts.monotonic}};
    if (facts.has_number && std::isfinite(facts.last)) entry.set("previousValue", facts.last);
    keys.set(name, std::move(entry));
  }
  return Value{{"sets", List()}, {"keys", std::move(keys)}, {"lastStep", view.last_step()}};
}

}  // namespace runstone::query
