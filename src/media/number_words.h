#pragma once

#include <cstdint>
#include <vector>

namespace runstone::media {

/// Whole numbers of a column, four bytes each as long as all fit, else eight; or any eight bytes.
class NumberWords {
 public:
  bool empty() const { return narrow_.empty() && wide_.empty(); }
  void reserve(std::size_t count) { is_wide_ ? wide_.reserve(count) : narrow_.reserve(count); }
  /// New ones are zero.
  void resize(std::size_t count) { is_wide_ ? wide_.resize(count) : narrow_.resize(count); }

  void set(std::size_t at, std::int64_t number) {
    if (!is_wide_ && number == static_cast<std::int32_t>(number)) {
      narrow_[at] = static_cast<std::int32_t>(number);
      return;
    }
    widen();
    wide_[at] = number;
  }
  /// For what is no whole number: from here on each takes eight bytes.
  void widen() {
    if (is_wide_) return;
    wide_.reserve(narrow_.capacity());
    wide_.assign(narrow_.begin(), narrow_.end());
    narrow_ = {};
    is_wide_ = true;
  }
  std::int64_t operator[](std::size_t at) const { return is_wide_ ? wide_[at] : narrow_[at]; }

 private:
  std::vector<std::int32_t> narrow_;
  std::vector<std::int64_t> wide_;
  bool is_wide_ = false;
};

}  // namespace runstone::media
