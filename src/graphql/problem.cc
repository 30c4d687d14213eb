#include "graphql/problem.h"

namespace runstone::graphql {

std::string extension_code(ErrorCode code) {
  std::string text = to_string(code);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

Value to_value(const Problem& problem) {
  Dict error;
  error.set("message", problem.message);
  if (!problem.locations.empty()) {
    List places;
    for (const auto& location : problem.locations) {
      places.push_back(Dict{{"line", location.line}, {"column", location.column}});
    }
    error.set("locations", std::move(places));
  }
  if (!problem.path.empty()) error.set("path", problem.path);
  error.set("extensions", Dict{{"code", problem.code}});
  return error;
}

Value to_response(const std::vector<Problem>& problems) {
  List errors;
  for (const auto& problem : problems) errors.push_back(to_value(problem));
  return Dict{{"errors", std::move(errors)}};
}

}  // namespace runstone::graphql
