#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::parts {

/// What a leaf is. Numbers include the texts "NaN", "Infinity" and "-Infinity", as the formats ask.
enum class LeafType : std::uint8_t { kNumber, kBool, kString, kMedia, kOther, kNull };
inline constexpr int kLeafTypes = 6;
const char* to_string(LeafType type);

/// One value of one line, as a part keeps it.
/// A double alone says it all for most numbers. Where it does not (an int past 2^53, a bool, text,
/// null, a list, a media object), `other` is the JSON text, exact.
struct Leaf {
  std::uint32_t key = 0;    ///< index into RowBatch::key_name
  std::int32_t other = -1;  ///< index into RowBatch::other_text, -1 for none
  double value = 0;         ///< number, 1 or 0 for a bool; NaN for what is no number
  LeafType type = LeafType::kNumber;
};

struct RowInfo {
  std::int64_t line = 0;
  std::int64_t step = 0;         ///< `_step` if it is an int, else the line number
  std::uint64_t hash = 0;        ///< hash_line() of the line
  std::uint64_t leaf_begin = 0;  ///< its leaves are [leaf_begin, leaf_end)
  std::uint64_t leaf_end = 0;
};

/// Decoded lines of one stream of one run, row by row, keys interned. Grows only; not thread-safe.
/// Decoding runs at several million values a second and allocates nothing for a key seen before.
class RowBatch {
 public:
  RowBatch();
  ~RowBatch();
  RowBatch(RowBatch&&) noexcept;
  RowBatch& operator=(RowBatch&&) noexcept;

  /// Decodes one line of extended JSON (NaN, Infinity) to its leaves. Nested dicts become leaf
  /// paths; lists and dicts with `_type` are values. Of a repeated key the last counts. A line
  /// number that is there already is replaced. Errors: kInvalidArgument if the text is no JSON
  /// object; the batch is then as before.
  Result<void> add_line(std::int64_t line, std::string_view text);
  /// As add_line, but text that is no JSON object is kept whole, as the string leaf
  /// `_undecodable`, and counted: for compaction, which must neither stop nor lose anything.
  void add_line_or_keep(std::int64_t line, std::string_view text);
  std::int64_t undecodable() const;

  /// For readers of parts: a row from its leaves. The line, if it is there already, is replaced.
  void begin_row();
  void add_leaf(std::uint32_t key, double value, LeafType type, std::string_view other);
  void end_row(std::int64_t line, std::int64_t step, std::uint64_t hash);
  std::uint32_t intern(std::string_view key);
  /// All rows of another batch, as if its lines had been added now.
  void append(const RowBatch& other);

  /// Ascending by line number; of a replaced line only the newest. Each row names its leaves.
  const std::vector<RowInfo>& rows() const;
  /// Leaves of replaced lines stay in between, so always go by a row's leaf_begin and leaf_end.
  const std::vector<Leaf>& leaves() const;
  std::size_t key_count() const;
  const std::string& key_name(std::uint32_t key) const;
  std::optional<std::uint32_t> find_key(std::string_view key) const;
  std::string_view other_text(std::int32_t other) const;
  /// The row of a line number, or null.
  const RowInfo* find_row(std::int64_t line) const;

  /// The line as JSON again: values equal to what was logged, keys in the order they came.
  void append_json(std::string& out, const RowInfo& row) const;
  /// The same as a Value (nested again).
  Value to_value(const RowInfo& row) const;
  /// One leaf as a Value.
  Value leaf_value(const Leaf& leaf) const;

  std::size_t memory_bytes() const;
  void clear();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A hash of what the line says, not of its bytes: the same keys and values in another order, or
/// numbers spelled in another way, give the same hash. Text that is no object is hashed as
/// add_line_or_keep() keeps it.
std::uint64_t hash_line(std::string_view text);

}  // namespace runstone::parts
