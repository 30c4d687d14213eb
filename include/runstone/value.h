#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace runstone {

class Value;
using List = std::vector<Value>;

/// Keys to values in the order in which they were first set; a key is there once.
/// Look-up is by linear search up to 8 keys and by a sorted index above that.
class Dict {
 public:
  using Item = std::pair<std::string, Value>;

  Dict() = default;
  Dict(std::initializer_list<Item> items);

  Value* find(std::string_view key);
  const Value* find(std::string_view key) const;
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// Sets `key`, keeping its place if it is there already.
  Value& set(std::string_view key, Value value);
  /// The value of `key`, made null and put at the end if it is not there.
  Value& operator[](std::string_view key);
  bool erase(std::string_view key);
  void clear();
  void reserve(std::size_t count);

  std::size_t size() const;
  bool empty() const;
  const std::vector<Item>& items() const { return items_; }
  std::vector<Item>::const_iterator begin() const;
  std::vector<Item>::const_iterator end() const;
  std::vector<Item>::iterator begin();
  std::vector<Item>::iterator end();

  /// Equal if both hold the same keys with equal values, in any order.
  friend bool operator==(const Dict& a, const Dict& b);
  friend bool operator!=(const Dict& a, const Dict& b) { return !(a == b); }

 private:
  std::size_t index_of(std::string_view key) const;

  std::vector<Item> items_;
  std::vector<std::uint32_t> sorted_;  // positions in items_ by key; kept only above 8 items
};

/// What JSON can say, and NaN and the infinities: null, bool, 64-bit int, double, text, list, dict.
/// Config, summary, table cells and every JSON text of the protocols are made of it.
class Value {
 public:
  enum class Kind { kNull, kBool, kInt, kDouble, kString, kList, kDict };

  Value() = default;
  Value(std::nullptr_t) {}
  template <typename B, std::enable_if_t<std::is_same_v<B, bool>, int> = 0>
  Value(B value) : data_(value) {}
  template <typename I,
            std::enable_if_t<std::is_integral_v<I> && !std::is_same_v<I, bool>, int> = 0>
  Value(I value) {
    if (std::is_unsigned_v<I> && static_cast<std::uint64_t>(value) > 0x7fffffffffffffffULL) {
      data_ = static_cast<double>(value);  // beyond 2^63: a double, as everywhere in the formats
    } else {
      data_ = static_cast<std::int64_t>(value);
    }
  }
  template <typename F, std::enable_if_t<std::is_floating_point_v<F>, char> = 0>
  Value(F value) : data_(static_cast<double>(value)) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(List list) : data_(std::move(list)) {}
  Value(Dict dict) : data_(std::move(dict)) {}
  /// Nested initialisers: `{{"lr", 0.1}, {"net", {{"layers", 3}}}}` is a Dict.
  Value(std::initializer_list<Dict::Item> items) : data_(Dict(items)) {}

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_bool() const { return kind() == Kind::kBool; }
  bool is_int() const { return kind() == Kind::kInt; }
  bool is_double() const { return kind() == Kind::kDouble; }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_list() const { return kind() == Kind::kList; }
  bool is_dict() const { return kind() == Kind::kDict; }

  /// Null unless the value is of that kind.
  const bool* if_bool() const { return std::get_if<bool>(&data_); }
  const std::int64_t* if_int() const { return std::get_if<std::int64_t>(&data_); }
  const double* if_double() const { return std::get_if<double>(&data_); }
  const std::string* if_string() const { return std::get_if<std::string>(&data_); }
  const List* if_list() const { return std::get_if<List>(&data_); }
  List* if_list() { return std::get_if<List>(&data_); }
  const Dict* if_dict() const { return std::get_if<Dict>(&data_); }
  Dict* if_dict() { return std::get_if<Dict>(&data_); }

  /// The number as a double; `fallback` if it is no number.
  double number_or(double fallback) const;
  std::int64_t int_or(std::int64_t fallback) const;
  bool bool_or(bool fallback) const;
  std::string_view string_or(std::string_view fallback) const;
  /// The value at `key` of a dict, or null: `v.get("project")`; never fails.
  const Value* get(std::string_view key) const;

  /// NaN equals NaN here, and 1 does not equal 1.0: what was stored, not what it means.
  friend bool operator==(const Value& a, const Value& b);
  friend bool operator!=(const Value& a, const Value& b) { return !(a == b); }

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Dict> data_ = nullptr;
};

/// Equal as numbers: 1 equals 1.0, NaN equals NaN; lists and dicts by element.
bool same_value(const Value& a, const Value& b);

// Here, where a Value is complete: a vector of C++20 looks into its elements at once.
inline std::size_t Dict::size() const { return items_.size(); }
inline bool Dict::empty() const { return items_.empty(); }
inline void Dict::reserve(std::size_t count) { items_.reserve(count); }

}  // namespace runstone
