#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "media/json_text.h"
#include "media/node.h"
#include "media/number_words.h"

namespace runstone::media {

/// A cell on its way into a column: a number or text itself, everything else a node.
struct CellView {
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kDouble, kText, kNode };
  Kind kind = Kind::kNull;
  std::int64_t integer = 0;  // kBool, kInt
  double number = 0;         // kDouble
  std::string_view text;     // kText
  const Node* node = nullptr;

  static CellView of(const Node& node);
  Node to_node() const;
};

/// The cells of one column: eight bytes for a number (four for a small whole one), two and its own
/// for a text; one more each where kinds are mixed. Nothing is there twice while it grows.
class CellStore {
 public:
  using Kind = CellView::Kind;

  std::size_t size() const { return size_; }
  void reserve(std::size_t rows) { expected_ = rows; }
  void add(const CellView& cell);
  void add_numbers(Span<const double> numbers);
  void add_integers(Span<const std::int64_t> numbers);
  void pop_back() { drop_from(size() - 1); }
  /// Forgets the cells from `row` on.
  void drop_from(std::size_t row);

  /// Borrowed until the column changes.
  CellView at(std::size_t row) const;

 private:
  /// The texts of some neighbouring rows, one after the other; or one that is too long for that.
  struct Block {
    std::size_t first_row = 0;
    std::string bytes;
    bool is_one_text = false;
  };

  Kind kind_of(std::size_t row) const { return kinds_.empty() ? kind_ : kinds_[row]; }
  void add_kinds(Kind kind, std::size_t count);
  /// Makes room for the newest `count` rows, which are of this kind, where room is needed.
  void grow(Kind kind, std::size_t count);
  void add_text(std::string_view text);
  Block& start_block();
  const Block& block_of(std::size_t row) const;
  std::uint16_t text_end() const;

  std::size_t size_ = 0, expected_ = 0;
  Kind kind_ = Kind::kNull;  // of every cell, as long as all are of one
  std::vector<Kind> kinds_;  // else of each
  // Each is empty until a cell needs it, and then has an item for every row.
  NumberWords words_;                     // the number, or which node
  std::vector<std::uint16_t> text_ends_;  // in the row's block; a text begins where the last ends
  std::vector<Block> blocks_;
  std::deque<Node> nodes_;
};

}  // namespace runstone::media
