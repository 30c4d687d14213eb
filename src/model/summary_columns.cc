#include "model/summary_columns.h"

#include <utility>

#include "model/summary_table.h"

namespace runstone {

void SummaryColumns::Row::resize(std::size_t size) {
  kinds.resize(size);
  numbers.resize(size);
  ints.resize(size);
}

void SummaryColumns::Row::reserve(std::size_t size) {
  kinds.reserve(size);
  numbers.reserve(size);
  ints.reserve(size);
}

void SummaryColumns::make_room(std::size_t size) {
  slots_.reserve(size);
  next_.reserve(size);
  last_.reserve(size);
  sums_.reserve(size);
  mins_.reserve(size);
  maxs_.reserve(size);
  nans_.reserve(size);
}

void SummaryColumns::reset(Span<SummarySlot* const> slots) {
  if (lender_ != nullptr) lender_->settle();
  slots_.assign(slots.begin(), slots.end());
  next_.resize(slots_.size());
  last_.resize(slots_.size());
  sums_.resize(slots_.size());
  mins_.resize(slots_.size());
  maxs_.resize(slots_.size());
  nans_.resize(slots_.size());
}

bool SummaryColumns::ready() const {
  for (const SummarySlot* slot : slots_) {
    if (!slot->present || !slot->first_seen) return false;
  }
  return true;
}

ValueRef SummaryColumns::next(std::size_t i) const {
  if (next_.kinds[i] == ValueRef::Kind::kInt) return next_.ints[i];
  return next_.numbers[i];
}

void SummaryColumns::borrow() {
  rows_ = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const SummarySlot& slot = *slots_[i];
    sums_[i] = slot.sum;
    mins_[i] = slot.min;
    maxs_[i] = slot.max;
    nans_[i] = 0;
  }
}

// Loops over plain arrays, which the compiler makes vector instructions of. A comparison with NaN
// is false, so NaN leaves minimum and maximum alone, as in the slots.
void SummaryColumns::observe() {
  const std::size_t size = slots_.size();
  const double* __restrict numbers = next_.numbers.data();
  double* __restrict sums = sums_.data();
  double* __restrict mins = mins_.data();
  double* __restrict maxs = maxs_.data();
  std::uint64_t* __restrict nans = nans_.data();
  for (std::size_t i = 0; i < size; ++i) {
    const double v = numbers[i];
    sums[i] += v;
    mins[i] = v < mins[i] ? v : mins[i];
    maxs[i] = v > maxs[i] ? v : maxs[i];
    nans[i] |= v != v ? 1 : 0;
  }
  ++rows_;
  std::swap(next_, last_);
}

void SummaryColumns::give_back() {
  if (rows_ == 0) return;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    SummarySlot& slot = *slots_[i];
    slot.last_kind = last_.kinds[i];
    if (slot.last_kind == ValueRef::Kind::kInt) {
      slot.last_int = last_.ints[i];
    } else {
      slot.last_double = last_.numbers[i];
    }
    slot.sum = sums_[i];
    slot.min = mins_[i];
    slot.max = maxs_[i];
    slot.nan_seen = slot.nan_seen || nans_[i] != 0;
    slot.count += rows_;
  }
  rows_ = 0;
}

}  // namespace runstone
