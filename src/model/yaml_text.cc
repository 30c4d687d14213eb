#include "model/yaml_text.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "base/encoding.h"
#include "base/try.h"

namespace runstone {
namespace {

Failure bad(const std::string& why) { return fail(ErrorCode::kInvalidArgument, why); }

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const auto word : words) {
    if (text == word) return true;
  }
  return false;
}

std::optional<std::int64_t> if_integer(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b')) {
    base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 2;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;  // as YAML 1.1 reads it
  }
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  const auto value = static_cast<std::int64_t>(number);
  return negative ? -value : value;
}

std::optional<double> if_real(std::string_view text) {
  if (is_any_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return HUGE_VAL;
  if (is_any_of(text, {"-.inf", "-.Inf", "-.INF"})) return -HUGE_VAL;
  if (is_any_of(text, {".nan", ".NaN", ".NAN"})) return std::nan("");
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  // 008 is no octal number and no decimal one either: YAML 1.1 takes it for text.
  if (text.size() > 1 && text.find_first_not_of("0123456789") == std::string_view::npos &&
      text.front() == '0') {
    return std::nullopt;
  }
  const bool digit = text.find_first_of("0123456789") != std::string_view::npos;
  if (!digit || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) {
    return std::nullopt;
  }
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

Value scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") return text;  // quoted
  if (is_any_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_any_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})) return true;
  if (is_any_of(text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})) {
    return false;
  }
  if (const auto integer = if_integer(text)) return *integer;
  if (const auto real = if_real(text)) return *real;
  return text;
}

/// Hears of documents and of nothing in them.
class Deaf final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

/// The library's LoadAll() finds documents without end in a text that begins with a comma.
bool has_second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Deaf deaf;
  return parser.HandleNextDocument(deaf) && parser.HandleNextDocument(deaf);
}

class Reader {
 public:
  Result<Value> read(const YAML::Node& node, int depth) {
    if (++values_ > kMaxYamlValues) {
      return bad("more than " + std::to_string(kMaxYamlValues) +
                 " values (aliases count each time)");
    }
    if (depth > kMaxYamlDepth) {
      return bad("nested deeper than " + std::to_string(kMaxYamlDepth) + " levels");
    }
    if (node.IsMap()) return read_map(node, depth);
    if (node.IsSequence()) return read_list(node, depth);
    if (node.IsScalar()) return scalar(node);
    return Value();
  }

 private:
  Result<Value> read_list(const YAML::Node& node, int depth) {
    List list;
    for (const auto& item : node) {
      RUNSTONE_TRY(auto value, read(item, depth + 1));
      list.push_back(std::move(value));
    }
    return Value(std::move(list));
  }
  Result<Value> read_map(const YAML::Node& node, int depth) {
    Dict dict;
    for (const auto& item : node) {
      if (!item.first.IsScalar()) return bad("a key that is no plain text");
      const std::string& key = item.first.Scalar();
      if (dict.contains(key)) return bad("key '" + key + "' is given twice");
      RUNSTONE_TRY(auto value, read(item.second, depth + 1));
      dict.set(key, std::move(value));
    }
    return Value(std::move(dict));
  }

  std::size_t values_ = 0;
};

}  // namespace

Result<Value> parse_yaml(std::string_view text) {
  if (text.size() > kMaxYamlBytes) return bad("larger than 1 MiB");
  if (!is_valid_utf8(text)) return bad("not UTF-8");
  try {
    const std::string copy(text);
    if (has_second_document(copy)) return bad("more than one YAML document");
    return Reader().read(YAML::Load(copy), 0);
  } catch (const YAML::Exception& error) {  // the library reports by exceptions only
    return bad(std::string("not YAML: ") + error.what());
  }
}

}  // namespace runstone
