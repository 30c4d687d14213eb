#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "base/json.h"
#include "model/config_rules.h"
#include "model/yaml_text.h"

namespace runstone {
namespace {

constexpr std::string_view kReserved[] = {"",   "~",    "null",  "y",   "n",   "yes",
                                          "no", "true", "false", "on",  "off", "=",
                                          "<<", ".inf", "-.inf", ".nan"};

// Whether YAML 1.1 would read the bare word as something that is not this text. Too careful is
// fine: quotes never change a text.
bool needs_quotes(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (std::find(std::begin(kReserved), std::end(kReserved), lower) != std::end(kReserved)) {
    return true;
  }
  const char first = text.front();
  const bool word_start = std::isalpha(static_cast<unsigned char>(first)) || first == '_' ||
                          first == '/' || (first & 0x80) != 0;
  if (!word_start) return true;  // numbers, dates, indicators
  if (text.back() == ' ' || text.back() == ':') return true;
  if (text.find(": ") != text.npos || text.find(" #") != text.npos) return true;
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == ',' || c == '[' || c == ']' ||
           c == '{' || c == '}';
  });
}

void append_text(std::string& out, std::string_view text) {
  if (!needs_quotes(text)) {
    out += text;
    return;
  }
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!plain) {
    json::append_string(out, text);  // JSON's escapes are YAML's, too
    return;
  }
  out.push_back('\'');
  for (const char c : text) {
    if (c == '\'') out.push_back('\'');
    out.push_back(c);
  }
  out.push_back('\'');
}

void append_double(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value > 0 ? ".inf" : "-.inf";
    return;
  }
  std::string text;
  json::append_double(text, value);
  // YAML 1.1 wants a point and a signed exponent, else 1e+20 is a text.
  const std::size_t exponent = text.find_first_of("eE");
  if (text.find('.') == text.npos) {
    text.insert(exponent == text.npos ? text.size() : exponent, ".0");
  }
  out += text;
}

// An empty dict says nothing, and neither does one of empty dicts.
bool is_dropped(const Value& value) {
  const Dict* dict = value.if_dict();
  return dict != nullptr && std::all_of(dict->begin(), dict->end(),
                                        [](const auto& item) { return is_dropped(item.second); });
}

void append_scalar(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kBool:
      out += *value.if_bool() ? "true" : "false";
      break;
    case Value::Kind::kInt:
      json::append_int(out, *value.if_int());
      break;
    case Value::Kind::kDouble:
      append_double(out, *value.if_double());
      break;
    case Value::Kind::kString:
      append_text(out, *value.if_string());
      break;
    default:
      out += "null";
  }
}

// A long key is written as one of its own: YAML reads "key:" in 1024 characters only, and the
// emitters of the stock client draw the line at 128.
void append_key(std::string& out, std::string_view key, std::size_t indent) {
  constexpr std::size_t kMostInline = 128;
  std::string text;
  append_text(text, key);
  if (text.size() <= kMostInline) {
    out.append(text).push_back(':');
    return;
  }
  out.append("? ").append(text).push_back('\n');
  out.append(indent, ' ').push_back(':');
}

void append_node(std::string& out, const Value& value, std::size_t indent);

void append_dict(std::string& out, const Dict& dict, std::size_t indent) {
  std::vector<const Dict::Item*> sorted;
  for (const auto& item : dict) {
    if (!is_dropped(item.second)) sorted.push_back(&item);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  for (const auto* item : sorted) {
    out.append(indent, ' ');
    append_key(out, item->first, indent);
    append_node(out, item->second, indent + 4);
  }
}

// After "key:" or "-": a scalar on the same line, a tree on the lines below.
void append_node(std::string& out, const Value& value, std::size_t indent) {
  const List* list = value.if_list();
  if (value.is_dict()) {
    if (value.if_dict()->empty()) {
      out += " {}\n";
      return;
    }
    out.push_back('\n');
    append_dict(out, *value.if_dict(), indent);
  } else if (list != nullptr && !list->empty()) {
    out.push_back('\n');
    for (const Value& item : *list) {
      out.append(indent, ' ');
      out.push_back('-');
      append_node(out, item, indent + 4);
    }
  } else {
    out.push_back(' ');
    if (list != nullptr) {
      out += "[]";
    } else {
      append_scalar(out, value);
    }
    out.push_back('\n');
  }
}

}  // namespace

Result<Dict> parse_config_yaml(std::string_view text) {
  auto tree = parse_yaml(text);
  if (!tree) return fail(ErrorCode::kConfigLocked, std::move(tree).error().message);
  Dict config;
  if (tree->is_null()) return config;
  const Dict* keys = tree->if_dict();
  if (keys == nullptr) return fail(ErrorCode::kConfigLocked, "a config is a mapping of keys");
  for (const auto& [key, entry] : *keys) {
    if (key == "wandb_version") {
      if (entry == Value(1)) continue;
      return fail(ErrorCode::kConfigLocked,
                  "wandb_version " + json::to_text(entry) + "; only 1 is known");
    }
    const Dict* described = entry.if_dict();
    const Value* value = described == nullptr ? nullptr : described->find("value");
    config.set(key, value == nullptr ? entry : *value);
  }
  return config;
}

std::string to_config_yaml(const Dict& wrapped) {
  std::string out;
  append_dict(out, wrapped, 0);
  return out;
}

}  // namespace runstone
