#pragma once

#include <string>
#include <vector>

#include "graphql/problem.h"
#include "graphql/schema.h"

// Values on their way in: from the request's variables and from literals, to the schema's types.
// Custom scalars take any value as it is.
namespace runstone::graphql {

/// A literal without variables. Errors: kInvalidArgument in the field's usual words.
Result<Value> coerce_constant(const Literal& literal, TypeRef type);

/// A value that came as JSON. `where` names it in messages: `"$input"`.
Result<Value> coerce_json(const Value& value, TypeRef type, const std::string& where);

/// The variables of an operation: given ones coerced, absent ones by their defaults. A variable
/// that is absent and has no default is not in the answer.
Dict coerce_variables(const Operation& operation, const Value& given, const Schema& schema,
                      std::vector<Problem>& problems);

/// The arguments of one field or directive. A variable that is absent leaves its argument to the
/// default of the schema. The document was validated before.
Result<Dict> coerce_arguments(const std::vector<InputValue>& definitions,
                              const std::vector<Argument>& given, const Dict& variables);

/// Resolves the name of a type written in a document; named is null if there is none.
TypeRef resolve_type(const TypeText& text, const Schema& schema);

}  // namespace runstone::graphql
