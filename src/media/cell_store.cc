#include "media/cell_store.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace runstone::media {
namespace {

std::int64_t bits_of(double number) {
  std::int64_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

constexpr std::size_t kRowsOfBlock = 1024;
constexpr std::size_t kMaxBlockBytes = std::numeric_limits<std::uint16_t>::max();

double number_of(std::int64_t bits) {
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

void CellStore::add_kinds(Kind kind, std::size_t count) {
  if (size_ == 0) kind_ = kind;
  if (kinds_.empty() && kind != kind_) {
    kinds_.reserve(std::max(expected_, size_ + count));
    kinds_.assign(size_, kind_);
  }
  if (!kinds_.empty()) kinds_.insert(kinds_.end(), count, kind);
  size_ += count;
}

void CellStore::grow(Kind kind, std::size_t count) {
  add_kinds(kind, count);
  const bool needs_words = kind != Kind::kNull && kind != Kind::kText;
  if (kind == Kind::kDouble) words_.widen();
  if (words_.empty() && needs_words) words_.reserve(std::max(expected_, size_));
  if (!words_.empty() || needs_words) words_.resize(size_);
  if (!text_ends_.empty() || kind == Kind::kText) text_ends_.resize(size_, text_end());
}

void CellStore::add(const CellView& cell) {
  if (cell.kind == Kind::kText) return add_text(cell.text);
  grow(cell.kind, 1);
  switch (cell.kind) {
    case Kind::kNull:
    case Kind::kText:
      break;
    case Kind::kBool:
    case Kind::kInt:
      words_.set(size_ - 1, cell.integer);
      break;
    case Kind::kDouble:
      words_.set(size_ - 1, bits_of(cell.number));
      break;
    case Kind::kNode:
      words_.set(size_ - 1, static_cast<std::int64_t>(nodes_.size()));
      nodes_.push_back(*cell.node);
  }
}

void CellStore::add_numbers(Span<const double> numbers) {
  if (numbers.empty()) return;
  grow(Kind::kDouble, numbers.size());
  std::size_t row = size_ - numbers.size();
  for (const double number : numbers) words_.set(row++, bits_of(number));
}

void CellStore::add_integers(Span<const std::int64_t> numbers) {
  if (numbers.empty()) return;
  grow(Kind::kInt, numbers.size());
  std::size_t row = size_ - numbers.size();
  for (const std::int64_t number : numbers) words_.set(row++, number);
}

void CellStore::add_text(std::string_view text) {
  const bool is_long = text.size() > kMaxBlockBytes;
  if (text_ends_.empty()) {
    text_ends_.reserve(std::max(expected_, size_ + 1));
    text_ends_.resize(size_);
  }
  if (blocks_.empty()) blocks_.emplace_back();
  if (is_long || blocks_.back().is_one_text || size_ - blocks_.back().first_row >= kRowsOfBlock ||
      text.size() > kMaxBlockBytes - blocks_.back().bytes.size()) {
    start_block().is_one_text = is_long;
  }
  blocks_.back().bytes.append(text);
  grow(Kind::kText, 1);
}

// As large as the one before was, since texts of a column are much alike: then nothing is moved.
CellStore::Block& CellStore::start_block() {
  std::string& before = blocks_.back().bytes;
  const std::size_t size = blocks_.back().is_one_text ? 0 : before.size();
  if (before.capacity() > before.size() + before.size() / 8) before.shrink_to_fit();
  blocks_.emplace_back();
  blocks_.back().first_row = size_;
  blocks_.back().bytes.reserve(size + size / 16);
  return blocks_.back();
}

const CellStore::Block& CellStore::block_of(std::size_t row) const {
  const auto behind =
      std::upper_bound(blocks_.begin(), blocks_.end(), row,
                       [](std::size_t at, const Block& block) { return at < block.first_row; });
  return *(behind - 1);
}

// Of the newest row; in the block of a long text nothing asks for it.
std::uint16_t CellStore::text_end() const {
  return blocks_.empty() ? 0 : static_cast<std::uint16_t>(blocks_.back().bytes.size());
}

// Nodes lie in the order of their rows, so that the first one dropped is where they end.
void CellStore::drop_from(std::size_t row) {
  for (std::size_t i = row; i < size_; ++i) {
    if (kind_of(i) != Kind::kNode) continue;
    nodes_.resize(static_cast<std::size_t>(words_[i]));
    break;
  }
  while (!blocks_.empty() && blocks_.back().first_row >= row) blocks_.pop_back();
  if (!text_ends_.empty()) text_ends_.resize(row);
  if (!blocks_.empty() && !blocks_.back().is_one_text && !text_ends_.empty()) {
    blocks_.back().bytes.resize(text_ends_.back());
  }
  if (!words_.empty()) words_.resize(row);
  if (!kinds_.empty()) kinds_.resize(row);
  size_ = row;
}

CellView CellStore::at(std::size_t row) const {
  CellView cell;
  cell.kind = kind_of(row);
  switch (cell.kind) {
    case Kind::kNull:
      break;
    case Kind::kBool:
    case Kind::kInt:
      cell.integer = words_[row];
      break;
    case Kind::kDouble:
      cell.number = number_of(words_[row]);
      break;
    case Kind::kText: {
      const Block& block = block_of(row);
      const std::size_t begin = row == block.first_row ? 0 : text_ends_[row - 1];
      const std::size_t end = block.is_one_text ? block.bytes.size() : text_ends_[row];
      cell.text = std::string_view(block.bytes).substr(begin, end - begin);
      break;
    }
    case Kind::kNode:
      cell.node = &nodes_[static_cast<std::size_t>(words_[row])];
  }
  return cell;
}

}  // namespace runstone::media
