#include "graphql/parser_core.h"

#include <utility>

namespace runstone::graphql {

ParserCore::ParserCore(std::string_view text, ParseLimits limits) : lexer_(text), limits_(limits) {
  advance();
}

ParserCore::Level::Level(ParserCore& parser) : parser_(parser) {
  if (++parser_.depth_ > parser_.limits_.depth_max) {
    parser_.fail_with("Document is nested deeper than the " +
                          std::to_string(parser_.limits_.depth_max) + " levels allowed.",
                      parser_.token_.location);
  }
}

void ParserCore::advance() {
  if (failed_) return;
  token_ = lexer_.next();
  if (lexer_.failed()) {
    failed_ = true;
    problem_ = lexer_.problem();
    token_ = Token();
  } else if (++token_count_ > limits_.tokens_max) {
    fail_with(
        "Document has more than the " + std::to_string(limits_.tokens_max) + " tokens allowed.",
        token_.location);
  }
}

void ParserCore::fail_with(std::string message, Location location) {
  if (!failed_) {
    failed_ = true;
    problem_ = {"Syntax Error: " + std::move(message), kParseFailed, {location}, {}};
  }
  token_ = Token();
}

namespace {

std::string describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kEnd:
      return "<EOF>";
    case Token::Kind::kPunctuator:
      return "\"" + std::string(token.text) + "\"";
    case Token::Kind::kName:
      return "Name \"" + std::string(token.text) + "\"";
    case Token::Kind::kInt:
      return "Int \"" + std::string(token.text) + "\"";
    case Token::Kind::kFloat:
      return "Float \"" + std::string(token.text) + "\"";
    case Token::Kind::kString:
      return "String \"" + token.value.substr(0, 40) + "\"";
  }
  return "";
}

}  // namespace

void ParserCore::fail_expected(std::string_view what) {
  fail_with("Expected " + std::string(what) + ", found " + describe(token_) + ".", token_.location);
}

void ParserCore::fail_unexpected() {
  fail_with("Unexpected " + describe(token_) + ".", token_.location);
}

bool ParserCore::take(std::string_view punctuator) {
  if (!at(punctuator)) return false;
  advance();
  return true;
}

bool ParserCore::take_keyword(std::string_view word) {
  if (!at_keyword(word)) return false;
  advance();
  return true;
}

void ParserCore::expect(std::string_view punctuator) {
  if (!take(punctuator)) fail_expected("\"" + std::string(punctuator) + "\"");
}

void ParserCore::expect_keyword(std::string_view word) {
  if (!take_keyword(word)) fail_expected("\"" + std::string(word) + "\"");
}

std::string_view ParserCore::expect_name() {
  if (token_.kind != Token::Kind::kName) {
    fail_expected("Name");
    return {};
  }
  const auto name = token_.text;
  advance();
  return name;
}

TypeText ParserCore::type() {
  TypeText type;
  type.location = token_.location;
  // Brackets outside in; what stands after each one comes inside out, so it is put in by position.
  std::vector<std::size_t> open;
  while (at("[")) {
    if (open.size() >= 16) {
      fail_with("Lists are nested deeper than the 16 levels allowed.", token_.location);
      return type;
    }
    open.push_back(open.size());
    advance();
  }
  type.name = expect_name();
  std::string inside_out;
  if (take("!")) inside_out += '!';
  for (std::size_t i = 0; i < open.size(); ++i) {
    expect("]");
    inside_out += '[';
    if (take("!")) inside_out += '!';
  }
  type.wraps.assign(inside_out.rbegin(), inside_out.rend());
  return type;
}

Literal ParserCore::name_literal() {
  Literal value;
  value.location = token_.location;
  value.text = std::string(token_.text);
  if (value.text == "true" || value.text == "false") {
    value.kind = Literal::Kind::kBool;
  } else if (value.text == "null") {
    value.kind = Literal::Kind::kNull;
  } else {
    value.kind = Literal::Kind::kEnum;
  }
  advance();
  return value;
}

Literal ParserCore::list_literal(bool constant) {
  Literal value;
  value.kind = Literal::Kind::kList;
  value.location = token_.location;
  const Level level(*this);
  expect("[");
  while (!failed_ && !at("]") && !at_end()) value.items.push_back(literal(constant));
  expect("]");
  return value;
}

Literal ParserCore::object_literal(bool constant) {
  Literal value;
  value.kind = Literal::Kind::kObject;
  value.location = token_.location;
  const Level level(*this);
  expect("{");
  while (!failed_ && !at("}") && !at_end()) {
    Literal::Member member;
    member.location = token_.location;
    member.name = expect_name();
    expect(":");
    member.value = literal(constant);
    value.members.push_back(std::move(member));
  }
  expect("}");
  return value;
}

Literal ParserCore::literal(bool constant) {
  if (at("[")) return list_literal(constant);
  if (at("{")) return object_literal(constant);
  if (token_.kind == Token::Kind::kName) return name_literal();
  Literal value;
  value.location = token_.location;
  if (at("$")) {
    advance();
    value.kind = Literal::Kind::kVariable;
    value.text = std::string(token_.text);
    if (constant) {
      fail_with("Unexpected variable \"$" + value.text + "\" in constant value.", value.location);
    } else {
      expect_name();
    }
    return value;
  }
  switch (token_.kind) {
    case Token::Kind::kInt:
      value.kind = Literal::Kind::kInt;
      value.text = std::string(token_.text);
      break;
    case Token::Kind::kFloat:
      value.kind = Literal::Kind::kFloat;
      value.text = std::string(token_.text);
      break;
    case Token::Kind::kString:
      value.kind = Literal::Kind::kString;
      value.text = std::move(token_.value);
      break;
    default:
      fail_unexpected();
      return value;
  }
  advance();
  return value;
}

std::vector<Argument> ParserCore::arguments(bool constant) {
  std::vector<Argument> found;
  if (!at("(")) return found;
  items("(", ")", [&] {
    Argument argument;
    argument.location = token_.location;
    argument.name = expect_name();
    expect(":");
    argument.value = literal(constant);
    found.push_back(std::move(argument));
  });
  return found;
}

std::vector<Directive> ParserCore::directives(bool constant) {
  std::vector<Directive> found;
  while (at("@")) {
    Directive directive;
    directive.location = token_.location;
    advance();
    directive.name = expect_name();
    directive.arguments = arguments(constant);
    found.push_back(std::move(directive));
  }
  return found;
}

}  // namespace runstone::graphql
