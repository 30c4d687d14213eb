#include "runstone/row.h"

#include <cstring>

namespace runstone {
namespace {
constexpr std::size_t kBlockBytes = 16 * 1024;
}

Row::Row() = default;
Row::~Row() = default;
Row::Row(Row&&) noexcept = default;
Row& Row::operator=(Row&&) noexcept = default;

void Row::clear() {
  fields_.clear();
  prefix_.clear();
  prefix_ends_.clear();
  big_.clear();
  block_ = 0;
  used_ = 0;
}

std::string_view Row::copy(std::string_view text) {
  if (text.size() > kBlockBytes) {
    big_.push_back(std::make_unique<char[]>(text.size()));
    std::memcpy(big_.back().get(), text.data(), text.size());
    return {big_.back().get(), text.size()};
  }
  if (blocks_.empty()) blocks_.push_back(std::make_unique<char[]>(kBlockBytes));
  if (used_ + text.size() > kBlockBytes) {
    ++block_;
    used_ = 0;
    if (block_ == blocks_.size()) blocks_.push_back(std::make_unique<char[]>(kBlockBytes));
  }
  char* at = blocks_[block_].get() + used_;
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  used_ += text.size();
  return {at, text.size()};
}

void Row::add(std::string_view key, ValueRef value) {
  if (prefix_ends_.empty()) {
    if (!key.empty()) fields_.emplace_back(key, value);
    return;
  }
  const std::size_t end = prefix_.size();
  append_escaped_label(prefix_, key);
  fields_.emplace_back(copy(prefix_), value, true);
  prefix_.resize(end);
}

void Row::begin_dict(std::string_view key) {
  prefix_ends_.push_back(prefix_.size());
  append_escaped_label(prefix_, key);
  prefix_.push_back('.');
}

void Row::end_dict() {
  prefix_.resize(prefix_ends_.back());
  prefix_ends_.pop_back();
}

}  // namespace runstone
