#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/key_path.h"
#include "model/metric_rules.h"
#include "model/summary_columns.h"
#include "runstone/row.h"
#include "runstone/span.h"
#include "runstone/value.h"

namespace runstone {

/// One leaf of the summary and what its metric has shown so far. Addresses are stable.
struct alignas(64) SummarySlot {
  // What each logged number touches: one cache line.
  bool present = false;  ///< the summary shows it
  bool dirty = false;    ///< changed since take_changes()
  bool first_seen = false;
  bool nan_seen = false;
  ValueRef::Kind last_kind = ValueRef::Kind::kNull;
  std::uint32_t ops = 0;
  union {
    double last_double;
    std::int64_t last_int = 0;  ///< of an integer or bool
  };
  std::uint64_t count = 0;  ///< of numbers, over all rows so far; so are the next three
  double sum = 0;
  double min = std::numeric_limits<double>::infinity();  ///< of the numbers that are not NaN
  double max = -std::numeric_limits<double>::infinity();

  std::string last_text;  ///< of text and JSON
  Value first;

  // What rules it. Fixed by the first value, by a definition of its own, or by a value set by hand.
  bool ruled = false;
  bool handed_out = false;  ///< take_changes() gave a value since it last gave a removal
  bool reshaped = false;    ///< what was handed out must go before the new value
  bool hidden = false;
  Goal goal = Goal::kUnset;
  bool step_sync = false;
  std::string step_metric;

  KeyPath path;
  std::string name;               ///< leaf path text
  SummarySlot* parent = nullptr;  ///< null at the top
  std::vector<SummarySlot*> children;

  std::uint32_t aggregates() const { return ops & ~(kOpNone | kOpCopy); }
};

/// A run's summary by the rules of define_metric: the one place that knows them. The SDK feeds it
/// while it logs; a reader of a journal feeds it with the same rows, metric and summary records, in
/// the journal's order, and gets the same summary. No I/O, one thread at a time. After a leaf's
/// first value, observe() of numbers allocates nothing.
class SummaryTable {
 public:
  SummaryTable();
  ~SummaryTable();
  SummaryTable(const SummaryTable&) = delete;
  SummaryTable& operator=(const SummaryTable&) = delete;

  // --- definitions
  MetricDefinition define(const MetricChange& change);
  MetricDefinition apply_metric_record(const MetricDefinition& record, bool overwrite);
  const MetricTable& metrics() const { return metrics_; }

  // --- rows
  /// The slot of a leaf, made if it is new.
  SummarySlot& slot(const KeyPath& path);
  SummarySlot& slot_of_name(std::string_view leaf_path) { return slot(split_key_path(leaf_path)); }
  /// Settles which definition rules a leaf, as its first value does.
  void rule(SummarySlot& slot);
  /// The latest value that a row gave; 0 if none did. Text is the slot's own.
  ValueRef last_of(const SummarySlot& slot) const;
  /// One leaf of a written row; kValue is taken for what it holds, a dict's leaves one by one.
  void observe(SummarySlot& slot, ValueRef value);
  /// The row that was put into the columns. Equal to observe() of each number, in any order.
  void observe_columns(SummaryColumns& columns);
  /// observe() of a leaf that no columns hold: what they have borrowed stays with them.
  void observe_beside_columns(SummarySlot& slot, ValueRef value);
  /// Columns give back what they have borrowed; everything that reads slots sees to it.
  void settle() const;

  // --- values set by hand, and records of them
  /// Replaces what is at the path; a dict sets each of its leaves, after removing what was there.
  void set(const KeyPath& path, const Value& value);
  void erase(const KeyPath& path);
  /// One item of a summary record. A shown aggregate (["loss","max"] while loss has the op max and
  /// numbers were seen) says nothing new and is left to the rows; all else is as by set(), but a
  /// dict merges leaf by leaf.
  void apply_record_update(const KeyPath& path, const Value& value);
  void apply_record_remove(const KeyPath& path);
  /// What the run's summary was before this process: shown until a row brings something new, ruled
  /// by no definition yet, and no change to hand out. Before anything else is put in.
  void restore(const Dict& stored);

  // --- reading
  std::optional<Value> get(const KeyPath& path) const;
  Dict to_dict() const;
  /// A metric's name, which lives as long as the table, and its latest value.
  struct Number {
    const std::string* name;
    double value;
  };
  /// The first metrics at the top that are numbers now, as many as there is room for; no `_` keys.
  /// Gives how many. Allocates nothing: somebody may be waiting to log.
  std::size_t copy_numbers(Span<Number> into) const;

  /// Hands out each leaf changed since the last call, in no given order: a value as JSON text, or
  /// nothing where the leaf went away. A leaf with aggregates comes once per operation. Stops after
  /// `slots_max` slots; true if there may be more.
  using Change = std::function<void(const KeyPath& path, std::optional<std::string_view> json)>;
  bool take_changes(const Change& change, std::size_t slots_max = SIZE_MAX);
  bool has_changes() const { return !dirty_.empty(); }  // borrowed slots count as changed

 private:
  void take_rule(SummarySlot& slot, const MetricDefinition& definition);
  void redefined(const MetricDefinition& definition);
  void observe_number(SummarySlot& slot, ValueRef value);
  void observe_other(SummarySlot& slot, ValueRef value);
  void show(SummarySlot& slot);
  void hide(SummarySlot& slot);
  void hide_below(SummarySlot& slot, bool tell);
  void mark(SummarySlot& slot);
  void set_last(SummarySlot& slot, ValueRef value);
  void set_leaf(SummarySlot& slot, const Value& value);
  void set_tree(const KeyPath& path, const Value& value);
  Value aggregate(const SummarySlot& slot, int bit) const;
  bool is_aggregate_of_rows(const KeyPath& path) const;
  const SummarySlot* find(const KeyPath& path) const;
  std::optional<Value> read(const SummarySlot& slot) const;

  MetricTable metrics_;
  std::deque<SummarySlot> slots_;
  std::unordered_map<std::string, SummarySlot*> by_name_;
  std::vector<SummarySlot*> top_;
  std::vector<SummarySlot*> dirty_;
  mutable SummaryColumns* borrower_ = nullptr;
};

inline void SummaryTable::mark(SummarySlot& slot) {
  if (slot.dirty) return;
  slot.dirty = true;
  dirty_.push_back(&slot);  // room was made when the slot was
}

inline void SummaryTable::observe(SummarySlot& slot, ValueRef value) {
  if (borrower_ != nullptr) settle();
  observe_beside_columns(slot, value);
}

inline void SummaryTable::observe_beside_columns(SummarySlot& slot, ValueRef value) {
  if (!value.is_number() || !slot.present || !slot.first_seen) return observe_other(slot, value);
  observe_number(slot, value);
}

inline void SummaryTable::observe_number(SummarySlot& slot, ValueRef value) {
  const double v = value.number();
  slot.last_kind = value.kind();
  if (value.kind() == ValueRef::Kind::kInt) {
    slot.last_int = value.as_int();
  } else {
    slot.last_double = v;
  }
  if (v < slot.min) slot.min = v;
  if (v > slot.max) slot.max = v;
  if (v != v) slot.nan_seen = true;
  slot.sum += v;
  ++slot.count;
  mark(slot);
}

}  // namespace runstone
