#include "base/json.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/try.h"
#include "simdjson.h"

namespace runstone::json {
namespace {

namespace od = simdjson::ondemand;

Failure broken(std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, "not valid JSON: " + std::string(what));
}
Failure broken(simdjson::error_code code) { return broken(simdjson::error_message(code)); }

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t' || token.back() == '\0')) {
    token.remove_suffix(1);
  }
  return token;
}

/// Numbers, and the three tokens that plain JSON does not have.
Result<Value> parse_number_token(std::string_view token) {
  token = trimmed(token);
  if (token == "NaN") return Value(std::numeric_limits<double>::quiet_NaN());
  if (token == "Infinity") return Value(std::numeric_limits<double>::infinity());
  if (token == "-Infinity") return Value(-std::numeric_limits<double>::infinity());
  const char* const end = token.data() + token.size();
  const bool starts_as_number =
      !token.empty() && (token[0] == '-' || (token[0] >= '0' && token[0] <= '9'));
  const auto digits = token.substr(!token.empty() && token[0] == '-' ? 1 : 0);
  if (!starts_as_number || digits.empty() || digits[0] < '0' || digits[0] > '9' ||
      (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')) {
    return broken("unexpected text " + std::string(token.substr(0, 20)));
  }
  if (token.find_first_of(".eE") == std::string_view::npos && token != "-0") {
    std::int64_t integer = 0;
    const auto [at, code] = std::from_chars(token.data(), end, integer);
    if (code == std::errc() && at == end) return Value(integer);
  }
  double number = 0;
  const auto [at, code] = std::from_chars(token.data(), end, number);
  if (at != end) return broken("unexpected text " + std::string(token.substr(0, 20)));
  if (code == std::errc::result_out_of_range) {
    // from_chars leaves the number untouched: tell overflow from underflow by strtod.
    number = std::strtod(std::string(token).c_str(), nullptr);
  }
  return Value(number);
}

Result<Value> convert(od::value value, int depth) {
  if (depth > kMaxDepth) return broken("nested too deeply");
  od::json_type type;
  if (const auto code = value.type().get(type)) {
    // NaN and Infinity start with a letter that no JSON type has.
    const std::string_view token = value.raw_json_token();
    if (code != simdjson::TAPE_ERROR && code != simdjson::INCORRECT_TYPE) return broken(code);
    return parse_number_token(token);
  }
  switch (type) {
    case od::json_type::null: {
      if (trimmed(value.raw_json_token()) != "null") return broken("unexpected token");
      return Value();
    }
    case od::json_type::boolean: {
      bool flag = false;
      if (const auto code = value.get_bool().get(flag)) return broken(code);
      return Value(flag);
    }
    case od::json_type::number:
      return parse_number_token(value.raw_json_token());
    case od::json_type::string: {
      std::string_view text;
      if (const auto code = value.get_string().get(text)) return broken(code);
      return Value(text);
    }
    case od::json_type::array: {
      od::array array;
      if (const auto code = value.get_array().get(array)) return broken(code);
      List list;
      for (auto element : array) {
        od::value inner;
        if (const auto code = element.get(inner)) return broken(code);
        RUNSTONE_TRY(auto item, convert(inner, depth + 1));
        list.push_back(std::move(item));
      }
      return Value(std::move(list));
    }
    case od::json_type::object: {
      od::object object;
      if (const auto code = value.get_object().get(object)) return broken(code);
      Dict dict;
      for (auto field : object) {
        std::string_view key;
        if (const auto code = field.unescaped_key().get(key)) return broken(code);
        const std::string owned(key);
        od::value inner;
        if (const auto code = field.value().get(inner)) return broken(code);
        RUNSTONE_TRY(auto item, convert(inner, depth + 1));
        dict.set(owned, std::move(item));
      }
      return Value(std::move(dict));
    }
  }
  return broken("unexpected token");
}

void append_indented(std::string& out, const Value& value, int depth) {
  const auto line = [&](int levels) {
    out.push_back('\n');
    out.append(static_cast<std::size_t>(levels) * 2, ' ');
  };
  if (const auto* list = value.if_list(); list != nullptr && !list->empty()) {
    out.push_back('[');
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) out.push_back(',');
      line(depth + 1);
      append_indented(out, (*list)[i], depth + 1);
    }
    line(depth);
    out.push_back(']');
  } else if (const auto* dict = value.if_dict(); dict != nullptr && !dict->empty()) {
    out.push_back('{');
    bool first = true;
    for (const auto& [key, item] : *dict) {
      if (!first) out.push_back(',');
      first = false;
      line(depth + 1);
      append_string(out, key);
      out.append(": ");
      append_indented(out, item, depth + 1);
    }
    line(depth);
    out.push_back('}');
  } else {
    append(out, value);
  }
}

Result<Value> parse_with(od::parser& parser, std::string_view text) {
  // A scalar at the root has another API in simdjson; inside a list all values are alike.
  std::string wrapped;
  wrapped.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
  wrapped.append("[").append(text).append("]");
  od::document document;
  const simdjson::padded_string_view padded(wrapped.data(), wrapped.size(), wrapped.capacity());
  if (const auto code = parser.iterate(padded).get(document)) return broken(code);
  od::array array;
  if (const auto code = document.get_array().get(array)) return broken(code);
  Result<Value> result = broken("no value");
  std::size_t count = 0;
  for (auto element : array) {
    if (++count > 1) return broken("text after the value");
    od::value value;
    if (const auto code = element.get(value)) return broken(code);
    result = convert(value, 0);
    if (!result) return result;
  }
  const char* rest = nullptr;  // an error here means that nothing is left, as it should be
  if (!document.current_location().get(rest)) return broken("text after the value");
  return result;
}

// One parser a thread. A run that is finished by the process's exit parses after the main thread's
// own data have been destroyed: then one for the call.
struct ThreadParser {
  od::parser parser;
  static thread_local bool is_gone;
  ~ThreadParser() { is_gone = true; }
};
thread_local bool ThreadParser::is_gone = false;

}  // namespace

Result<Value> parse(std::string_view text) {
  if (ThreadParser::is_gone) {
    od::parser parser;
    return parse_with(parser, text);
  }
  thread_local ThreadParser kept;
  return parse_with(kept.parser, text);
}

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default: {
        static constexpr char kHex[] = "0123456789abcdef";
        out.append("\\u00");
        out.push_back(kHex[c >> 4]);
        out.push_back(kHex[c & 15]);
      }
    }
  }
  out.append(text, plain, text.size() - plain);
  out.push_back('"');
}

void append_double(std::string& out, double value) {
  if (std::isnan(value)) {
    out.append("NaN");
  } else if (std::isinf(value)) {
    out.append(value > 0 ? "Infinity" : "-Infinity");
  } else {
    char text[32];
    const auto [end, code] = std::to_chars(text, text + sizeof text, value);
    out.append(text, static_cast<std::size_t>(end - text));
  }
}

void append_int(std::string& out, std::int64_t value) {
  char text[24];
  const auto [end, code] = std::to_chars(text, text + sizeof text, value);
  out.append(text, static_cast<std::size_t>(end - text));
}

void append(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      out.append("null");
      return;
    case Value::Kind::kBool:
      out.append(*value.if_bool() ? "true" : "false");
      return;
    case Value::Kind::kInt:
      append_int(out, *value.if_int());
      return;
    case Value::Kind::kDouble:
      append_double(out, *value.if_double());
      return;
    case Value::Kind::kString:
      append_string(out, *value.if_string());
      return;
    case Value::Kind::kList: {
      out.push_back('[');
      bool first = true;
      for (const auto& item : *value.if_list()) {
        if (!first) out.push_back(',');
        first = false;
        append(out, item);
      }
      out.push_back(']');
      return;
    }
    case Value::Kind::kDict: {
      out.push_back('{');
      bool first = true;
      for (const auto& [key, item] : *value.if_dict()) {
        if (!first) out.push_back(',');
        first = false;
        append_string(out, key);
        out.push_back(':');
        append(out, item);
      }
      out.push_back('}');
      return;
    }
  }
}

std::string to_text(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

std::string to_pretty_text(const Value& value) {
  std::string out;
  append_indented(out, value, 0);
  return out;
}

}  // namespace runstone::json
