#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/summary_columns.h"
#include "sdk/key_table.h"
#include "sdk/open_row.h"

namespace runstone {

/// The keys of the last row that held numbers only, packed in the order in which they came: a
/// training logs the same keys in each row, and then a key costs one comparison and one copy from
/// memory that is read front to back. What it knows about such a row (no key twice, none below
/// another) needs no second look.
class RowShape {
 public:
  /// Takes the shape of a row that came with these fields and is not written yet. Rows of changing
  /// shapes are looked at ever less often, since learning costs more than a row. Room for a shape
  /// is made when it first comes, so that learning it later allocates nothing.
  template <typename FieldAt>
  void learn(std::size_t size, const FieldAt& field, const OpenRow& row) {
    if (!fits(size, field, row)) return;
    make_room(size, field, row);
    if (++rows_missed_ < rows_between_) return;
    rows_missed_ = 0;
    rows_between_ = std::min<std::uint32_t>(rows_between_ * 2, kMaxRowsBetween);
    take(size, field, row);
  }

  /// Encodes a row of this shape, of `size` fields given by `field(i)`. False if it has another
  /// shape; then the encoder holds nothing of use.
  template <typename FieldAt>
  bool encode(protocol::HistoryEncoder& encoder, std::size_t size, const FieldAt& field) {
    if (size != keys_.size() || size == 0) return false;
    encoder.begin();
    char* out = encoder.reserve(item_bytes_max_);
    const char* at = bytes_.data();
    for (std::size_t i = 0; i < size; ++i) {
      const Known& known = keys_[i];
      const Field& given = field(i);
      if (given.key.size() != known.text_bytes || given.is_path != known.is_path ||
          !same_bytes(given.key.data(), at, known.text_bytes)) {
        return false;
      }
      const char* front = at + known.text_bytes;
      at = front + known.front_bytes;
      if (given.value.kind() == ValueRef::Kind::kDouble) {
        const double value = given.value.as_double();
        out = protocol::HistoryEncoder::put_number(out, front, known.front_bytes, value);
        summary_.put(i, value);
      } else if (given.value.kind() == ValueRef::Kind::kInt) {
        encoder.advance_to(out);
        encoder.add(known.key->encoded, given.value.as_int());
        out = encoder.reserve(item_bytes_max_);
        summary_.put(i, given.value.as_int());
      } else {
        return false;
      }
    }
    encoder.advance_to(out);
    return true;
  }

  /// The numbers of the row that encode() took last.
  SummaryColumns& summary() { return summary_; }

 private:
  static constexpr std::uint32_t kMaxRowsBetween = 4096;

  struct Known {
    std::uint32_t text_bytes = 0;
    std::uint32_t front_bytes = 0;
    bool is_path = false;
    LoggedKey* key = nullptr;
  };

  template <typename FieldAt>
  static bool fits(std::size_t size, const FieldAt& field, const OpenRow& row) {
    if (row.size() != size || row.has_user_timestamp()) return false;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].key == nullptr || !field(i).value.is_number()) return false;
    }
    return true;
  }

  template <typename FieldAt>
  void make_room(std::size_t size, const FieldAt& field, const OpenRow& row) {
    std::size_t bytes = protocol::HistoryEncoder::kFrontSlackBytes;
    for (std::size_t i = 0; i < size; ++i) {
      bytes += field(i).key.size() + row[i].key->encoded.number_front().size();
    }
    if (bytes > bytes_.capacity()) bytes_.reserve(bytes);
    if (size <= keys_.capacity()) return;
    keys_.reserve(size);
    slots_.reserve(size);
    summary_.make_room(size);
  }

  template <typename FieldAt>
  void take(std::size_t size, const FieldAt& field, const OpenRow& row) {
    keys_.clear();
    bytes_.clear();
    item_bytes_max_ = 0;
    slots_.clear();
    for (std::size_t i = 0; i < size; ++i) {
      const Field& given = field(i);
      LoggedKey& key = *row[i].key;
      const std::string_view front = key.encoded.number_front();
      bytes_.append(given.key).append(front);
      keys_.push_back({static_cast<std::uint32_t>(given.key.size()),
                       static_cast<std::uint32_t>(front.size()), given.is_path, &key});
      slots_.push_back(key.slot);
      item_bytes_max_ += front.size() + sizeof(double);
    }
    summary_.reset({slots_.data(), slots_.size()});
    bytes_.append(protocol::HistoryEncoder::kFrontSlackBytes, '\0');
  }

  // Keys are short: no call, two overlapping words.
  static bool same_bytes(const char* a, const char* b, std::size_t size) {
    if (size > 16) return std::memcmp(a, b, size) == 0;
    if (size >= 8) return same_words<std::uint64_t>(a, b, size);
    if (size >= 4) return same_words<std::uint32_t>(a, b, size);
    if (size >= 2) return same_words<std::uint16_t>(a, b, size);
    return size == 0 || *a == *b;
  }
  template <typename Word>
  static bool same_words(const char* a, const char* b, std::size_t size) {
    const auto load = [](const char* from) {
      Word word;
      std::memcpy(&word, from, sizeof word);
      return word;
    };
    const std::size_t last = size - sizeof(Word);
    return load(a) == load(b) && load(a + last) == load(b + last);
  }

  std::vector<Known> keys_;
  std::vector<SummarySlot*> slots_;  // of keys_
  std::string bytes_;                // for each key its spelling and the front of a number's item
  std::size_t item_bytes_max_ = 0;   // of a row of doubles
  SummaryColumns summary_;
  std::uint32_t rows_missed_ = 0;
  std::uint32_t rows_between_ = 1;
};

}  // namespace runstone
