#include "runstone/value.h"

#include <algorithm>
#include <cmath>

namespace runstone {
namespace {

constexpr std::size_t kLinearSearchMax = 8;

bool same_double(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

Dict::Dict(std::initializer_list<Item> items) {
  for (const auto& [key, value] : items) set(key, value);
}

std::size_t Dict::index_of(std::string_view key) const {
  if (items_.size() <= kLinearSearchMax) {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].first == key) return i;
    }
    return items_.size();
  }
  const auto at = std::lower_bound(
      sorted_.begin(), sorted_.end(), key,
      [&](std::uint32_t i, std::string_view k) { return std::string_view(items_[i].first) < k; });
  if (at == sorted_.end() || items_[*at].first != key) return items_.size();
  return *at;
}

Value* Dict::find(std::string_view key) {
  const auto i = index_of(key);
  return i == items_.size() ? nullptr : &items_[i].second;
}

const Value* Dict::find(std::string_view key) const {
  const auto i = index_of(key);
  return i == items_.size() ? nullptr : &items_[i].second;
}

Value& Dict::operator[](std::string_view key) {
  if (auto* found = find(key)) return *found;
  items_.emplace_back(std::string(key), Value());
  const auto by_key = [&](std::uint32_t a, std::uint32_t b) {
    return items_[a].first < items_[b].first;
  };
  const auto last = static_cast<std::uint32_t>(items_.size() - 1);
  if (items_.size() == kLinearSearchMax + 1) {
    sorted_.clear();
    for (std::uint32_t i = 0; i <= last; ++i) sorted_.push_back(i);
    std::sort(sorted_.begin(), sorted_.end(), by_key);
  } else if (items_.size() > kLinearSearchMax) {
    sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), last, by_key), last);
  }
  return items_.back().second;
}

Value& Dict::set(std::string_view key, Value value) {
  auto& slot = (*this)[key];
  slot = std::move(value);
  return slot;
}

bool Dict::erase(std::string_view key) {
  const auto i = index_of(key);
  if (i == items_.size()) return false;
  items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(i));
  sorted_.clear();
  if (items_.size() > kLinearSearchMax) {
    for (std::uint32_t k = 0; k < items_.size(); ++k) sorted_.push_back(k);
    std::sort(sorted_.begin(), sorted_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return items_[a].first < items_[b].first; });
  }
  return true;
}

void Dict::clear() {
  items_.clear();
  sorted_.clear();
}

std::vector<Dict::Item>::const_iterator Dict::begin() const { return items_.begin(); }
std::vector<Dict::Item>::const_iterator Dict::end() const { return items_.end(); }
std::vector<Dict::Item>::iterator Dict::begin() { return items_.begin(); }
std::vector<Dict::Item>::iterator Dict::end() { return items_.end(); }

bool operator==(const Dict& a, const Dict& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [&](const Dict::Item& item) {
    const auto* other = b.find(item.first);
    return other != nullptr && *other == item.second;
  });
}

double Value::number_or(double fallback) const {
  if (const auto* i = if_int()) return static_cast<double>(*i);
  if (const auto* d = if_double()) return *d;
  return fallback;
}

std::int64_t Value::int_or(std::int64_t fallback) const {
  const auto* i = if_int();
  return i != nullptr ? *i : fallback;
}

bool Value::bool_or(bool fallback) const {
  const auto* b = if_bool();
  return b != nullptr ? *b : fallback;
}

std::string_view Value::string_or(std::string_view fallback) const {
  const auto* s = if_string();
  return s != nullptr ? std::string_view(*s) : fallback;
}

const Value* Value::get(std::string_view key) const {
  const auto* dict = if_dict();
  return dict != nullptr ? dict->find(key) : nullptr;
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (const auto* d = a.if_double()) return same_double(*d, *b.if_double());
  return a.data_ == b.data_;
}

bool same_value(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_int() && b.is_int()) return a == b;
    return same_double(a.number_or(0), b.number_or(0));
  }
  if (a.kind() != b.kind()) return false;
  if (const auto* list = a.if_list()) {
    return std::equal(list->begin(), list->end(), b.if_list()->begin(), b.if_list()->end(),
                      same_value);
  }
  if (const auto* dict = a.if_dict()) {
    return dict->size() == b.if_dict()->size() &&
           std::all_of(dict->begin(), dict->end(), [&](const Dict::Item& item) {
             const auto* other = b.if_dict()->find(item.first);
             return other != nullptr && same_value(item.second, *other);
           });
  }
  return a == b;
}

}  // namespace runstone
