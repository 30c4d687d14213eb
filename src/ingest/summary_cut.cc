#include "ingest/summary_cut.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/try.h"
#include "model/key_path.h"

namespace runstone::ingest {
namespace {

using parts::Leaf;
using parts::RowInfo;

constexpr std::array<std::string_view, 6> kAggregates = {"min",  "max",   "mean",
                                                         "best", "first", "last"};

bool is_media(const Dict& dict) { return dict.contains("_type"); }

// As the summary has it for a metric with operations: {"loss":{"min":0.1,"mean":0.5}}.
bool is_aggregated(const Value& value) {
  const auto* dict = value.if_dict();
  if (dict == nullptr || dict->empty()) return false;
  return std::all_of(dict->begin(), dict->end(), [](const auto& item) {
    return std::find(kAggregates.begin(), kAggregates.end(), item.first) != kAggregates.end();
  });
}

/// The text of a field of a metric definition; fields have numbers for names.
std::string_view field(const Value& definition, std::string_view number) {
  const auto* found = definition.get(number);
  return found == nullptr ? "" : found->string_or("");
}

}  // namespace

SummaryCut::SummaryCut(const std::vector<store::KeyInfo>& keys, std::string config_json)
    : config_json_(std::move(config_json)) {
  for (const auto& key : keys) keys_.insert(key.name);
}

void SummaryCut::add(const parts::RowBatch& rows) {
  struct Column {
    const RowInfo* first_row = nullptr;
    const RowInfo* last_row = nullptr;
    const Leaf* first = nullptr;
    const Leaf* last = nullptr;
    std::uint64_t numbers = 0;
    double sum = 0, min = std::numeric_limits<double>::infinity(),
           max = -std::numeric_limits<double>::infinity();
  };
  std::vector<Column> columns(rows.key_count());
  for (const auto& row : rows.rows()) {
    for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
      const Leaf& leaf = rows.leaves()[i];
      Column& column = columns[leaf.key];
      if (column.first == nullptr) {
        column.first = &leaf;
        column.first_row = &row;
      }
      column.last = &leaf;
      column.last_row = &row;
      if (leaf.type != parts::LeafType::kNumber || std::isnan(leaf.value)) continue;
      ++column.numbers;
      column.sum += leaf.value;
      column.min = std::min(column.min, leaf.value);
      column.max = std::max(column.max, leaf.value);
    }
  }
  for (std::uint32_t key = 0; key < columns.size(); ++key) {
    const Column& column = columns[key];
    if (column.first == nullptr) continue;
    const auto [at, is_new] = seen_.try_emplace(rows.key_name(key));
    Seen& seen = at->second;
    if (is_new || column.first_row->line < seen.first_line) {
      seen.first_line = column.first_row->line;
      seen.first = rows.leaf_value(*column.first);
    }
    if (is_new || column.last_row->line > seen.last_line) {
      seen.last_line = column.last_row->line;
      seen.last = rows.leaf_value(*column.last);
    }
    if (column.numbers == 0) continue;
    seen.min = seen.numbers == 0 ? column.min : std::min(seen.min, column.min);
    seen.max = seen.numbers == 0 ? column.max : std::max(seen.max, column.max);
    seen.sum += column.sum;
    seen.numbers += column.numbers;
  }
}

Result<std::string> SummaryCut::apply(const std::string& summary_json) const {
  RUNSTONE_TRY(const auto before, json::parse(summary_json));
  const auto* summary = before.if_dict();
  if (summary == nullptr) return summary_json;  // no writer of ours: it is kept as it came
  Dict after = cut(*summary, {});
  // The client resumes its clock from here.
  const auto runtime = seen_.find("_runtime");
  if (auto* own = after.find("_wandb"); own != nullptr && own->if_dict() != nullptr &&
                                        own->if_dict()->contains("runtime") &&
                                        runtime != seen_.end()) {
    own->if_dict()->set("runtime", static_cast<std::int64_t>(runtime->second.last.number_or(0)));
  }
  return json::to_text(Value(std::move(after)));
}

Dict SummaryCut::cut(const Dict& summary, const std::vector<std::string>& path) const {
  Dict after;
  for (const auto& [label, value] : summary) {
    auto below = path;
    below.push_back(label);
    const auto name = join_key_path(below);
    if (keys_.count(name) != 0) {
      const auto seen = seen_.find(name);
      if (seen == seen_.end()) continue;
      if (!is_aggregated(value)) {
        after.set(label, seen->second.last);
      } else if (seen->second.numbers > 0) {
        after.set(label, aggregates(name, seen->second, *value.if_dict()));
      }
      continue;
    }
    const auto* dict = value.if_dict();
    if (dict == nullptr || is_media(*dict) || dict->empty()) {
      after.set(label, value);
    } else if (Dict inner = cut(*dict, below); !inner.empty()) {
      after.set(label, std::move(inner));
    }
  }
  return after;
}

Dict SummaryCut::aggregates(const std::string& name, const Seen& seen, const Dict& before) const {
  Dict after;
  for (const auto& [operation, value] : before) {
    if (operation == "min") after.set(operation, seen.min);
    if (operation == "max") after.set(operation, seen.max);
    if (operation == "mean") after.set(operation, seen.sum / static_cast<double>(seen.numbers));
    if (operation == "best") after.set(operation, best_is_max(name) ? seen.max : seen.min);
    if (operation == "first") after.set(operation, seen.first);
    if (operation == "last") after.set(operation, seen.last);
  }
  return after;
}

// The smallest is the best unless the definition of that name, or of the longest glob that fits,
// says otherwise.
bool SummaryCut::best_is_max(const std::string& name) const {
  const auto config = json::parse(config_json_);
  const Value* at = config ? &*config : nullptr;
  for (const char* label : {"_wandb", "value", "m"}) at = at != nullptr ? at->get(label) : nullptr;
  if (at == nullptr || at->if_list() == nullptr) return false;
  const Value* found = nullptr;
  std::size_t longest = 0;
  for (const auto& definition : *at->if_list()) {
    if (field(definition, "1") == name) {
      found = &definition;
      break;
    }
    auto prefix = field(definition, "2");
    if (prefix.empty() || prefix.back() != '*') continue;
    prefix.remove_suffix(1);
    if (name.compare(0, prefix.size(), prefix) != 0 || prefix.size() + 1 <= longest) continue;
    longest = prefix.size() + 1;
    found = &definition;
  }
  const auto* goal = found == nullptr ? nullptr : found->get("8");
  return goal != nullptr && goal->int_or(0) == 2;
}

}  // namespace runstone::ingest
