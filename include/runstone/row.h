#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "runstone/media.h"
#include "runstone/result.h"
#include "runstone/span.h"
#include "runstone/value.h"

namespace runstone {

/// One value to log, borrowed: it must live until the call that takes it returns. A number, bool or
/// null is held itself; text, and JSON text made by the caller, are pointed to; so is a Value,
/// whose dicts become leaf paths and whose lists become JSON. Media are pointed to, too, one or a
/// list of them; the Result of making one may stand for it, and its error is then log()'s.
class ValueRef {
 public:
  enum class Kind : std::uint8_t {
    kNull,
    kBool,
    kInt,
    kDouble,
    kText,
    kJson,
    kValue,
    kMedia,
    kMediaList,
    kError
  };

  constexpr ValueRef() noexcept : int_(0) {}
  constexpr ValueRef(std::nullptr_t) noexcept : int_(0) {}
  template <typename B, std::enable_if_t<std::is_same_v<B, bool>, int> = 0>
  constexpr ValueRef(B value) noexcept : kind_(Kind::kBool), int_(value ? 1 : 0) {}
  template <typename I,
            std::enable_if_t<std::is_integral_v<I> && !std::is_same_v<I, bool>, int> = 0>
  constexpr ValueRef(I value) noexcept : kind_(Kind::kInt), int_(static_cast<std::int64_t>(value)) {
    if (std::is_unsigned_v<I> && static_cast<std::uint64_t>(value) > 0x7fffffffffffffffULL) {
      kind_ = Kind::kDouble;  // beyond 2^63: a double, as everywhere in the formats
      double_ = static_cast<double>(value);
    }
  }
  template <typename F, std::enable_if_t<std::is_floating_point_v<F>, char> = 0>
  constexpr ValueRef(F value) noexcept
      : kind_(Kind::kDouble), double_(static_cast<double>(value)) {}
  ValueRef(const char* text) noexcept : ValueRef(std::string_view(text)) {}
  ValueRef(const std::string& text) noexcept : ValueRef(std::string_view(text)) {}
  constexpr ValueRef(std::string_view text) noexcept
      : kind_(Kind::kText), size_(text.size()), data_(text.data()) {}
  ValueRef(const Value& value) noexcept : kind_(Kind::kValue), value_(&value) {}
  ValueRef(const Media& media) noexcept : kind_(Kind::kMedia), size_(1), media_(&media) {}
  template <typename M, std::enable_if_t<std::is_base_of_v<Media, M>, int> = 0>
  ValueRef(const Result<M>& made) noexcept : int_(0) {
    if (made) {
      *this = ValueRef(static_cast<const Media&>(*made));
    } else {
      kind_ = Kind::kError;
      error_ = &made.error();
    }
  }
  /// A list of media; of one kind, it has a form of its own (a gallery of images).
  template <typename M, std::enable_if_t<std::is_base_of_v<Media, M>, int> = 0>
  ValueRef(const std::vector<M>& list) noexcept
      : kind_(Kind::kMediaList), size_(list.size()), media_(list.data()) {
    static_assert(sizeof(M) == sizeof(Media), "a kind of media is a handle and nothing more");
  }

  /// JSON text (extended by NaN, Infinity, -Infinity) of something that is no dict.
  static constexpr ValueRef json(std::string_view text) noexcept {
    ValueRef ref(text);
    ref.kind_ = Kind::kJson;
    return ref;
  }

  constexpr Kind kind() const noexcept { return kind_; }
  constexpr bool as_bool() const noexcept { return int_ != 0; }
  constexpr std::int64_t as_int() const noexcept { return int_; }
  constexpr double as_double() const noexcept { return double_; }
  constexpr std::string_view text() const noexcept { return {data_, size_}; }  ///< kText, kJson
  constexpr const Value& value() const noexcept { return *value_; }
  Span<const Media> media() const noexcept { return {media_, size_}; }  ///< kMedia, kMediaList
  const Error& error() const noexcept { return *error_; }
  /// Whether a file may have to be made of it before it can be in a row.
  constexpr bool is_media() const noexcept { return kind_ >= Kind::kMedia; }
  constexpr bool is_number() const noexcept {
    return kind_ == Kind::kInt || kind_ == Kind::kDouble;
  }
  constexpr double number() const noexcept {
    return kind_ == Kind::kInt ? static_cast<double>(int_) : double_;
  }

 private:
  Kind kind_ = Kind::kNull;
  std::size_t size_ = 0;
  union {
    std::int64_t int_;
    double double_;
    const char* data_;
    const Value* value_;
    const Media* media_;
    const Error* error_;
  };
};

/// A key and its value: `{"loss", 0.5}`. The key is one label, taken literally (`a.b` is one key);
/// with `is_path` it is a leaf path instead: labels joined by `.`, a literal `.` or `\` escaped by
/// `\`.
struct Field {
  std::string_view key;
  ValueRef value;
  bool is_path = false;

  Field() = default;
  Field(std::string_view k, ValueRef v, bool path = false) noexcept
      : key(k), value(v), is_path(path) {}
};

/// A reusable list of fields for callers that gather a row piece by piece, nested dicts included.
/// After the first rows nothing is allocated. Keys and values are borrowed, except what copy()
/// took.
///
///   row.clear(); row.add("loss", 0.5); row.begin_dict("val"); row.add("acc", 0.9); row.end_dict();
class Row {
 public:
  Row();
  ~Row();
  Row(Row&&) noexcept;
  Row& operator=(Row&&) noexcept;

  void clear();
  /// A leaf below the dicts now open (at the top: a plain key). The empty key is dropped at the
  /// top.
  void add(std::string_view key, ValueRef value);
  void begin_dict(std::string_view key);
  void end_dict();
  /// A copy of `text` that lives until clear(), for values the caller cannot keep alive.
  std::string_view copy(std::string_view text);

  Span<const Field> fields() const { return {fields_.data(), fields_.size()}; }

 private:
  std::vector<Field> fields_;
  std::string prefix_;                    // leaf path of the dicts open now, with a trailing "."
  std::vector<std::size_t> prefix_ends_;  // length of prefix_ before each open dict
  std::vector<std::unique_ptr<char[]>> blocks_;  // of kBlockBytes; larger texts in big_
  std::vector<std::unique_ptr<char[]>> big_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
};

/// Appends `label` to a leaf path text, escaping `.` and `\` by `\`.
void append_escaped_label(std::string& out, std::string_view label);

}  // namespace runstone
