#include "api/console_line.h"

namespace runstone::api {
namespace {

constexpr std::string_view kError = "ERROR ";
constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd.dddddd";

bool is_timestamp(std::string_view text) {
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return false;
  }
  return true;
}

}  // namespace

ConsoleLineParts split_console_line(std::string_view line) {
  auto rest = line;
  ConsoleLineParts parts;
  if (rest.substr(0, kError.size()) == kError) {
    parts.level = "error";
    rest.remove_prefix(kError.size());
  }
  const auto stamp = rest.substr(0, kShape.size());
  const bool ends = rest.size() <= kShape.size() || rest[kShape.size()] == ' ';
  if (!is_timestamp(stamp) || !ends) return {"", "", line};
  parts.timestamp = stamp;
  rest.remove_prefix(stamp.size());
  if (!rest.empty()) rest.remove_prefix(1);
  parts.text = rest;
  return parts;
}

std::string_view take_label(std::string_view& text) {
  const auto end = text.find("] ");
  if (text.empty() || text[0] != '[' || end == std::string_view::npos) return "";
  const auto label = text.substr(1, end - 1);
  text.remove_prefix(end + 2);
  return label;
}

}  // namespace runstone::api
