#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "base/json.h"
#include "model/key_path.h"
#include "runstone/public_run.h"

namespace runstone {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A leaf's values until its type is known.
struct Gathered {
  std::vector<std::pair<std::size_t, const Value*>> cells;  // row and value
  bool has_int = false, has_double = false, has_bool = false, has_other = false;
  bool has_wide_int = false;  // that no double holds

  void add(std::size_t row, const Value& value) {
    if (value.is_null()) return;
    cells.emplace_back(row, &value);
    has_int = has_int || value.is_int();
    has_double = has_double || value.is_double();
    has_bool = has_bool || value.is_bool();
    has_other = has_other || !(value.is_number() || value.is_bool());
    if (const auto* integer = value.if_int()) {
      has_wide_int =
          has_wide_int || *integer > (std::int64_t{1} << 53) || *integer < -(std::int64_t{1} << 53);
    }
  }
  HistoryColumn::Type type() const {
    using Type = HistoryColumn::Type;
    const bool has_number = has_int || has_double;
    if (has_other || (has_bool && has_number)) return Type::kText;
    if (has_bool) return Type::kBool;
    // A column of doubles must not change an integer: then each keeps its own text.
    if (has_double) return has_wide_int ? Type::kText : Type::kDouble;
    return has_int ? Type::kInt : Type::kDouble;
  }
};

class Gatherer {
 public:
  void add_row(std::size_t row, const Dict& dict) { add(row, dict, ""); }
  std::vector<std::pair<std::string, Gathered>> take() && { return std::move(columns_); }

 private:
  void add(std::size_t row, const Dict& dict, const std::string& prefix) {
    for (const auto& [label, value] : dict) {
      const Dict* inner = value.if_dict();
      // Media are one value; other dicts are paths to leaves.
      if (inner != nullptr && !inner->contains("_type")) {
        add(row, *inner, prefix + escape_label(label) + ".");
        continue;
      }
      column_of(prefix, label).add(row, value);
    }
  }
  Gathered& column_of(const std::string& prefix, const std::string& label) {
    std::string name = prefix + escape_label(label);
    const auto [found, is_new] = index_.try_emplace(std::move(name), columns_.size());
    if (is_new) columns_.emplace_back(found->first, Gathered());
    return columns_[found->second].second;
  }

  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::pair<std::string, Gathered>> columns_;
};

HistoryColumn column_of(std::string name, const Gathered& gathered, std::size_t rows) {
  using Type = HistoryColumn::Type;
  HistoryColumn column{.name = std::move(name), .type = gathered.type()};
  column.has_value.assign(rows, false);
  for (const auto& cell : gathered.cells) column.has_value[cell.first] = true;
  switch (column.type) {
    case Type::kInt:
      column.ints.assign(rows, 0);
      for (const auto& [row, value] : gathered.cells) column.ints[row] = value->int_or(0);
      break;
    case Type::kBool:
      column.ints.assign(rows, 0);
      for (const auto& [row, value] : gathered.cells) column.ints[row] = value->bool_or(false);
      break;
    case Type::kDouble:
      column.doubles.assign(rows, kNan);
      for (const auto& [row, value] : gathered.cells) column.doubles[row] = value->number_or(kNan);
      break;
    case Type::kText:
      column.texts.assign(rows, "");
      for (const auto& [row, value] : gathered.cells) {
        const std::string* text = value->if_string();
        column.texts[row] = text != nullptr ? *text : json::to_text(*value);
      }
      break;
  }
  return column;
}

}  // namespace

std::vector<HistoryColumn> to_columns(const std::vector<Dict>& rows) {
  Gatherer gatherer;
  for (std::size_t row = 0; row < rows.size(); ++row) gatherer.add_row(row, rows[row]);
  std::vector<HistoryColumn> columns;
  for (auto& [name, gathered] : std::move(gatherer).take()) {
    columns.push_back(column_of(std::move(name), gathered, rows.size()));
  }
  return columns;
}

}  // namespace runstone
