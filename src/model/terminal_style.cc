#include "model/terminal_style.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace runstone {
namespace {

constexpr std::size_t kMaxParameters = 32;
constexpr int kLastAttribute = 9;  // crossed out

std::vector<int> parse(std::string_view text) {
  std::vector<int> numbers;
  while (numbers.size() < kMaxParameters) {
    const std::size_t end = std::min(text.find_first_of(";:"), text.size());
    int number = 0;  // an empty parameter is 0
    std::from_chars(text.data(), text.data() + end, number);
    numbers.push_back(number);
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  return numbers;
}

void clear(std::uint16_t& attributes, int number) {
  attributes = static_cast<std::uint16_t>(attributes & ~(1u << number));
}

// `38;5;n` and `38;2;r;g;b`: how many parameters the colour has.
std::size_t colour_length(const std::vector<int>& numbers, std::size_t at) {
  const int kind = at + 1 < numbers.size() ? numbers[at + 1] : 0;
  const std::size_t length = kind == 5 ? 3 : kind == 2 ? 5 : 1;
  return std::min(length, numbers.size() - at);
}

std::string joined(const std::vector<int>& numbers, std::size_t at, std::size_t count) {
  std::string text;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!text.empty()) text += ';';
    text += std::to_string(numbers[i]);
  }
  return text;
}

}  // namespace

void TerminalStyle::apply(std::string_view parameters) {
  const std::vector<int> numbers = parse(parameters);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const int number = numbers[i];
    if (number == 0) {
      *this = {};
    } else if (number <= kLastAttribute && number > 0) {
      attributes = static_cast<std::uint16_t>(attributes | (1u << number));
    } else if (number == 22) {  // neither bold nor dim
      clear(attributes, 1);
      clear(attributes, 2);
    } else if (number > 22 && number <= 29) {
      clear(attributes, number - 20);
      if (number == 25) clear(attributes, 6);
    } else if (number == 38 || number == 48) {
      const std::size_t length = colour_length(numbers, i);
      if (length > 1) (number == 38 ? foreground : background) = joined(numbers, i, length);
      i += length - 1;
    } else if (number == 39) {
      foreground.clear();
    } else if (number == 49) {
      background.clear();
    } else if ((number >= 30 && number <= 37) || (number >= 90 && number <= 97)) {
      foreground = std::to_string(number);
    } else if ((number >= 40 && number <= 47) || (number >= 100 && number <= 107)) {
      background = std::to_string(number);
    }
  }
}

std::string style_change(const TerminalStyle& from, const TerminalStyle& to) {
  if (from == to) return "";
  std::string sequence = from.is_plain() ? "" : "\x1b[0m";
  if (to.is_plain()) return sequence;
  std::string parameters;
  const auto add = [&](const std::string& text) {
    if (text.empty()) return;
    if (!parameters.empty()) parameters += ';';
    parameters += text;
  };
  for (int number = 1; number <= kLastAttribute; ++number) {
    if ((to.attributes >> number) & 1u) add(std::to_string(number));
  }
  add(to.foreground);
  add(to.background);
  return sequence + "\x1b[" + parameters + "m";
}

}  // namespace runstone
