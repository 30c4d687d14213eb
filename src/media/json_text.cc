#include "media/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace runstone::media {
namespace {

// The shortest digits that read back as the number, and the place of the point before them.
struct Digits {
  char text[20];
  int count = 0;
  int exponent = 0;  // of the first digit: d.ddd x 10^exponent
};

Digits shortest(double magnitude) {
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, magnitude, std::chars_format::scientific).ptr;
  Digits digits;
  const char* at = buffer;
  for (; at != end && *at != 'e'; ++at) {
    if (*at != '.') digits.text[digits.count++] = *at;
  }
  if (at != end) {
    ++at;
    if (at != end && *at == '+') ++at;
    std::from_chars(at, end, digits.exponent);
  }
  return digits;
}

// As many exponents with plain zeros as each writer has: Python's repr from 1e-4, the other from
// 1e-5, both below 1e16.
void append_finite(std::string& out, double value, JsonText::Form form) {
  if (std::signbit(value)) out.push_back('-');
  const Digits digits = shortest(std::fabs(value));
  const bool is_compact = form == JsonText::Form::kCompact;
  if (digits.exponent >= 16 || digits.exponent < (is_compact ? -5 : -4)) {
    out.push_back(digits.text[0]);
    if (digits.count > 1) {
      out.push_back('.');
      out.append(digits.text + 1, static_cast<std::size_t>(digits.count - 1));
    }
    out.push_back('e');
    const int size = std::abs(digits.exponent);
    out.push_back(digits.exponent < 0 ? '-' : '+');
    if (!is_compact && size < 10) out.push_back('0');
    out.append(std::to_string(size));
    return;
  }
  if (digits.exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-digits.exponent - 1), '0');
    out.append(digits.text, static_cast<std::size_t>(digits.count));
    return;
  }
  const int before_point = digits.exponent + 1;
  const int taken = std::min(before_point, digits.count);
  out.append(digits.text, static_cast<std::size_t>(taken));
  out.append(static_cast<std::size_t>(before_point - taken), '0').push_back('.');
  if (taken == digits.count) {
    out.push_back('0');
  } else {
    out.append(digits.text + taken, static_cast<std::size_t>(digits.count - taken));
  }
}

void append_escape(std::string& out, unsigned unit) {
  constexpr char kHex[] = "0123456789abcdef";
  out.append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kHex[unit >> shift & 15]);
}

constexpr unsigned kReplacement = 0xfffd;

// One character of UTF-8; for bytes that are none, the replacement character.
unsigned next_char(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at++);
  const int more = first >= 0xf0 && first < 0xf8   ? 3
                   : first >= 0xe0 && first < 0xf0 ? 2
                   : first >= 0xc2 && first < 0xe0 ? 1
                                                   : -1;
  if (more < 0) return kReplacement;
  unsigned code = first & (0x3fU >> more);
  for (int i = 0; i < more; ++i) {
    if ((byte(at) & 0xc0) != 0x80) return kReplacement;
    code = code << 6 | (byte(at++) & 0x3f);
  }
  return code;
}

bool is_plain(unsigned char c, bool is_ascii_only) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && !(is_ascii_only && c == 0x7f);
}

}  // namespace

void JsonText::add_int(std::int64_t value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  text_.append(buffer, static_cast<std::size_t>(end - buffer));
}

void JsonText::add_double(double value) {
  if (std::isfinite(value)) return append_finite(text_, value, form_);
  if (std::isinf(value)) return add_raw(value > 0 ? "Infinity" : "-Infinity");
  add_raw(form_ == Form::kCompact ? "NaN" : "null");
}

void JsonText::add_string(std::string_view text) {
  const bool is_ascii_only = form_ == Form::kArtifact;
  text_.push_back('"');
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (is_plain(c, is_ascii_only)) {
      ++at;
      continue;
    }
    text_.append(text.substr(begin, at - begin));
    if (c < 0x80) {
      ++at;
      switch (c) {
        case '"':
          text_.append("\\\"");
          break;
        case '\\':
          text_.append("\\\\");
          break;
        case '\n':
          text_.append("\\n");
          break;
        case '\r':
          text_.append("\\r");
          break;
        case '\t':
          text_.append("\\t");
          break;
        case '\b':
          text_.append("\\b");
          break;
        case '\f':
          text_.append("\\f");
          break;
        default:
          append_escape(text_, c);
      }
    } else {
      const std::size_t first = at;
      const unsigned code = next_char(text, at);
      if (!is_ascii_only) {
        text_.append(code == kReplacement ? "\xef\xbf\xbd" : text.substr(first, at - first));
      } else if (code >= 0x10000) {
        append_escape(text_, 0xd800 + ((code - 0x10000) >> 10));
        append_escape(text_, 0xdc00 + ((code - 0x10000) & 0x3ff));
      } else {
        append_escape(text_, code);
      }
    }
    begin = at;
  }
  text_.append(text.substr(begin)).push_back('"');
}

void JsonText::add_value(const Value& value) {
  if (const bool* flag = value.if_bool()) return add_bool(*flag);
  if (const auto* integer = value.if_int()) return add_int(*integer);
  if (const auto* number = value.if_double()) return add_double(*number);
  if (const auto* string = value.if_string()) return add_string(*string);
  if (const List* list = value.if_list()) {
    text_.push_back('[');
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) add_separator();
      add_value((*list)[i]);
    }
    text_.push_back(']');
    return;
  }
  const Dict* dict = value.if_dict();
  if (dict == nullptr) return add_null();
  std::vector<const Dict::Item*> items;
  for (const auto& item : dict->items()) items.push_back(&item);
  if (form_ == Form::kArtifact) {
    std::sort(items.begin(), items.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
  }
  text_.push_back('{');
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) add_separator();
    add_key(items[i]->first);
    add_value(items[i]->second);
  }
  text_.push_back('}');
}

}  // namespace runstone::media
