#include "model/summary_table.h"

#include <cmath>

#include "base/json.h"

namespace runstone {
namespace {

// A dict with a `_type` is one value of a media kind, not a group of metrics.
bool is_group(const Value& value) {
  if (!value.is_dict()) return false;
  const Value* type = value.get("_type");
  return type == nullptr || !type->is_string();
}

Value to_value(ValueRef ref) {
  switch (ref.kind()) {
    case ValueRef::Kind::kNull:
      return nullptr;
    case ValueRef::Kind::kBool:
      return ref.as_bool();
    case ValueRef::Kind::kInt:
      return ref.as_int();
    case ValueRef::Kind::kDouble:
      return ref.as_double();
    case ValueRef::Kind::kText:
      return ref.text();
    case ValueRef::Kind::kJson: {
      auto parsed = json::parse(ref.text());
      return parsed ? *std::move(parsed) : Value(ref.text());
    }
    case ValueRef::Kind::kValue:
      return ref.value();
    default:  // media become Values before they are in a row
      return nullptr;
  }
}

Value last_value(const SummarySlot& slot) {
  switch (slot.last_kind) {
    case ValueRef::Kind::kBool:
      return slot.last_int != 0;
    case ValueRef::Kind::kInt:
      return slot.last_int;
    case ValueRef::Kind::kDouble:
      return slot.last_double;
    case ValueRef::Kind::kText:
      return slot.last_text;
    case ValueRef::Kind::kJson:
      return to_value(ValueRef::json(slot.last_text));
    default:
      return nullptr;
  }
}

}  // namespace

ValueRef SummaryTable::last_of(const SummarySlot& slot) const {
  settle();
  if (!slot.first_seen) return 0;
  switch (slot.last_kind) {
    case ValueRef::Kind::kBool:
      return slot.last_int != 0;
    case ValueRef::Kind::kInt:
      return slot.last_int;
    case ValueRef::Kind::kDouble:
      return slot.last_double;
    case ValueRef::Kind::kText:
      return std::string_view(slot.last_text);
    case ValueRef::Kind::kJson:
      return ValueRef::json(slot.last_text);
    default:
      return nullptr;
  }
}

void SummaryTable::settle() const {
  if (borrower_ == nullptr) return;
  borrower_->give_back();
  borrower_->lender_ = nullptr;
  borrower_ = nullptr;
}

void SummaryTable::observe_columns(SummaryColumns& columns) {
  if (borrower_ != &columns) {
    settle();
    if (!columns.ready()) {
      for (std::size_t i = 0; i < columns.slots_.size(); ++i) {
        observe(*columns.slots_[i], columns.next(i));
      }
      return;
    }
    columns.borrow();
    columns.lender_ = this;
    borrower_ = &columns;
    for (SummarySlot* slot : columns.slots_) mark(*slot);
  }
  columns.observe();
}

SummaryTable::SummaryTable() = default;
SummaryTable::~SummaryTable() = default;

MetricDefinition SummaryTable::define(const MetricChange& change) {
  settle();
  // A definition that a glob made for this very key counts as an earlier call.
  const auto known = by_name_.find(change.name);
  if (known != by_name_.end() && known->second->ruled && metrics_.find(change.name) == nullptr) {
    const SummarySlot& slot = *known->second;
    MetricDefinition made;
    made.name = change.name;
    made.ops = slot.ops;
    made.goal = slot.goal;
    made.hidden = slot.hidden;
    made.step_metric = slot.step_metric;
    made.step_sync = slot.step_sync;
    metrics_.seed(made);
  }
  MetricDefinition now = metrics_.define(change);
  redefined(now);
  return now;
}

MetricDefinition SummaryTable::apply_metric_record(const MetricDefinition& record, bool overwrite) {
  settle();
  MetricDefinition now = metrics_.apply_record(record, overwrite);
  if (now.defined) redefined(now);
  return now;
}

void SummaryTable::redefined(const MetricDefinition& definition) {
  if (definition.is_glob()) return;  // it counts for keys that are first logged from now on
  const auto known = by_name_.find(definition.name);
  if (known == by_name_.end()) return;
  SummarySlot& slot = *known->second;
  if (slot.ops != definition.ops) {
    slot.reshaped = slot.reshaped || slot.handed_out;
    mark(slot);
  }
  take_rule(slot, definition);
  if ((slot.ops & kOpNone) != 0) {
    hide(slot);
  } else if (slot.first_seen && slot.last_kind != ValueRef::Kind::kNull) {
    show(slot);
  }
}

void SummaryTable::take_rule(SummarySlot& slot, const MetricDefinition& definition) {
  slot.ruled = true;
  slot.ops = definition.ops;
  slot.goal = definition.goal;
  slot.hidden = definition.hidden;
  slot.step_sync = definition.step_sync;
  slot.step_metric = definition.step_metric;
}

void SummaryTable::rule(SummarySlot& slot) {
  settle();
  if (slot.ruled) return;
  slot.ruled = true;
  if (const MetricDefinition* definition = metrics_.ruling(slot.name)) take_rule(slot, *definition);
}

SummarySlot& SummaryTable::slot(const KeyPath& path) {
  std::string name = join_key_path(path);
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) return *known->second;
  SummarySlot* parent = nullptr;
  if (path.size() > 1) parent = &slot(KeyPath(path.begin(), path.end() - 1));
  SummarySlot& made = slots_.emplace_back();
  made.path = path;
  made.name = name;
  made.parent = parent;
  (parent == nullptr ? top_ : parent->children).push_back(&made);
  by_name_.emplace(std::move(name), &made);
  if (dirty_.capacity() < slots_.size()) dirty_.reserve(slots_.size() * 2);
  return made;
}

// A leaf cannot be beside leaves below or above it: the newest counts. Their going needs no removal
// record, since whoever sets the new path replaces them, too.
void SummaryTable::show(SummarySlot& slot) {
  if (slot.present) return;
  slot.present = true;
  for (SummarySlot* above = slot.parent; above != nullptr; above = above->parent) {
    above->present = above->handed_out = above->reshaped = false;
  }
  hide_below(slot, false);
}

void SummaryTable::hide(SummarySlot& slot) {
  if (!slot.present) return;
  slot.present = false;
  mark(slot);
}

void SummaryTable::hide_below(SummarySlot& slot, bool tell) {
  for (SummarySlot* child : slot.children) {
    if (tell) {
      hide(*child);
    } else {
      child->present = child->handed_out = child->reshaped = false;
    }
    hide_below(*child, tell);
  }
}

void SummaryTable::set_last(SummarySlot& slot, ValueRef value) {
  slot.last_kind = value.kind();
  if (value.kind() == ValueRef::Kind::kText || value.kind() == ValueRef::Kind::kJson) {
    slot.last_text.assign(value.text());
  } else if (value.kind() == ValueRef::Kind::kDouble) {
    slot.last_double = value.as_double();
  } else {
    slot.last_int = value.as_int();
  }
}

void SummaryTable::observe_other(SummarySlot& slot, ValueRef value) {
  if (value.kind() == ValueRef::Kind::kValue) {
    const Value& tree = value.value();
    if (is_group(tree)) {
      for (const auto& [key, child] : *tree.if_dict()) {
        KeyPath path = slot.path;
        path.push_back(key);
        observe(this->slot(path), ValueRef(child));
      }
      return;
    }
    switch (tree.kind()) {
      case Value::Kind::kNull:
        return observe(slot, nullptr);
      case Value::Kind::kBool:
        return observe(slot, *tree.if_bool());
      case Value::Kind::kInt:
        return observe(slot, *tree.if_int());
      case Value::Kind::kDouble:
        return observe(slot, *tree.if_double());
      case Value::Kind::kString:
        return observe(slot, std::string_view(*tree.if_string()));
      default:
        return observe(slot, ValueRef::json(json::to_text(tree)));
    }
  }
  rule(slot);
  if (value.kind() == ValueRef::Kind::kNull) {  // null takes the key out of the summary
    slot.last_kind = value.kind();
    hide(slot);
    return;
  }
  if (!slot.first_seen) {
    slot.first_seen = true;
    slot.first = to_value(value);
  }
  if ((slot.ops & kOpNone) == 0) show(slot);
  if (value.is_number()) return observe_number(slot, value);
  set_last(slot, value);
  mark(slot);
}

// --- values set by hand --------------------------------------------------------------------------

void SummaryTable::set_leaf(SummarySlot& slot, const Value& value) {
  const bool absent = value.is_null() || (value.is_double() && std::isnan(*value.if_double()));
  slot.ruled = true;
  if (slot.ops != 0) {
    slot.ops = 0;
    slot.reshaped = slot.reshaped || slot.handed_out;
  }
  if (absent) return hide(slot);
  show(slot);
  switch (value.kind()) {
    case Value::Kind::kBool:
      set_last(slot, *value.if_bool());
      break;
    case Value::Kind::kInt:
      set_last(slot, *value.if_int());
      break;
    case Value::Kind::kDouble:
      set_last(slot, *value.if_double());
      break;
    case Value::Kind::kString:
      set_last(slot, std::string_view(*value.if_string()));
      break;
    default:
      set_last(slot, ValueRef::json(json::to_text(value)));
  }
  mark(slot);
}

void SummaryTable::set_tree(const KeyPath& path, const Value& value) {
  if (!is_group(value) || value.if_dict()->empty()) return set_leaf(slot(path), value);
  for (const auto& [key, child] : *value.if_dict()) {
    KeyPath below = path;
    below.push_back(key);
    set_tree(below, child);
  }
}

void SummaryTable::set(const KeyPath& path, const Value& value) {
  settle();
  if (path.empty()) return;
  erase(path);
  set_tree(path, value);
}

void SummaryTable::erase(const KeyPath& path) {
  settle();
  const auto known = by_name_.find(join_key_path(path));
  if (known == by_name_.end()) return;
  hide(*known->second);
  hide_below(*known->second, true);
}

bool SummaryTable::is_aggregate_of_rows(const KeyPath& path) const {
  if (path.size() < 2) return false;
  const SummarySlot* owner = find(KeyPath(path.begin(), path.end() - 1));
  if (owner == nullptr || !owner->present || !owner->first_seen) return false;
  for (int bit = 0; bit < 8; ++bit) {
    if ((owner->aggregates() & (1u << bit)) != 0 && path.back() == summary_op_name(bit))
      return true;
  }
  return false;
}

void SummaryTable::apply_record_update(const KeyPath& path, const Value& value) {
  settle();
  if (path.empty() || is_aggregate_of_rows(path)) return;
  if (is_group(value) && !value.if_dict()->empty()) {
    for (const auto& [key, child] : *value.if_dict()) {
      KeyPath below = path;
      below.push_back(key);
      apply_record_update(below, child);
    }
    return;
  }
  // A number that the rows gave already changes nothing, so that a metric with operations whose
  // stock writer recorded it as a plain value keeps them.
  SummarySlot& leaf = slot(path);
  if (leaf.present && leaf.ops == 0 && same_value(last_value(leaf), value)) return;
  set_leaf(leaf, value);
}

void SummaryTable::apply_record_remove(const KeyPath& path) {
  settle();
  if (!path.empty() && !is_aggregate_of_rows(path)) erase(path);
}

void SummaryTable::restore(const Dict& stored) {
  settle();
  for (const auto& [key, value] : stored) {
    if (key != "_wandb") set_tree({key}, value);
  }
  for (SummarySlot& slot : slots_) slot.ruled = false;
  take_changes([](const KeyPath&, std::optional<std::string_view>) {});
}

// --- reading -------------------------------------------------------------------------------------

Value SummaryTable::aggregate(const SummarySlot& slot, int bit) const {
  switch (1u << bit) {
    case kOpMin:  // NaN once, NaN always; the best passes it over
      return slot.nan_seen ? std::nan("") : slot.min;
    case kOpMax:
      return slot.nan_seen ? std::nan("") : slot.max;
    case kOpMean:
      return slot.sum / static_cast<double>(slot.count);
    case kOpBest:
      if (slot.min > slot.max) return std::nan("");  // nothing but NaN
      return slot.goal == Goal::kMaximize ? slot.max : slot.min;
    case kOpLast:
      return last_value(slot);
    default:
      return slot.first;
  }
}

namespace {
// Of text and bools there is no least, greatest or mean: those stay away until a number comes.
bool has_aggregate(const SummarySlot& slot, int bit) {
  if ((slot.aggregates() & (1u << bit)) == 0) return false;
  const bool numeric = ((1u << bit) & (kOpMin | kOpMax | kOpMean | kOpBest)) != 0;
  return !numeric || slot.count > 0;
}
}  // namespace

const SummarySlot* SummaryTable::find(const KeyPath& path) const {
  const auto known = by_name_.find(join_key_path(path));
  return known == by_name_.end() ? nullptr : known->second;
}

std::optional<Value> SummaryTable::read(const SummarySlot& slot) const {
  if (slot.present) {
    if (slot.aggregates() == 0) return last_value(slot);
    Dict shown;
    for (int bit = 0; bit < 8; ++bit) {
      if (has_aggregate(slot, bit)) shown.set(summary_op_name(bit), aggregate(slot, bit));
    }
    if (shown.empty()) return std::nullopt;
    return Value(std::move(shown));
  }
  Dict below;
  for (const SummarySlot* child : slot.children) {
    if (auto value = read(*child)) below.set(child->path.back(), *std::move(value));
  }
  if (below.empty()) return std::nullopt;
  return Value(std::move(below));
}

std::optional<Value> SummaryTable::get(const KeyPath& path) const {
  settle();
  if (const SummarySlot* found = find(path)) {
    if (auto value = read(*found)) return value;
  }
  if (path.size() < 2) return std::nullopt;
  // An aggregate (["loss","max"]), or something inside a leaf that is JSON.
  const auto above = get(KeyPath(path.begin(), path.end() - 1));
  if (!above) return std::nullopt;
  const Value* inside = above->get(path.back());
  if (inside == nullptr) return std::nullopt;
  return *inside;
}

std::size_t SummaryTable::copy_numbers(Span<Number> into) const {
  settle();
  std::size_t count = 0;
  for (const SummarySlot* slot : top_) {
    if (count == into.size()) break;
    const bool number =
        slot->last_kind == ValueRef::Kind::kInt || slot->last_kind == ValueRef::Kind::kDouble;
    if (!slot->present || !slot->first_seen || !number || slot->name.front() == '_') continue;
    into[count++] = {&slot->name, last_value(*slot).number_or(0)};
  }
  return count;
}

Dict SummaryTable::to_dict() const {
  settle();
  Dict all;
  for (const SummarySlot* slot : top_) {
    if (auto value = read(*slot)) all.set(slot->path.back(), *std::move(value));
  }
  return all;
}

bool SummaryTable::take_changes(const Change& change, std::size_t slots_max) {
  settle();
  std::string text;
  while (!dirty_.empty() && slots_max-- > 0) {
    SummarySlot& slot = *dirty_.back();
    dirty_.pop_back();
    slot.dirty = false;
    if (slot.handed_out && (slot.reshaped || !slot.present)) {
      change(slot.path, std::nullopt);
      slot.handed_out = false;
    }
    slot.reshaped = false;
    if (!slot.present) continue;
    const auto give = [&](const KeyPath& path, const Value& value) {
      text.clear();
      json::append(text, value);
      change(path, text);
      slot.handed_out = true;
    };
    if (slot.aggregates() == 0) {
      give(slot.path, last_value(slot));
      continue;
    }
    for (int bit = 0; bit < 8; ++bit) {
      if (!has_aggregate(slot, bit)) continue;
      KeyPath path = slot.path;
      path.emplace_back(summary_op_name(bit));
      give(path, aggregate(slot, bit));
    }
  }
  return !dirty_.empty();
}

}  // namespace runstone
