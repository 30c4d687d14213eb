#pragma once

#include <vector>

#include "graphql/ast.h"
#include "graphql/engine.h"
#include "graphql/problem.h"
#include "graphql/schema.h"

namespace runstone::graphql {

/// What is wrong with a document, in the words that clients of the field match on. Empty = it can
/// be executed, and walking it, fragments included, needs no more than `limits.depth_max` levels.
///
/// More lenient than the specification on purpose: variables and fragments that are not used are
/// allowed, since clients cut fields out of their documents for older servers.
std::vector<Problem> validate(const Schema& schema, const ExecutableDocument& document,
                              const Limits& limits);

// The parts of it, each in a file of its own.

/// Cycles between fragments, depth and size. The other rules may only run if this found nothing.
void check_extent(const ExecutableDocument& document, const Limits& limits,
                  std::vector<Problem>& problems);

/// The lengths of pages, and what they make of the document together. Needs the operation's coerced
/// variables, so it comes after validation.
void check_complexity(const Schema& schema, const ExecutableDocument& document,
                      const Operation& operation, const Dict& variables, const Limits& limits,
                      std::vector<Problem>& problems);

/// Fields that would answer under one key must be the same field.
void check_overlaps(const Schema& schema, const ExecutableDocument& document,
                    std::vector<Problem>& problems);

/// A variable where a type is expected: found by the rules for values, checked per operation.
struct VariableUse {
  const Literal* literal;
  TypeRef type;  ///< expected there; named is null where any type will do
  bool has_default = false;
};

/// Checks a literal against the type expected at its place and notes the variables in it.
void check_literal(const Literal& literal, TypeRef type, bool has_default,
                   std::vector<VariableUse>& uses, std::vector<Problem>& problems);

/// The field of a selection, built-in ones included; null if there is none.
const Field* find_field(const Schema& schema, const NamedType& parent, std::string_view name);

Problem invalid(std::string message, Location location);

}  // namespace runstone::graphql
