#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/key_table.h"

namespace runstone {

/// The row that collects data until it is written: leaves in the order in which they were first
/// set, each key once, the later value. Nothing is allocated once it has held its largest row.
class OpenRow {
 public:
  struct TextAt {
    std::uint32_t offset, size;
  };
  struct Leaf {
    LoggedKey* key = nullptr;  ///< null: taken out by a leaf above or below it
    ValueRef::Kind kind = ValueRef::Kind::kNull;
    union {  // by kind; small, since a row may hold thousands
      std::int64_t integer = 0;
      double number;
      TextAt text_at;
    };
  };

  explicit OpenRow(KeyTable& keys) : keys_(keys) {}

  void merge(const Field& field);
  /// Adds a leaf that is not there yet.
  void merge_leaf(LoggedKey& key, ValueRef value);
  bool contains(const LoggedKey& key) const { return key.row_serial == serial_; }
  void clear();

  bool has_data() const { return has_data_; }
  /// A log() with no fields makes a row, too.
  void mark_as_having_data() { has_data_ = true; }
  std::size_t size() const { return leaves_.size(); }
  const Leaf& operator[](std::size_t i) const { return leaves_[i]; }
  ValueRef value(const Leaf& leaf) const {
    switch (leaf.kind) {
      case ValueRef::Kind::kBool:
        return leaf.integer != 0;
      case ValueRef::Kind::kInt:
        return leaf.integer;
      case ValueRef::Kind::kDouble:
        return leaf.number;
      case ValueRef::Kind::kText:
        return text(leaf);
      case ValueRef::Kind::kJson:
        return ValueRef::json(text(leaf));
      default:
        return nullptr;
    }
  }

  bool has_user_timestamp() const { return has_user_timestamp_; }

 private:
  std::string_view text(const Leaf& leaf) const {
    return std::string_view(texts_).substr(leaf.text_at.offset, leaf.text_at.size);
  }
  void merge_tree(LoggedKey& key, const Value& value);
  void drop_conflicts(const LoggedKey& key);
  void drop_below(const SummarySlot& slot);
  void drop(const SummarySlot& slot);

  KeyTable& keys_;
  std::vector<Leaf> leaves_;
  std::string texts_;  // of text and JSON leaves
  std::string path_;   // scratch
  std::uint64_t serial_ = 1;
  bool has_data_ = false;
  bool has_user_timestamp_ = false;
};

}  // namespace runstone
