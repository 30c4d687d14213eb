#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graphql/lexer.h"
#include "graphql/parser.h"

namespace runstone::graphql {

/// What both languages share: tokens, types, literals, directives. After the first error every call
/// sees the end of the text, so loops end by themselves and the caller asks failed() once.
class ParserCore {
 public:
  ParserCore(std::string_view text, ParseLimits limits);

  bool failed() const { return failed_; }
  const Problem& problem() const { return problem_; }

 protected:
  /// Counts one level of nesting while it lives.
  class Level {
   public:
    explicit Level(ParserCore& parser);
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ParserCore& parser_;
  };

  void advance();
  bool at_end() const { return token_.kind == Token::Kind::kEnd; }
  bool at(std::string_view punctuator) const {
    return token_.kind == Token::Kind::kPunctuator && token_.text == punctuator;
  }
  bool at_keyword(std::string_view word) const {
    return token_.kind == Token::Kind::kName && token_.text == word;
  }
  bool take(std::string_view punctuator);
  bool take_keyword(std::string_view word);
  void expect(std::string_view punctuator);
  void expect_keyword(std::string_view word);
  std::string_view expect_name();
  void fail_expected(std::string_view what);
  void fail_unexpected();
  void fail_with(std::string message, Location location);

  /// Items between `open` and `close`, at least one.
  template <typename Item>
  void items(std::string_view open, std::string_view close, Item&& item) {
    expect(open);
    do {
      if (failed_) return;
      item();
    } while (!failed_ && !at(close) && !at_end());
    expect(close);
  }

  TypeText type();
  Literal literal(bool constant);
  std::vector<Argument> arguments(bool constant);
  std::vector<Directive> directives(bool constant);

  Token token_;

 private:
  Literal name_literal();
  Literal list_literal(bool constant);
  Literal object_literal(bool constant);

  Lexer lexer_;
  ParseLimits limits_;
  std::size_t token_count_ = 0;
  int depth_ = 0;
  bool failed_ = false;
  Problem problem_;
};

}  // namespace runstone::graphql
