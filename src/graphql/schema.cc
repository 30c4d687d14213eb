#include "graphql/schema.h"

#include <algorithm>

namespace runstone::graphql {
namespace {

template <typename Items>
auto find_named(Items& items, std::string_view name) -> decltype(items.data()) {
  for (auto& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

}  // namespace

std::string TypeRef::to_string() const { return graphql::to_string(named->name, wraps); }

const InputValue* Field::argument(std::string_view argument_name) const {
  return find_named(arguments, argument_name);
}

const InputValue* DirectiveDefinition::argument(std::string_view argument_name) const {
  return find_named(arguments, argument_name);
}

const Field* NamedType::field(std::string_view field_name) const {
  const auto found = field_index.find(field_name);
  return found == field_index.end() ? nullptr : &fields[found->second];
}

const InputValue* NamedType::input_field(std::string_view field_name) const {
  return find_named(input_fields, field_name);
}

const EnumValue* NamedType::value(std::string_view value_name) const {
  return find_named(values, value_name);
}

bool NamedType::may_be(const NamedType& object) const {
  if (this == &object) return true;
  return std::find(possible_types.begin(), possible_types.end(), &object) != possible_types.end();
}

const NamedType* Schema::type(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

NamedType* Schema::type(std::string_view name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const NamedType* Schema::root(Operation::Kind kind) const {
  switch (kind) {
    case Operation::Kind::kQuery:
      return query_;
    case Operation::Kind::kMutation:
      return mutation_;
    case Operation::Kind::kSubscription:
      return nullptr;  // live changes go by server-sent events
  }
  return nullptr;
}

const DirectiveDefinition* Schema::directive(std::string_view name) const {
  return find_named(directives_, name);
}

const Field* Schema::meta_field(const NamedType& parent, std::string_view name) const {
  if (name == "__typename" && parent.composite()) return typename_field_.get();
  if (&parent != query_) return nullptr;
  if (name == "__schema") return schema_field_.get();
  if (name == "__type") return type_field_.get();
  return nullptr;
}

std::string_view built_in_sdl() {
  return R"sdl(
"Text."
scalar String
"A whole number of 32 bits."
scalar Int
"A number; never NaN or infinite."
scalar Float
"true or false."
scalar Boolean
"An opaque name of an object, sent as text."
scalar ID

"Leaves the field or fragment out unless `if` is true."
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
"Leaves the field or fragment out if `if` is true."
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
"Still works, and should not be used in anything new."
directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
"Where a scalar's form is described."
directive @specifiedBy(url: String!) on SCALAR

type __Schema {
  description: String
  types: [__Type!]!
  queryType: __Type!
  mutationType: __Type
  subscriptionType: __Type
  directives: [__Directive!]!
}
type __Type {
  kind: __TypeKind!
  name: String
  description: String
  specifiedByURL: String
  fields(includeDeprecated: Boolean = false): [__Field!]
  interfaces: [__Type!]
  possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean = false): [__InputValue!]
  ofType: __Type
}
type __Field {
  name: String!
  description: String
  args(includeDeprecated: Boolean = false): [__InputValue!]!
  type: __Type!
  isDeprecated: Boolean!
  deprecationReason: String
}
type __InputValue {
  name: String!
  description: String
  type: __Type!
  defaultValue: String
  isDeprecated: Boolean!
  deprecationReason: String
}
type __EnumValue {
  name: String!
  description: String
  isDeprecated: Boolean!
  deprecationReason: String
}
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
type __Directive {
  name: String!
  description: String
  isRepeatable: Boolean!
  locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean = false): [__InputValue!]!
}
enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT
  VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION
  ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION
}
)sdl";
}

}  // namespace runstone::graphql
