#include "query/run_facts.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include <simdjson.h>

#include "base/json.h"

namespace runstone::query {
namespace {

namespace od = simdjson::ondemand;
constexpr std::uint32_t kNone = 0xffffffffu;
constexpr int kMaxDepth = 64;  // deeper dicts are kept as JSON only

}  // namespace

std::uint32_t PathTable::intern(std::string_view path, std::uint32_t hint) {
  if (hint < next_.size()) {
    const auto guess = next_[hint];
    if (guess != kNone && *names_[guess] == path) return guess;
  }
  auto place = numbers_.find(path);
  if (place == numbers_.end()) {
    place = numbers_.emplace(path, static_cast<std::uint32_t>(names_.size())).first;
    names_.push_back(&place->first);
    next_.push_back(kNone);
    bytes_ += static_cast<std::int64_t>(path.size() + 96);
  }
  if (hint < next_.size()) next_[hint] = place->second;
  return place->second;
}

std::vector<std::uint32_t> PathTable::find(std::string_view key, bool config) const {
  std::vector<std::uint32_t> found;
  const auto add = [&](std::string_view path) {
    const auto place = numbers_.find(path);
    if (place != numbers_.end()) found.push_back(place->second);
  };
  add(key);
  constexpr std::string_view kWrap = ".value";
  for (auto at = config ? key.find(kWrap) : key.npos; at != key.npos;
       at = key.find(kWrap, at + 1)) {
    const auto end = at + kWrap.size();
    if (end != key.size() && key[end] != '.') continue;
    add(std::string(key.substr(0, at)) + std::string(key.substr(end)));
  }
  return found;
}

/// Straight from the text by simdjson. What it cannot read (a repeated key does not matter, broken
/// text does) goes the plain road, by way of a Value.
class RunFacts::Reader {
 public:
  Reader(RunFacts& facts, PathTable& paths, bool config)
      : facts_(facts), paths_(paths), config_(config) {}

  void read(std::string_view json) {
    if (!scan(json)) {
      facts_.facts_.clear();
      facts_.texts_.clear();
      path_.clear();
      hint_ = kNone;
      const auto value = json::parse(json);
      if (value && value->is_dict()) walk(*value->if_dict(), 0);
    }
    auto& facts = facts_.facts_;
    const auto by_path = [](const Fact& a, const Fact& b) { return a.path < b.path; };
    if (!std::is_sorted(facts.begin(), facts.end(), by_path)) {
      std::stable_sort(facts.begin(), facts.end(), by_path);
    }
    // Of a path that came twice the last counts.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      if (i + 1 < facts.size() && facts[i + 1].path == facts[i].path) continue;
      facts[kept++] = facts[i];
    }
    facts.resize(kept);
  }

 private:
  void put(Kind kind, std::uint64_t bits) {
    hint_ = paths_.intern(path_, hint_);
    facts_.facts_.push_back({hint_, kind, bits});
  }
  void put_text(Kind kind, std::string_view text) {
    const std::uint64_t offset = facts_.texts_.size();
    facts_.texts_.append(text);
    put(kind, offset << 32 | text.size());
  }
  void put_double(double number) { put(Kind::kDouble, std::bit_cast<std::uint64_t>(number)); }
  void put_int(std::int64_t number) { put(Kind::kInt, static_cast<std::uint64_t>(number)); }

  /// Makes path_ the path of a label below its first `size` characters.
  void enter(std::string_view label, std::size_t size, int depth) {
    path_.resize(size);
    if (depth > 0) path_.push_back('.');
    path_.append(label);
  }

  bool scan(std::string_view json) {
    thread_local od::parser parser;
    thread_local std::string padded;
    padded.assign(json);
    padded.reserve(json.size() + simdjson::SIMDJSON_PADDING);
    od::document document;
    od::object object;
    if (parser.iterate(padded.data(), json.size(), padded.capacity()).get(document)) return false;
    if (document.get_object().get(object)) return false;
    if (!scan_object(object, 0, 0)) return false;
    const char* rest = nullptr;
    return document.current_location().get(rest) != simdjson::SUCCESS;
  }

  bool scan_object(od::object object, std::size_t size, int depth) {
    for (auto field : object) {
      std::string_view label;
      od::value value;
      if (field.unescaped_key().get(label) || field.value().get(value)) return false;
      if (config_ && depth == 0) {
        if (label == "_wandb") continue;
        enter(label, 0, 0);
        if (!scan_entry(value)) return false;
        continue;
      }
      enter(label, size, depth);
      if (!scan_value(value, depth + 1)) return false;
    }
    return true;
  }

  /// A config's entry: what stands in its `value`, or the whole entry where there is none.
  bool scan_entry(od::value value) {
    od::json_type type;
    if (value.type().get(type) || type != od::json_type::object) return scan_value(value, 1);
    od::object entry;
    od::value inner;
    if (value.get_object().get(entry)) return false;
    if (entry.find_field_unordered("value").get(inner) == simdjson::SUCCESS) {
      // Without this the rest of the entry would be looked through a second time.
      return scan_value(inner, 1);
    }
    if (entry.reset().error()) return false;
    return scan_dict(entry, 1);
  }

  bool scan_dict(od::object object, int depth) {
    std::string_view raw;
    if (object.raw_json().get(raw)) return false;
    put_text(Kind::kJson, raw);
    if (depth > kMaxDepth) return true;
    if (object.reset().error()) return false;
    return scan_object(object, path_.size(), depth);
  }

  bool scan_value(od::value value, int depth) {
    od::json_type type;
    if (value.type().get(type)) return scan_special(value);
    switch (type) {
      case od::json_type::number: {
        od::number number;
        if (value.get_number().get(number)) return scan_special(value);
        if (number.is_int64()) {
          put_int(number.get_int64());
        } else {
          put_double(number.as_double());
        }
        return true;
      }
      case od::json_type::string: {
        std::string_view text;
        if (value.get_string().get(text)) return false;
        put_text(Kind::kText, text);
        return true;
      }
      case od::json_type::boolean: {
        bool flag = false;
        if (value.get_bool().get(flag)) return false;
        put(flag ? Kind::kTrue : Kind::kFalse, 0);
        return true;
      }
      case od::json_type::null: {
        bool null = false;
        if (value.is_null().get(null) || !null) return false;
        put(Kind::kNull, 0);
        return true;
      }
      case od::json_type::array: {
        od::array array;
        std::string_view raw;
        if (value.get_array().get(array) || array.raw_json().get(raw)) return false;
        put_text(Kind::kJson, raw);
        return true;
      }
      case od::json_type::object: {
        od::object object;
        if (value.get_object().get(object)) return false;
        return scan_dict(object, depth);
      }
    }
    return false;
  }

  /// NaN, Infinity, -Infinity.
  bool scan_special(od::value value) {
    const auto parsed = json::parse(value.raw_json_token());
    if (!parsed || !parsed->is_double()) return false;
    put_double(*parsed->if_double());
    return true;
  }

  void walk(const Dict& dict, int depth) {
    const auto size = path_.size();
    for (const auto& [label, item] : dict) {
      if (config_ && depth == 0 && label == "_wandb") continue;
      enter(label, size, depth);
      const Value* value = config_ && depth == 0 ? item.get("value") : nullptr;
      walk_value(value != nullptr ? *value : item, depth + 1);
    }
    path_.resize(size);
  }

  void walk_value(const Value& value, int depth) {
    switch (value.kind()) {
      case Value::Kind::kNull:
        return put(Kind::kNull, 0);
      case Value::Kind::kBool:
        return put(*value.if_bool() ? Kind::kTrue : Kind::kFalse, 0);
      case Value::Kind::kInt:
        return put_int(*value.if_int());
      case Value::Kind::kDouble:
        return put_double(*value.if_double());
      case Value::Kind::kString:
        return put_text(Kind::kText, *value.if_string());
      case Value::Kind::kList:
        return put_text(Kind::kJson, json::to_text(value));
      case Value::Kind::kDict:
        put_text(Kind::kJson, json::to_text(value));
        if (depth <= kMaxDepth) walk(*value.if_dict(), depth);
        return;
    }
  }

  RunFacts& facts_;
  PathTable& paths_;
  const bool config_;
  std::string path_;
  std::uint32_t hint_ = kNone;
};

RunFacts RunFacts::read(std::string_view json, PathTable& paths, bool config) {
  // Grown here and copied at their size: what is kept for long is not to be full of holes.
  thread_local RunFacts scratch;
  scratch.facts_.clear();
  scratch.texts_.clear();
  Reader(scratch, paths, config).read(json);
  RunFacts facts;
  facts.facts_.assign(scratch.facts_.begin(), scratch.facts_.end());
  facts.texts_.assign(scratch.texts_);
  return facts;
}

RunFacts RunFacts::of_config(std::string_view json, PathTable& paths) {
  return read(json, paths, true);
}
RunFacts RunFacts::of_summary(std::string_view json, PathTable& paths) {
  return read(json, paths, false);
}

const RunFacts::Fact* RunFacts::find(std::uint32_t path) const {
  const auto place =
      std::lower_bound(facts_.begin(), facts_.end(), path,
                       [](const Fact& fact, std::uint32_t wanted) { return fact.path < wanted; });
  return place == facts_.end() || place->path != path ? nullptr : &*place;
}

bool RunFacts::get(std::uint32_t path, Value& out) const {
  const Fact* fact = find(path);
  if (fact == nullptr) return false;
  const auto text = [&] {
    return std::string_view(texts_).substr(fact->bits >> 32, fact->bits & 0xffffffffu);
  };
  switch (fact->kind) {
    case Kind::kNull:
      out = Value();
      break;
    case Kind::kFalse:
    case Kind::kTrue:
      out = Value(fact->kind == Kind::kTrue);
      break;
    case Kind::kInt:
      out = Value(static_cast<std::int64_t>(fact->bits));
      break;
    case Kind::kDouble:
      out = Value(std::bit_cast<double>(fact->bits));
      break;
    case Kind::kText:
      out = Value(text());
      break;
    case Kind::kJson: {
      auto parsed = json::parse(text());
      out = parsed ? *std::move(parsed) : Value();
      break;
    }
  }
  return true;
}

std::int64_t RunFacts::memory_bytes() const {
  return static_cast<std::int64_t>(facts_.capacity() * sizeof(Fact) + texts_.capacity());
}

}  // namespace runstone::query
