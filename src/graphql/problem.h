#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graphql/ast.h"
#include "runstone/error.h"
#include "runstone/value.h"

namespace runstone::graphql {

inline constexpr const char* kParseFailed = "GRAPHQL_PARSE_FAILED";
inline constexpr const char* kValidationFailed = "GRAPHQL_VALIDATION_FAILED";
inline constexpr const char* kBadUserInput = "BAD_USER_INPUT";

/// One entry of a response's "errors".
struct Problem {
  std::string message;
  std::string code;                 ///< extensions.code
  std::vector<Location> locations;  ///< in the document; empty if it is about no place in it
  List path;                        ///< of response keys and list indexes; empty before execution
};

/// "NOT_FOUND" for kNotFound: the error codes of the project in the case the field uses.
std::string extension_code(ErrorCode code);

Value to_value(const Problem& problem);
/// The whole response of a request that was not run.
Value to_response(const std::vector<Problem>& problems);

}  // namespace runstone::graphql
