#include "ingest/history_facts.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <unordered_map>

#include "base/json.h"
#include "model/key_path.h"

namespace runstone::ingest {
namespace {

namespace od = simdjson::ondemand;
using Count = std::int64_t store::KeyInfo::*;

// A thread's table of keys is begun anew when so many different ones have come by.
constexpr std::size_t kMaxKnownKeys = 100'000;

bool is_plain_label(std::string_view label) {
  return label.find_first_of(".\\") == std::string_view::npos;
}

bool is_number_text(std::string_view text) {
  return text == "NaN" || text == "Infinity" || text == "-Infinity";
}

Count count_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kInt:
    case Value::Kind::kDouble:
      return &store::KeyInfo::numbers;
    case Value::Kind::kBool:
      return &store::KeyInfo::bools;
    case Value::Kind::kString:
      return is_number_text(value.string_or("")) ? &store::KeyInfo::numbers
                                                 : &store::KeyInfo::strings;
    case Value::Kind::kDict:
      return value.get("_type") != nullptr ? &store::KeyInfo::media : &store::KeyInfo::others;
    default:
      return &store::KeyInfo::others;
  }
}

}  // namespace

struct HistoryFactsReader::Impl {
  od::parser parser;
  std::deque<store::KeyInfo> known;  // addresses are stable: the index below refers to the names
  std::unordered_map<std::string_view, std::uint32_t> index;
  std::vector<std::uint32_t> order;  // the keys of the last line; most writers keep their order
  std::vector<std::pair<std::uint32_t, Count>> line_counts;
  std::vector<std::uint32_t> touched;
  std::vector<char> is_touched;
  HistoryFacts facts;

  std::uint32_t intern(std::string_view name) {
    if (const auto found = index.find(name); found != index.end()) return found->second;
    const auto id = static_cast<std::uint32_t>(known.size());
    known.push_back({std::string(name)});
    is_touched.push_back(0);
    index.emplace(known.back().name, id);
    return id;
  }

  std::uint32_t intern_at(std::size_t position, std::string_view name) {
    if (position < order.size() && known[order[position]].name == name) return order[position];
    const std::uint32_t id = intern(name);
    if (position >= order.size()) order.resize(position + 1, id);
    order[position] = id;
    return id;
  }

  void count_leaves(const std::string& path, const Value& value) {
    const Dict* const dict = value.if_dict();
    if (dict == nullptr || dict->empty() || dict->contains("_type")) {
      line_counts.emplace_back(intern(path), count_of(value));
      return;
    }
    for (const auto& [label, inner] : *dict) count_leaves(path + "." + escape_label(label), inner);
  }

  /// False if the line is no JSON object.
  bool read_line(std::string_view text, std::size_t capacity, std::optional<std::int64_t>& step) {
    od::document document;
    od::object object;
    if (parser.iterate(text.data(), text.size(), capacity).get(document) ||
        document.get_object().get(object)) {
      return false;
    }
    std::size_t position = 0;
    for (auto field : object) {
      std::string_view label;
      od::value value;
      if (field.unescaped_key().get(label) || field.value().get(value)) return false;
      if (!read_field(position++, label, value, step)) return false;
    }
    const char* rest = nullptr;
    return document.current_location().get(rest) != simdjson::SUCCESS;
  }

  bool read_field(std::size_t position, std::string_view label, od::value value,
                  std::optional<std::int64_t>& step) {
    Count count = &store::KeyInfo::numbers;
    od::json_type type;
    if (value.type().get(type)) {  // NaN and Infinity are no JSON, so they have no type
      const std::string_view token = value.raw_json_token();
      if (token.empty() || (token[0] != 'N' && token[0] != 'I')) return false;
    } else {
      switch (type) {
        case od::json_type::number:
          if (label == "_step") step = read_step(value);
          break;
        case od::json_type::string: {
          std::string_view token = value.raw_json_token();
          while (!token.empty() && token.back() != '"') token.remove_suffix(1);
          if (token.size() < 2) return false;
          if (!is_number_text(token.substr(1, token.size() - 2))) count = &store::KeyInfo::strings;
          break;
        }
        case od::json_type::boolean:
          count = &store::KeyInfo::bools;
          break;
        case od::json_type::null:
        case od::json_type::array:
          count = &store::KeyInfo::others;
          break;
        case od::json_type::object: {
          const std::string path =
              escape_label(label);  // before the value is read: it has a buffer
          od::object object;
          std::string_view text;
          if (value.get_object().get(object) || object.raw_json().get(text)) return false;
          const auto parsed = json::parse(text);
          if (!parsed) return false;
          count_leaves(path, *parsed);
          return true;
        }
      }
    }
    const std::uint32_t key =
        is_plain_label(label) ? intern_at(position, label) : intern(escape_label(label));
    line_counts.emplace_back(key, count);
    return true;
  }

  static std::optional<std::int64_t> read_step(od::value value) {
    std::int64_t step = 0;
    if (value.get_int64().get(step) == simdjson::SUCCESS) return step;
    double number = 0;
    if (value.get_double().get(number) == simdjson::SUCCESS && std::fabs(number) < 9e18 &&
        number == std::trunc(number)) {
      return static_cast<std::int64_t>(number);
    }
    return std::nullopt;
  }

  void apply(std::int64_t step) {
    for (const auto& [key, count] : line_counts) {
      store::KeyInfo& info = known[key];
      if (is_touched[key] == 0) {
        is_touched[key] = 1;
        touched.push_back(key);
      }
      info.*count += 1;
      info.last_step = std::max(info.last_step, step);
    }
    facts.values += static_cast<std::int64_t>(line_counts.size());
  }
};

HistoryFactsReader::HistoryFactsReader() : impl_(std::make_unique<Impl>()) {}
HistoryFactsReader::~HistoryFactsReader() = default;

void HistoryFactsReader::add(std::int64_t line, std::string_view text, std::size_t capacity) {
  Impl& self = *impl_;
  self.line_counts.clear();
  std::optional<std::int64_t> found_step;
  if (!self.read_line(text, capacity, found_step)) {
    self.line_counts.assign(1, {self.intern("_undecodable"), &store::KeyInfo::strings});
    found_step.reset();
    ++self.facts.bad_lines;
  }
  const std::int64_t step = found_step.value_or(line);
  HistoryFacts& facts = self.facts;
  facts.first_step = facts.first_step < 0 ? step : std::min(facts.first_step, step);
  facts.last_step = std::max(facts.last_step, step);
  self.apply(step);
}

HistoryFacts HistoryFactsReader::take() {
  Impl& self = *impl_;
  HistoryFacts facts = std::move(self.facts);
  facts.keys.reserve(self.touched.size());
  for (const std::uint32_t key : self.touched) {
    facts.keys.push_back(self.known[key]);
    // Only the counts go: the index refers to the name where it is.
    store::KeyInfo& info = self.known[key];
    info.numbers = info.strings = info.bools = info.media = info.others = 0;
    info.last_step = -1;
    self.is_touched[key] = 0;
  }
  self.facts = {};
  self.touched.clear();
  if (self.known.size() > kMaxKnownKeys) impl_ = std::make_unique<Impl>();
  return facts;
}

}  // namespace runstone::ingest
