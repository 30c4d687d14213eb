#include "store/parts/row_batch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <simdjson.h>
#include <xxhash.h>

#include "base/assert.h"
#include "base/json.h"
#include "base/try.h"
#include "model/key_path.h"
#include "store/parts/key_table.h"

namespace runstone::parts {
namespace {

namespace od = simdjson::ondemand;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kExactInt = std::int64_t{1} << 53;
constexpr std::string_view kUndecodableKey = "_undecodable";

/// The texts that a numeric series takes for numbers.
std::optional<double> special_number(std::string_view text) {
  if (text == "NaN") return kNan;
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

bool needs_escape(std::string_view label) {
  for (const char c : label) {
    if (c == '.' || c == '\\') return true;
  }
  return false;
}

bool is_media(const Dict& dict) { return dict.contains("_type"); }

std::uint64_t mix(std::uint64_t x) {  // the finaliser of splitmix64
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Whole numbers within 2^53 were, or could have been, ints; minus zero could not.
bool reads_as_int(double value) {
  return std::abs(value) <= static_cast<double>(kExactInt) && value == std::trunc(value) &&
         !(value == 0 && std::signbit(value));
}

}  // namespace

const char* to_string(LeafType type) {
  switch (type) {
    case LeafType::kNumber:
      return "number";
    case LeafType::kBool:
      return "bool";
    case LeafType::kString:
      return "string";
    case LeafType::kMedia:
      return "media";
    case LeafType::kOther:
      return "other";
    case LeafType::kNull:
      return "null";
  }
  return "other";
}

struct RowBatch::Impl {
  KeyTable keys;
  std::vector<std::uint64_t> key_row;       // serial of the row that last set the key
  std::vector<std::uint64_t> key_position;  // and where its leaf is
  struct Label {                            // how the key is written in JSON
    bool nested = false;
    std::string quoted;  // `"loss":`, for a key of one label
    KeyPath path;        // for the others
  };
  std::vector<Label> labels;
  std::uint32_t step_key = 0;

  std::vector<RowInfo> rows;
  std::vector<Leaf> leaves;
  std::string other_bytes;
  std::vector<std::uint64_t> other_ends;
  std::uint64_t serial = 0;
  std::uint64_t row_begin = 0;
  std::int64_t undecodable = 0;

  od::parser parser;
  std::string padded;
  std::string path;                     // of the dict being read, then of the leaf
  std::vector<std::string> dict_paths;  // of the dicts met in this line

  Impl() { step_key = intern("_step"); }

  std::uint32_t intern(std::string_view name) {
    const std::uint32_t key = keys.intern(name);
    if (key == key_row.size()) {
      key_row.push_back(0);
      key_position.push_back(0);
      labels.push_back(make_label(name));
    }
    return key;
  }
  static Label make_label(std::string_view name) {
    Label label;
    label.path = split_key_path(name);
    if (label.path.empty()) label.path.emplace_back();
    label.nested = label.path.size() > 1;
    if (!label.nested) {
      json::append_string(label.quoted, label.path.front());
      label.quoted.push_back(':');
    }
    return label;
  }

  std::int32_t keep_other(std::string_view text) {
    RUNSTONE_ASSERT(other_ends.size() < 0x7fffffffu);
    other_bytes.append(text);
    other_ends.push_back(other_bytes.size());
    return static_cast<std::int32_t>(other_ends.size() - 1);
  }
  std::string_view other_text(std::int32_t other) const {
    const std::uint64_t begin = other == 0 ? 0 : other_ends[static_cast<std::size_t>(other) - 1];
    return std::string_view(other_bytes).substr(begin, other_ends[other] - begin);
  }

  void put(std::uint32_t key, double value, LeafType type, std::int32_t other) {
    const Leaf leaf{key, other, value, type};
    if (key_row[key] == serial) {  // a key repeated in one line: the last counts
      leaves[key_position[key]] = leaf;
      return;
    }
    key_row[key] = serial;
    key_position[key] = leaves.size();
    leaves.push_back(leaf);
  }
  void put_int(std::uint32_t key, std::int64_t value) {
    const bool exact = value >= -kExactInt && value <= kExactInt;
    put(key, static_cast<double>(value), LeafType::kNumber,
        exact ? -1 : keep_other(std::to_string(value)));
  }
  void put_string(std::uint32_t key, std::string_view text) {
    std::string quoted;
    json::append_string(quoted, text);
    const auto number = special_number(text);
    put(key, number.value_or(kNan), number ? LeafType::kNumber : LeafType::kString,
        keep_other(quoted));
  }
  /// A value of any kind as one leaf.
  void put_value(std::uint32_t key, const Value& value) {
    switch (value.kind()) {
      case Value::Kind::kNull:
        return put(key, kNan, LeafType::kNull, keep_other("null"));
      case Value::Kind::kBool: {
        const bool flag = *value.if_bool();
        return put(key, flag ? 1 : 0, LeafType::kBool, keep_other(flag ? "true" : "false"));
      }
      case Value::Kind::kInt:
        return put_int(key, *value.if_int());
      case Value::Kind::kDouble:
        return put(key, *value.if_double(), LeafType::kNumber, -1);
      case Value::Kind::kString:
        return put_string(key, *value.if_string());
      case Value::Kind::kList:
      case Value::Kind::kDict: {
        const auto* dict = value.if_dict();
        return put(key, kNan,
                   dict != nullptr && is_media(*dict) ? LeafType::kMedia : LeafType::kOther,
                   keep_other(json::to_text(value)));
      }
    }
  }

  // The fast road: leaves straight from the text. Whatever is unusual (a key that is both a leaf
  // and a dict, a number that overflows) returns false, and the line goes the plain road.
  bool scan_object(od::object object, std::size_t prefix_size);
  bool scan_value(od::value value, std::uint32_t key);
  bool scan_line(std::size_t size);
  bool dicts_clash();
  // The plain road: by way of a Value, which settles repeated keys.
  void flatten(const Dict& dict, std::size_t prefix_size);

  Result<void> decode(std::string_view text);
  void finish_row(std::int64_t line, std::uint64_t leaf_begin);
  void insert_row(const RowInfo& row);
};

bool RowBatch::Impl::scan_value(od::value value, std::uint32_t key) {
  od::json_type type;
  if (value.type().get(type)) {
    const auto number = special_number(trimmed(value.raw_json_token()));
    if (!number) return false;
    put(key, *number, LeafType::kNumber, -1);
    return true;
  }
  switch (type) {
    case od::json_type::number: {
      od::number number;
      if (value.get_number().get(number)) {
        const auto special = special_number(trimmed(value.raw_json_token()));
        if (!special) return false;
        put(key, *special, LeafType::kNumber, -1);
        return true;
      }
      if (number.is_int64()) {
        put_int(key, number.get_int64());
      } else {
        put(key, number.as_double(), LeafType::kNumber, -1);
      }
      return true;
    }
    case od::json_type::string: {
      std::string_view text;
      if (value.get_string().get(text)) return false;
      put_string(key, text);
      return true;
    }
    case od::json_type::boolean: {
      bool flag = false;
      if (value.get_bool().get(flag)) return false;
      put(key, flag ? 1 : 0, LeafType::kBool, keep_other(flag ? "true" : "false"));
      return true;
    }
    case od::json_type::null: {
      if (trimmed(value.raw_json_token()) != "null") return false;
      put(key, kNan, LeafType::kNull, keep_other("null"));
      return true;
    }
    case od::json_type::array: {
      std::string_view raw;
      od::array array;
      if (value.get_array().get(array) || array.raw_json().get(raw)) return false;
      const auto parsed = json::parse(raw);
      if (!parsed) return false;
      put_value(key, *parsed);
      return true;
    }
    case od::json_type::object:
      return false;  // scan_object() takes these
  }
  return false;
}

bool RowBatch::Impl::scan_object(od::object object, std::size_t prefix_size) {
  for (auto field : object) {
    std::string_view label;
    if (field.unescaped_key().get(label)) return false;
    od::value value;
    if (field.value().get(value)) return false;
    std::string_view name = label;
    if (prefix_size > 0 || needs_escape(label)) {
      path.resize(prefix_size);
      path.append(escape_label(label));
      name = path;
    }
    od::json_type type;
    if (value.type().get(type) == simdjson::SUCCESS && type == od::json_type::object) {
      std::string_view raw;
      od::object inner;
      if (value.get_object().get(inner)) return false;
      bool empty = true;
      if (inner.is_empty().get(empty) || inner.reset().error()) return false;
      // A media object is known by its "_type", wherever in the object that stands.
      bool media = false;
      if (!empty) {
        media = inner.find_field_unordered("_type").error() == simdjson::SUCCESS;
        if (inner.reset().error()) return false;
      }
      if (empty || media) {
        const std::string owned(name);
        if (inner.raw_json().get(raw)) return false;
        const auto parsed = json::parse(raw);
        if (!parsed) return false;
        put_value(intern(owned), *parsed);
        continue;
      }
      if (prefix_size == 0 && !needs_escape(label)) path.assign(label);
      dict_paths.push_back(path);
      path.push_back('.');
      if (path.size() > 4096 || !scan_object(inner, path.size())) return false;
      continue;
    }
    if (!scan_value(value, intern(name))) return false;
  }
  return true;
}

/// Whether a dict of this line came twice, or is a leaf as well: then only the last one counts.
bool RowBatch::Impl::dicts_clash() {
  std::sort(dict_paths.begin(), dict_paths.end());
  if (std::adjacent_find(dict_paths.begin(), dict_paths.end()) != dict_paths.end()) return true;
  for (const auto& dict : dict_paths) {
    const auto key = keys.find(dict);
    if (key && key_row[*key] == serial) return true;
  }
  return false;
}

bool RowBatch::Impl::scan_line(std::size_t size) {
  dict_paths.clear();
  od::document document;
  od::object object;
  if (parser.iterate(padded.data(), size, padded.size()).get(document)) return false;
  if (document.get_object().get(object)) return false;
  const char* rest = nullptr;
  if (!scan_object(object, 0)) return false;
  if (document.current_location().get(rest) == simdjson::SUCCESS)
    return false;  // text behind the object
  return dict_paths.empty() || !dicts_clash();
}

void RowBatch::Impl::flatten(const Dict& dict, std::size_t prefix_size) {
  for (const auto& [label, value] : dict) {
    path.resize(prefix_size);
    path.append(escape_label(label));
    const Dict* inner = value.if_dict();
    if (inner != nullptr && !inner->empty() && !is_media(*inner)) {
      path.push_back('.');
      flatten(*inner, path.size());
    } else {
      put_value(intern(path), value);
    }
  }
}

Result<void> RowBatch::Impl::decode(std::string_view text) {
  const auto leaf_begin = leaves.size();
  const auto other_begin = other_ends.size();
  const auto other_bytes_begin = other_bytes.size();
  const auto undo = [&] {
    leaves.resize(leaf_begin);
    other_ends.resize(other_begin);
    other_bytes.resize(other_bytes_begin);
  };
  ++serial;
  if (padded.size() < text.size() + simdjson::SIMDJSON_PADDING) {
    padded.resize(std::max(padded.size() * 2, text.size() + simdjson::SIMDJSON_PADDING));
  }
  std::memcpy(padded.data(), text.data(), text.size());
  std::memset(padded.data() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  if (scan_line(text.size())) return {};
  undo();
  ++serial;
  RUNSTONE_TRY(const auto value, json::parse(text));
  if (!value.is_dict()) return fail(ErrorCode::kInvalidArgument, "a line must be a JSON object");
  flatten(*value.if_dict(), 0);
  return {};
}

void RowBatch::Impl::insert_row(const RowInfo& row) {
  if (rows.empty() || rows.back().line < row.line) {
    rows.push_back(row);
    return;
  }
  const auto at =
      std::lower_bound(rows.begin(), rows.end(), row.line,
                       [](const RowInfo& r, std::int64_t line) { return r.line < line; });
  if (at != rows.end() && at->line == row.line) {
    *at = row;
  } else {
    rows.insert(at, row);
  }
}

void RowBatch::Impl::finish_row(std::int64_t line, std::uint64_t leaf_begin) {
  RowInfo row{line, line, 0, leaf_begin, leaves.size()};
  std::uint64_t hash = 0;
  for (std::uint64_t i = leaf_begin; i < leaves.size(); ++i) {
    const Leaf& leaf = leaves[i];
    const auto bits =
        std::isnan(leaf.value) ? 0x7ff8000000000000ULL : std::bit_cast<std::uint64_t>(leaf.value);
    std::uint64_t one = mix(bits ^ keys.hash(leaf.key));
    if (leaf.other >= 0) {
      const auto text = other_text(leaf.other);
      one = mix(one ^ XXH3_64bits(text.data(), text.size()));
    }
    hash += one;
    if (leaf.key == step_key && leaf.type == LeafType::kNumber && std::abs(leaf.value) < 9e18 &&
        leaf.value == std::trunc(leaf.value)) {
      row.step = static_cast<std::int64_t>(leaf.value);
      if (leaf.other >= 0) {  // past 2^53 the text has it exactly
        const auto exact = json::parse(other_text(leaf.other));
        if (exact) row.step = exact->int_or(row.step);
      }
    }
  }
  row.hash = hash;
  insert_row(row);
}

RowBatch::RowBatch() : impl_(std::make_unique<Impl>()) {}
RowBatch::~RowBatch() = default;
RowBatch::RowBatch(RowBatch&&) noexcept = default;
RowBatch& RowBatch::operator=(RowBatch&&) noexcept = default;

Result<void> RowBatch::add_line(std::int64_t line, std::string_view text) {
  const auto leaf_begin = impl_->leaves.size();
  RUNSTONE_TRY(impl_->decode(text));
  impl_->finish_row(line, leaf_begin);
  return {};
}

void RowBatch::add_line_or_keep(std::int64_t line, std::string_view text) {
  const auto leaf_begin = impl_->leaves.size();
  if (!impl_->decode(text)) {
    ++impl_->undecodable;
    const std::uint32_t key = impl_->intern(kUndecodableKey);
    std::string quoted;
    json::append_string(quoted, text);
    impl_->put(key, kNan, LeafType::kString, impl_->keep_other(quoted));
  }
  impl_->finish_row(line, leaf_begin);
}

std::int64_t RowBatch::undecodable() const { return impl_->undecodable; }

void RowBatch::begin_row() {
  ++impl_->serial;
  impl_->row_begin = impl_->leaves.size();
}
void RowBatch::add_leaf(std::uint32_t key, double value, LeafType type, std::string_view other) {
  impl_->put(key, value, type, other.empty() ? -1 : impl_->keep_other(other));
}
void RowBatch::end_row(std::int64_t line, std::int64_t step, std::uint64_t hash) {
  impl_->insert_row({line, step, hash, impl_->row_begin, impl_->leaves.size()});
}

void RowBatch::append(const RowBatch& other) {
  std::vector<std::uint32_t> key_of(other.key_count());
  for (std::uint32_t key = 0; key < key_of.size(); ++key) key_of[key] = intern(other.key_name(key));
  for (const RowInfo& row : other.rows()) {
    begin_row();
    for (auto i = row.leaf_begin; i < row.leaf_end; ++i) {
      const Leaf& leaf = other.leaves()[i];
      add_leaf(key_of[leaf.key], leaf.value, leaf.type,
               leaf.other < 0 ? std::string_view() : other.other_text(leaf.other));
    }
    end_row(row.line, row.step, row.hash);
  }
}

std::uint32_t RowBatch::intern(std::string_view key) { return impl_->intern(key); }
const std::vector<RowInfo>& RowBatch::rows() const { return impl_->rows; }
const std::vector<Leaf>& RowBatch::leaves() const { return impl_->leaves; }
std::size_t RowBatch::key_count() const { return impl_->keys.size(); }
const std::string& RowBatch::key_name(std::uint32_t key) const { return impl_->keys.name(key); }
std::optional<std::uint32_t> RowBatch::find_key(std::string_view key) const {
  return impl_->keys.find(key);
}
std::string_view RowBatch::other_text(std::int32_t other) const { return impl_->other_text(other); }

const RowInfo* RowBatch::find_row(std::int64_t line) const {
  const auto& rows = impl_->rows;
  const auto at = std::lower_bound(rows.begin(), rows.end(), line,
                                   [](const RowInfo& r, std::int64_t n) { return r.line < n; });
  return at != rows.end() && at->line == line ? &*at : nullptr;
}

Value RowBatch::leaf_value(const Leaf& leaf) const {
  if (leaf.other >= 0) {
    auto parsed = json::parse(impl_->other_text(leaf.other));
    return parsed ? *std::move(parsed) : Value();
  }
  if (reads_as_int(leaf.value)) return Value(static_cast<std::int64_t>(leaf.value));
  return Value(leaf.value);
}

Value RowBatch::to_value(const RowInfo& row) const {
  Dict top;
  for (std::uint64_t i = row.leaf_begin; i < row.leaf_end; ++i) {
    const Leaf& leaf = impl_->leaves[i];
    const KeyPath& path = impl_->labels[leaf.key].path;
    Dict* dict = &top;
    for (std::size_t depth = 0; depth + 1 < path.size(); ++depth) {
      Value& inner = (*dict)[path[depth]];
      if (inner.if_dict() == nullptr) inner = Value(Dict());
      dict = inner.if_dict();
    }
    dict->set(path.back(), leaf_value(leaf));
  }
  return Value(std::move(top));
}

void RowBatch::append_json(std::string& out, const RowInfo& row) const {
  const std::size_t begin = out.size();
  out.push_back('{');
  for (std::uint64_t i = row.leaf_begin; i < row.leaf_end; ++i) {
    const Leaf& leaf = impl_->leaves[i];
    const auto& label = impl_->labels[leaf.key];
    if (label.nested) {  // nested dicts have to be put together first
      out.resize(begin);
      json::append(out, to_value(row));
      return;
    }
    if (i > row.leaf_begin) out.push_back(',');
    out.append(label.quoted);
    if (leaf.other >= 0) {
      out.append(impl_->other_text(leaf.other));
    } else if (reads_as_int(leaf.value)) {
      json::append_int(out, static_cast<std::int64_t>(leaf.value));
    } else {
      json::append_double(out, leaf.value);
    }
  }
  out.push_back('}');
}

std::size_t RowBatch::memory_bytes() const {
  const Impl& i = *impl_;
  return i.keys.memory_bytes() + i.key_row.capacity() * 16 + i.rows.capacity() * sizeof(RowInfo) +
         i.leaves.capacity() * sizeof(Leaf) + i.other_bytes.capacity() +
         i.other_ends.capacity() * 8 + i.padded.capacity() * 4 +
         i.labels.size() * (sizeof(Impl::Label) + 32);
}

void RowBatch::clear() { impl_ = std::make_unique<Impl>(); }

std::uint64_t hash_line(std::string_view text) {
  constexpr std::size_t kKeepBytes = 4 << 20;
  thread_local RowBatch scratch;
  scratch.add_line_or_keep(0, text);
  const std::uint64_t hash = scratch.rows().front().hash;
  if (scratch.memory_bytes() > kKeepBytes) scratch.clear();
  return hash;
}

}  // namespace runstone::parts
