#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "graphql/ast.h"
#include "graphql/problem.h"

namespace runstone::graphql {

struct ParseLimits {
  std::size_t tokens_max = 100'000;
  int depth_max = 64;  ///< of braces, brackets and parentheses inside one another
};

template <typename Document>
using Parsed = std::variant<Document, Problem>;

/// Reads operations and fragments. The names in the tree are views into `text`. Needs a stack that
/// depends on `depth_max` only, never on the text.
Parsed<ExecutableDocument> parse_executable(std::string_view text, ParseLimits limits = {});

/// Reads the schema language.
Parsed<SchemaDocument> parse_schema(std::string_view text, ParseLimits limits = {});

}  // namespace runstone::graphql
