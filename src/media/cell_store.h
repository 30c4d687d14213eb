#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "media/json_text.h"
#include "media/node.h"

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

/// The cells of one column: nine bytes for a number, its bytes and thirteen more for a text.
class CellStore {
 public:
  using Kind = CellView::Kind;

  std::size_t size() const { return kinds_.size(); }
  void reserve(std::size_t rows);
  void add(const CellView& cell);
  void add_numbers(Span<const double> numbers);
  void add_integers(Span<const std::int64_t> numbers);
  void pop_back() { drop_from(size() - 1); }
  /// Forgets the cells from `row` on.
  void drop_from(std::size_t row);

  /// Borrowed until the column changes.
  CellView at(std::size_t row) const;

 private:
  std::vector<Kind> kinds_;
  std::vector<std::uint64_t> words_;  // the number, or where the text or node is
  std::string texts_;                 // each after its size, 4 bytes
  std::deque<Node> nodes_;

  void add_words(Kind kind, const void* words, std::size_t count);
};

}  // namespace runstone::media
