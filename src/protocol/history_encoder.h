#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/span.h"

namespace runstone::protocol {

/// A key path as it stands in a history item, made once per metric and copied for each row.
class EncodedKey {
 public:
  explicit EncodedKey(std::string_view key);  ///< one label, which may hold any character
  explicit EncodedKey(Span<const std::string> path);
  explicit EncodedKey(Span<const std::string_view> path);

  /// All of a double's item but its eight bytes.
  std::string_view number_front() const { return with_number_; }

  std::string_view bytes() const {
    return std::string_view(with_number_).substr(item_prefix_bytes_, key_bytes_);
  }

 private:
  friend class HistoryEncoder;
  void finish(const std::string& key_fields);
  // Item tag, item length, key fields, tag of `number`: all of a double's item but its eight bytes.
  std::string with_number_;
  std::size_t item_prefix_bytes_ = 0;
  std::size_t key_bytes_ = 0;
};

/// Writes one history record straight as protobuf bytes, typed. No allocation once its buffer has
/// grown to the largest row. One thread at a time; keep one per run or per thread.
///
///   encoder.begin();
///   encoder.add(loss, 0.5);
///   journal.append(encoder.finish(num, step));
class HistoryEncoder {
 public:
  /// With `json_values`, every value is written as value_json, for stock clients before 0.31.
  explicit HistoryEncoder(bool json_values = false) : json_values_(json_values) { begin(); }

  /// Readable bytes that must lie behind a front given to put_number().
  static constexpr std::size_t kFrontSlackBytes = 32;

  /// Forgets the row so far.
  void begin() { used_ = kFrontBytes; }
  void add(const EncodedKey& key, double value) {
    if (json_values_) return add_number_json(key, value);
    const std::size_t prefix = key.with_number_.size();
    char* at = grow(prefix + sizeof value);
    std::memcpy(at, key.with_number_.data(), prefix);
    std::memcpy(at + prefix, &value, sizeof value);  // little-endian, as everything we build for
  }
  /// For a caller that has packed the keys' number_front() for speed, not with `json_values`: room
  /// for `bytes` of items, which put_number() fills in turn, until advance_to() takes them in.
  char* reserve(std::size_t bytes) {
    if (buffer_.size() < used_ + bytes + kBackBytes) enlarge(bytes);
    return buffer_.data() + used_;
  }
  static char* put_number(char* at, const char* front, std::size_t front_bytes, double value) {
    if (front_bytes <= kFrontSlackBytes) {
      std::memcpy(at, front, kFrontSlackBytes);  // of a known size: no call; kBackBytes has room
    } else {
      std::memcpy(at, front, front_bytes);
    }
    std::memcpy(at + front_bytes, &value, sizeof value);
    return at + front_bytes + sizeof value;
  }
  void advance_to(const char* end) { used_ = static_cast<std::size_t>(end - buffer_.data()); }
  void add(const EncodedKey& key, std::int64_t value);
  void add(const EncodedKey& key, bool value);
  void add_text(const EncodedKey& key, std::string_view text);
  void add_json(const EncodedKey& key, std::string_view json);  ///< lists, media, histograms, ...
  void add_null(const EncodedKey& key);
  /// Without a prepared key, for a row's rare items.
  template <typename T>
  void add(std::string_view key, T value) {
    add(EncodedKey(key), value);
  }

  /// The whole Record, valid until the next begin(). `step` goes into step.num (the item `_step` is
  /// the caller's); a negative step (shared mode) writes none. May be called again with another
  /// number.
  std::string_view finish(std::int64_t num, std::int64_t step);
  std::size_t item_bytes() const { return used_ - kFrontBytes; }

 private:
  // Room before the items for what is only known at the end: num, the history's tag and length.
  static constexpr std::size_t kFrontBytes = 32;
  static constexpr std::size_t kBackBytes = 32;

  char* grow(std::size_t bytes) {
    char* at = reserve(bytes);
    used_ += bytes;
    return at;
  }
  void enlarge(std::size_t bytes);
  void add_number_json(const EncodedKey& key, double value);
  void add_field(const EncodedKey& key, std::uint32_t tag, std::string_view payload);
  void add_varint(const EncodedKey& key, std::uint32_t tag, std::uint64_t value);

  bool json_values_;
  std::size_t used_ = kFrontBytes;
  std::vector<char> buffer_ = std::vector<char>(1024);
};

}  // namespace runstone::protocol
