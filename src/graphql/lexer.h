#pragma once

#include <string>
#include <string_view>

#include "graphql/ast.h"
#include "graphql/problem.h"

namespace runstone::graphql {

struct Token {
  enum class Kind { kEnd, kPunctuator, kName, kInt, kFloat, kString };

  Kind kind = Kind::kEnd;
  std::string_view text;  ///< as written; a punctuator is "{" or "..."
  std::string value;      ///< of a string, escapes and block indentation resolved
  Location location;
};

/// Cuts a document into tokens, one at a time.
class Lexer {
 public:
  explicit Lexer(std::string_view text);

  /// The next token; of kind kEnd at the end and after an error.
  Token next();
  bool failed() const { return failed_; }
  const Problem& problem() const { return problem_; }

 private:
  void skip_ignored();
  Location here() const;
  Token number();
  Token string();
  Token block_string();
  bool escape(std::string& out);
  bool read_code_point(std::uint32_t& code_point);
  bool hex4(std::uint32_t& code_point);
  Token fail_at(Location location, std::string message);
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::size_t line_start_ = 0;
  bool failed_ = false;
  Problem problem_;
};

}  // namespace runstone::graphql
