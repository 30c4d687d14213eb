#include "media/cell_store.h"

#include <cstring>

namespace runstone::media {
namespace {

std::uint64_t bits_of(double number) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

double number_of(std::uint64_t bits) {
  double number = 0;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

}  // namespace

CellView CellView::of(const Node& node) {
  CellView cell;
  if (node.if_is<std::nullptr_t>() != nullptr) return cell;
  if (const bool* flag = node.if_is<bool>()) {
    cell.kind = Kind::kBool;
    cell.integer = *flag ? 1 : 0;
  } else if (const auto* integer = node.if_is<std::int64_t>()) {
    cell.kind = Kind::kInt;
    cell.integer = *integer;
  } else if (const auto* number = node.if_is<double>()) {
    cell.kind = Kind::kDouble;
    cell.number = *number;
  } else if (const auto* text = node.if_is<std::string>()) {
    cell.kind = Kind::kText;
    cell.text = *text;
  } else {
    cell.kind = Kind::kNode;
    cell.node = &node;
  }
  return cell;
}

Node CellView::to_node() const {
  Node made;
  switch (kind) {
    case Kind::kNull:
      break;
    case Kind::kBool:
      made.data = integer != 0;
      break;
    case Kind::kInt:
      made.data = integer;
      break;
    case Kind::kDouble:
      made.data = number;
      break;
    case Kind::kText:
      made.data = std::string(text);
      break;
    case Kind::kNode:
      return *node;
  }
  return made;
}

void CellStore::reserve(std::size_t rows) {
  kinds_.reserve(rows);
  words_.reserve(rows);
}

void CellStore::add(const CellView& cell) {
  std::uint64_t word = 0;
  switch (cell.kind) {
    case Kind::kNull:
      break;
    case Kind::kBool:
    case Kind::kInt:
      word = static_cast<std::uint64_t>(cell.integer);
      break;
    case Kind::kDouble:
      word = bits_of(cell.number);
      break;
    case Kind::kText: {
      word = texts_.size();
      const auto bytes = static_cast<std::uint32_t>(cell.text.size());
      texts_.append(reinterpret_cast<const char*>(&bytes), sizeof bytes).append(cell.text);
      break;
    }
    case Kind::kNode:
      word = nodes_.size();
      nodes_.push_back(*cell.node);
  }
  kinds_.push_back(cell.kind);
  words_.push_back(word);
}

void CellStore::add_words(Kind kind, const void* words, std::size_t count) {
  if (count == 0) return;
  kinds_.insert(kinds_.end(), count, kind);
  const std::size_t before = words_.size();
  words_.resize(before + count);
  std::memcpy(words_.data() + before, words, count * sizeof(std::uint64_t));
}

void CellStore::add_numbers(Span<const double> numbers) {
  add_words(Kind::kDouble, numbers.data(), numbers.size());
}

void CellStore::add_integers(Span<const std::int64_t> numbers) {
  add_words(Kind::kInt, numbers.data(), numbers.size());
}

// Texts and nodes lie in the order of their rows, so that the first one dropped is where both end.
void CellStore::drop_from(std::size_t row) {
  bool text_found = false, node_found = false;
  for (std::size_t i = row; i < size() && !(text_found && node_found); ++i) {
    if (kinds_[i] == Kind::kText && !text_found) {
      texts_.resize(words_[i]);
      text_found = true;
    } else if (kinds_[i] == Kind::kNode && !node_found) {
      nodes_.resize(words_[i]);
      node_found = true;
    }
  }
  kinds_.resize(row);
  words_.resize(row);
}

CellView CellStore::at(std::size_t row) const {
  CellView cell;
  cell.kind = kinds_[row];
  const std::uint64_t word = words_[row];
  switch (cell.kind) {
    case Kind::kNull:
      break;
    case Kind::kBool:
    case Kind::kInt:
      cell.integer = static_cast<std::int64_t>(word);
      break;
    case Kind::kDouble:
      cell.number = number_of(word);
      break;
    case Kind::kText: {
      std::uint32_t bytes = 0;
      std::memcpy(&bytes, texts_.data() + word, sizeof bytes);
      cell.text = std::string_view(texts_).substr(word + sizeof bytes, bytes);
      break;
    }
    case Kind::kNode:
      cell.node = &nodes_[word];
  }
  return cell;
}

}  // namespace runstone::media
