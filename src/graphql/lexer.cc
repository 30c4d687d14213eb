#include "graphql/lexer.h"

#include <algorithm>
#include <vector>

namespace runstone::graphql {
namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::vector<std::string_view> split_lines(std::string_view raw) {
  std::vector<std::string_view> lines;
  std::size_t start = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\n' && raw[i] != '\r') continue;
    lines.push_back(raw.substr(start, i - start));
    if (raw[i] == '\r' && i + 1 < raw.size() && raw[i + 1] == '\n') ++i;
    start = i + 1;
  }
  lines.push_back(raw.substr(start));
  return lines;
}

std::size_t indent_of(std::string_view line) {
  std::size_t indent = 0;
  while (indent < line.size() && (line[indent] == ' ' || line[indent] == '\t')) ++indent;
  return indent;
}

// BlockStringValue() of the GraphQL specification: the indentation that all lines but the first
// share goes away, and so do blank lines at both ends.
std::string dedent(std::string_view raw) {
  auto lines = split_lines(raw);
  std::size_t common = std::string_view::npos;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto indent = indent_of(lines[i]);
    if (indent < lines[i].size()) common = std::min(common, indent);
  }
  if (common != std::string_view::npos) {
    for (std::size_t i = 1; i < lines.size(); ++i) {
      lines[i].remove_prefix(std::min(common, lines[i].size()));
    }
  }
  std::size_t first = 0;
  std::size_t last = lines.size();
  while (first < last && indent_of(lines[first]) == lines[first].size()) ++first;
  while (last > first && indent_of(lines[last - 1]) == lines[last - 1].size()) --last;
  std::string text;
  for (std::size_t i = first; i < last; ++i) {
    if (i > first) text += '\n';
    text += lines[i];
  }
  return text;
}

}  // namespace

Lexer::Lexer(std::string_view text) : text_(text) {
  if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = line_start_ = 3;
}

Location Lexer::here() const { return {line_, static_cast<std::uint32_t>(at_ - line_start_ + 1)}; }

Token Lexer::fail_at(Location location, std::string message) {
  if (!failed_) {
    failed_ = true;
    problem_ = {"Syntax Error: " + std::move(message), kParseFailed, {location}, {}};
  }
  at_ = text_.size();
  Token token;
  token.location = location;
  return token;
}

void Lexer::skip_ignored() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n' || c == '\r') {
      if (c == '\r' && peek(1) == '\n') ++at_;
      ++at_;
      ++line_;
      line_start_ = at_;
    } else if (c == ' ' || c == '\t' || c == ',') {
      ++at_;
    } else if (c == '#') {
      while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  skip_ignored();
  Token token;
  token.location = here();
  if (failed_ || at_ >= text_.size()) return token;
  const char c = text_[at_];
  if (is_name_start(c)) {
    const auto start = at_;
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    token.kind = Token::Kind::kName;
    token.text = text_.substr(start, at_ - start);
    return token;
  }
  if (is_digit(c) || c == '-') return number();
  if (c == '"') return peek(1) == '"' && peek(2) == '"' ? block_string() : string();
  std::size_t length = 0;
  if (std::string_view("!$&():=@[]{}|").find(c) != std::string_view::npos) length = 1;
  if (c == '.' && peek(1) == '.' && peek(2) == '.') length = 3;
  if (length == 0) {
    const bool printable = c > ' ' && c < 0x7f;
    return fail_at(here(), printable ? std::string("Unexpected character: \"") + c + "\"."
                                     : std::string("Unexpected character."));
  }
  token.kind = Token::Kind::kPunctuator;
  token.text = text_.substr(at_, length);
  at_ += length;
  return token;
}

Token Lexer::number() {
  Token token;
  token.kind = Token::Kind::kInt;
  token.location = here();
  const auto start = at_;
  const auto digits = [&] {
    const auto first = at_;
    while (is_digit(peek())) ++at_;
    return at_ > first;
  };
  if (peek() == '-') ++at_;
  const auto first_digit = at_;
  if (!digits()) return fail_at(here(), "Invalid number, expected digit.");
  if (text_[first_digit] == '0' && at_ > first_digit + 1) {
    return fail_at(token.location, "Invalid number, unexpected digit after 0.");
  }
  if (peek() == '.') {
    token.kind = Token::Kind::kFloat;
    ++at_;
    if (!digits()) return fail_at(here(), "Invalid number, expected digit.");
  }
  if (peek() == 'e' || peek() == 'E') {
    token.kind = Token::Kind::kFloat;
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    if (!digits()) return fail_at(here(), "Invalid number, expected digit.");
  }
  if (is_name_start(peek()) || peek() == '.') {
    return fail_at(here(), "Invalid number, unexpected character after it.");
  }
  token.text = text_.substr(start, at_ - start);
  return token;
}

bool Lexer::hex4(std::uint32_t& code_point) {
  code_point = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = peek();
    std::uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint32_t>(c - 'A' + 10);
    } else {
      return false;
    }
    code_point = code_point * 16 + digit;
    ++at_;
  }
  return true;
}

// After "\u": four digits, a surrogate pair of them, or {digits}.
bool Lexer::read_code_point(std::uint32_t& code_point) {
  if (peek() == '{') {
    ++at_;
    code_point = 0;
    std::size_t count = 0;
    for (; peek() != '}'; ++count) {
      const char c = peek();
      const bool lower = c >= 'a' && c <= 'f';
      const bool upper = c >= 'A' && c <= 'F';
      if (count >= 8 || !(is_digit(c) || lower || upper)) return false;
      code_point = code_point * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0'
                                                                : lower     ? c - 'a' + 10
                                                                            : c - 'A' + 10);
      ++at_;
    }
    ++at_;
    return count > 0 && code_point <= 0x10FFFF && !(code_point >= 0xD800 && code_point <= 0xDFFF);
  }
  if (!hex4(code_point)) return false;
  if (code_point < 0xD800 || code_point > 0xDFFF) return true;
  std::uint32_t low = 0;
  if (code_point > 0xDBFF || peek() != '\\' || peek(1) != 'u') return false;
  at_ += 2;
  if (!hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
  code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
  return true;
}

bool Lexer::escape(std::string& out) {
  const char c = peek();
  ++at_;
  switch (c) {
    case '"':
    case '\\':
    case '/':
      out += c;
      return true;
    case 'b':
      out += '\b';
      return true;
    case 'f':
      out += '\f';
      return true;
    case 'n':
      out += '\n';
      return true;
    case 'r':
      out += '\r';
      return true;
    case 't':
      out += '\t';
      return true;
    case 'u': {
      std::uint32_t code_point = 0;
      if (!read_code_point(code_point)) return false;
      append_utf8(out, code_point);
      return true;
    }
    default:
      return false;
  }
}

Token Lexer::string() {
  Token token;
  token.kind = Token::Kind::kString;
  token.location = here();
  const auto start = at_++;
  while (true) {
    if (at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r') {
      return fail_at(token.location, "Unterminated string.");
    }
    const char c = text_[at_];
    if (c == '"') break;
    if (c == '\\') {
      const auto where = here();
      ++at_;
      if (!escape(token.value)) {
        return fail_at(where, "Invalid character escape sequence in a string.");
      }
    } else {
      token.value += c;
      ++at_;
    }
  }
  ++at_;
  token.text = text_.substr(start, at_ - start);
  return token;
}

Token Lexer::block_string() {
  Token token;
  token.kind = Token::Kind::kString;
  token.location = here();
  const auto start = at_;
  at_ += 3;
  std::string raw;
  while (true) {
    if (at_ >= text_.size()) return fail_at(token.location, "Unterminated string.");
    const char c = text_[at_];
    if (c == '"' && peek(1) == '"' && peek(2) == '"') break;
    if (c == '\\' && text_.substr(at_, 4) == "\\\"\"\"") {
      raw += "\"\"\"";
      at_ += 4;
      continue;
    }
    raw += c;
    ++at_;
    if (c == '\n' || (c == '\r' && peek() != '\n')) {
      ++line_;
      line_start_ = at_;
    }
  }
  at_ += 3;
  token.value = dedent(raw);
  token.text = text_.substr(start, at_ - start);
  return token;
}

}  // namespace runstone::graphql
