#include "protocol/history_encoder.h"

#include <algorithm>

#include "base/json.h"

namespace runstone::protocol {

namespace {

// Tags: field number and wire type (0 varint, 1 fixed64, 2 length-delimited).
constexpr std::uint32_t kItemTag = 1 << 3 | 2;
constexpr std::uint32_t kKeyTag = 1 << 3 | 2;
constexpr std::uint32_t kNestedKeyTag = 2 << 3 | 2;
constexpr std::uint32_t kNoneTag = 3 << 3 | 0;
constexpr std::uint32_t kBooleanTag = 4 << 3 | 0;
constexpr std::uint32_t kIntegerTag = 5 << 3 | 0;
constexpr std::uint32_t kNumberTag = 6 << 3 | 1;
constexpr std::uint32_t kTextTag = 7 << 3 | 2;
constexpr std::uint32_t kJsonTag = 8 << 3 | 2;
constexpr std::uint32_t kValueJsonTag = 16 << 3 | 2;
constexpr std::uint32_t kRecordNumTag = 1 << 3 | 0;
constexpr std::uint32_t kRecordHistoryTag = 2 << 3 | 2;
constexpr std::uint32_t kStepTag = 2 << 3 | 2;
constexpr std::uint32_t kStepNumTag = 1 << 3 | 0;

std::size_t varint_bytes(std::uint64_t value) {
  std::size_t count = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++count;
  }
  return count;
}
char* put_varint(char* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}
void append_varint(std::string& out, std::uint64_t value) {
  char bytes[10];
  out.append(bytes, put_varint(bytes, value));
}
void append_text(std::string& out, std::uint32_t tag, std::string_view text) {
  append_varint(out, tag);
  append_varint(out, text.size());
  out += text;
}

template <typename Text>
std::string key_fields_of(Span<const Text> path) {
  std::string fields;
  for (const auto& label : path) append_text(fields, kNestedKeyTag, label);
  return fields;
}

}  // namespace

EncodedKey::EncodedKey(std::string_view key) {
  std::string fields;
  append_text(fields, kKeyTag, key);
  finish(fields);
}
EncodedKey::EncodedKey(Span<const std::string> path) { finish(key_fields_of(path)); }
EncodedKey::EncodedKey(Span<const std::string_view> path) { finish(key_fields_of(path)); }

void EncodedKey::finish(const std::string& key_fields) {
  append_varint(with_number_, kItemTag);
  append_varint(with_number_, key_fields.size() + 1 + sizeof(double));
  item_prefix_bytes_ = with_number_.size();
  key_bytes_ = key_fields.size();
  with_number_ += key_fields;
  append_varint(with_number_, kNumberTag);
}

void HistoryEncoder::enlarge(std::size_t bytes) {
  buffer_.resize(std::max(buffer_.size() * 2, used_ + bytes + kBackBytes));
}

void HistoryEncoder::add_field(const EncodedKey& key, std::uint32_t tag, std::string_view payload) {
  const auto key_bytes = key.bytes();
  const std::size_t item =
      key_bytes.size() + varint_bytes(tag) + varint_bytes(payload.size()) + payload.size();
  char* at = grow(varint_bytes(kItemTag) + varint_bytes(item) + item);
  at = put_varint(at, kItemTag);
  at = put_varint(at, item);
  std::memcpy(at, key_bytes.data(), key_bytes.size());
  at = put_varint(at + key_bytes.size(), tag);
  at = put_varint(at, payload.size());
  if (!payload.empty()) std::memcpy(at, payload.data(), payload.size());
}

void HistoryEncoder::add_varint(const EncodedKey& key, std::uint32_t tag, std::uint64_t value) {
  const auto key_bytes = key.bytes();
  const std::size_t item = key_bytes.size() + varint_bytes(tag) + varint_bytes(value);
  char* at = grow(varint_bytes(kItemTag) + varint_bytes(item) + item);
  at = put_varint(at, kItemTag);
  at = put_varint(at, item);
  std::memcpy(at, key_bytes.data(), key_bytes.size());
  at = put_varint(at + key_bytes.size(), tag);
  put_varint(at, value);
}

void HistoryEncoder::add_number_json(const EncodedKey& key, double value) {
  std::string text;
  json::append_double(text, value);
  add_field(key, kValueJsonTag, text);
}

void HistoryEncoder::add(const EncodedKey& key, std::int64_t value) {
  if (json_values_) return add_field(key, kValueJsonTag, std::to_string(value));
  const auto bits = static_cast<std::uint64_t>(value);
  add_varint(key, kIntegerTag, (bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));  // zigzag
}
void HistoryEncoder::add(const EncodedKey& key, bool value) {
  if (json_values_) return add_field(key, kValueJsonTag, value ? "true" : "false");
  add_varint(key, kBooleanTag, value ? 1 : 0);
}
void HistoryEncoder::add_text(const EncodedKey& key, std::string_view text) {
  if (!json_values_) return add_field(key, kTextTag, text);
  std::string quoted;
  json::append_string(quoted, text);
  add_field(key, kValueJsonTag, quoted);
}
void HistoryEncoder::add_json(const EncodedKey& key, std::string_view json) {
  add_field(key, json_values_ ? kValueJsonTag : kJsonTag, json);
}
void HistoryEncoder::add_null(const EncodedKey& key) {
  if (json_values_) return add_field(key, kValueJsonTag, "null");
  add_varint(key, kNoneTag, 0);
}

std::string_view HistoryEncoder::finish(std::int64_t num, std::int64_t step) {
  // The step goes behind the items and the numbers before them; neither moves an item.
  char* end = buffer_.data() + used_;  // kBackBytes are free here
  if (step >= 0) {
    end = put_varint(end, kStepTag);
    end = put_varint(end, 1 + varint_bytes(static_cast<std::uint64_t>(step)));
    end = put_varint(end, kStepNumTag);
    end = put_varint(end, static_cast<std::uint64_t>(step));
  }
  char* const items = buffer_.data() + kFrontBytes;
  const auto history_bytes = static_cast<std::uint64_t>(end - items);
  const auto number = static_cast<std::uint64_t>(num);
  char* const begin = items - varint_bytes(history_bytes) - varint_bytes(kRecordHistoryTag) -
                      varint_bytes(number) - varint_bytes(kRecordNumTag);
  char* at = put_varint(begin, kRecordNumTag);
  at = put_varint(at, number);
  at = put_varint(at, kRecordHistoryTag);
  put_varint(at, history_bytes);
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace runstone::protocol
