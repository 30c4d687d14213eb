#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runstone/row.h"

namespace runstone {

struct SummarySlot;
class SummaryTable;

/// The running figures of the metrics of one row, side by side: a training logs the same numbers
/// row after row, and columns that are read front to back cost a fraction of as many slots strewn
/// over memory. SummaryTable::observe_columns() borrows the slots' figures into them, and gives
/// them back before anybody looks at a slot. The arithmetic is that of the slots, in the same
/// order, so every figure comes out the same to the last bit.
class SummaryColumns {
 public:
  SummaryColumns() = default;
  SummaryColumns(const SummaryColumns&) = delete;
  SummaryColumns& operator=(const SummaryColumns&) = delete;
  ~SummaryColumns() { reset({}); }

  /// Takes other slots, of one table, none of them twice. No more of them than there is room for
  /// allocate nothing.
  void reset(Span<SummarySlot* const> slots);
  void make_room(std::size_t size);

  /// The next row's numbers, all of them, then observe_columns(). Those of a row that is not
  /// observed may be written over.
  void put(std::size_t i, double value) {
    next_.kinds[i] = ValueRef::Kind::kDouble;
    next_.numbers[i] = value;
  }
  void put(std::size_t i, std::int64_t value) {
    next_.kinds[i] = ValueRef::Kind::kInt;
    next_.numbers[i] = static_cast<double>(value);
    next_.ints[i] = value;
  }

 private:
  friend class SummaryTable;

  struct Row {
    std::vector<ValueRef::Kind> kinds;
    std::vector<double> numbers;
    std::vector<std::int64_t> ints;  // of those that are whole numbers
    void resize(std::size_t size);
    void reserve(std::size_t size);
  };

  bool ready() const;  // every slot shows numbers already
  ValueRef next(std::size_t i) const;
  void borrow();
  void observe();
  void give_back();

  SummaryTable* lender_ = nullptr;  // while figures are borrowed
  std::vector<SummarySlot*> slots_;
  Row next_, last_;
  std::vector<double> sums_, mins_, maxs_;
  std::vector<std::uint64_t> nans_;
  std::uint64_t rows_ = 0;  // since borrow()
};

}  // namespace runstone
