#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graphql/ast.h"
#include "graphql/engine.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::graphql {

struct NamedType;

/// A type with its list and non-null marks, as a view into the schema or into a document.
struct TypeRef {
  const NamedType* named = nullptr;
  std::string_view wraps;  ///< outermost first: '!' for non-null, '[' for list

  bool non_null() const { return !wraps.empty() && wraps.front() == '!'; }
  bool list() const { return !wraps.empty() && wraps.front() == '['; }
  /// Without its outermost mark.
  TypeRef inner() const { return {named, wraps.substr(1)}; }
  TypeRef nullable() const { return non_null() ? inner() : *this; }
  std::string to_string() const;
  friend bool operator==(const TypeRef& a, const TypeRef& b) {
    return a.named == b.named && a.wraps == b.wraps;
  }
};

struct Deprecation {
  bool deprecated = false;
  std::string reason;
};

/// An argument or a field of an input object.
struct InputValue {
  std::string name;
  std::string description;
  const NamedType* named = nullptr;
  std::string wraps;
  std::optional<Value> default_value;  ///< coerced
  std::string default_text;            ///< as written in the schema
  Deprecation deprecation;

  TypeRef type() const { return {named, wraps}; }
  bool required() const { return type().non_null() && !default_value; }
};

struct Field {
  std::string name;
  std::string description;
  std::vector<InputValue> arguments;
  const NamedType* named = nullptr;
  std::string wraps;
  Deprecation deprecation;
  Resolver resolver;  ///< empty = the property of this name

  TypeRef type() const { return {named, wraps}; }
  const InputValue* argument(std::string_view argument_name) const;
};

struct EnumValue {
  std::string name;
  std::string description;
  Deprecation deprecation;
};

struct NamedType {
  TypeKind kind = TypeKind::kScalar;
  std::string name;
  std::string description;
  std::vector<Field> fields;                     ///< of an object or interface
  std::vector<InputValue> input_fields;          ///< of an input object
  std::vector<EnumValue> values;                 ///< of an enum
  std::vector<const NamedType*> interfaces;      ///< that it implements
  std::vector<const NamedType*> possible_types;  ///< objects that an interface or union may be
  std::string specified_by_url;

  bool leaf() const { return kind == TypeKind::kScalar || kind == TypeKind::kEnum; }
  bool composite() const {
    return kind == TypeKind::kObject || kind == TypeKind::kInterface || kind == TypeKind::kUnion;
  }
  bool abstract() const { return kind == TypeKind::kInterface || kind == TypeKind::kUnion; }
  bool input() const { return leaf() || kind == TypeKind::kInputObject; }
  const Field* field(std::string_view field_name) const;
  const InputValue* input_field(std::string_view field_name) const;
  const EnumValue* value(std::string_view value_name) const;
  /// True if an object of `object` type may stand where this type is asked for.
  bool may_be(const NamedType& object) const;

  // By position, filled once the lists above are complete.
  std::unordered_map<std::string_view, std::size_t> field_index;
};

struct DirectiveDefinition {
  std::string name;
  std::string description;
  std::vector<InputValue> arguments;
  std::vector<std::string> locations;
  bool repeatable = false;

  const InputValue* argument(std::string_view argument_name) const;
};

/// The types of a service, checked and linked. Immutable after building but for the resolvers.
class Schema {
 public:
  /// Errors: kInvalidArgument with the first thing that is wrong and its line.
  static Result<std::unique_ptr<Schema>> build(std::string_view sdl);

  const NamedType* type(std::string_view name) const;
  NamedType* type(std::string_view name);
  const NamedType* query() const { return query_; }
  const NamedType* mutation() const { return mutation_; }
  const NamedType* root(Operation::Kind kind) const;
  const DirectiveDefinition* directive(std::string_view name) const;
  /// In the order of the schema text, the built-in ones after it.
  const std::vector<std::unique_ptr<NamedType>>& types() const { return types_; }
  const std::vector<DirectiveDefinition>& directives() const { return directives_; }
  const std::string& description() const { return description_; }
  /// `__schema` and `__type`, which belong to the query type without being listed in it.
  const Field* meta_field(const NamedType& parent, std::string_view name) const;
  Field& schema_field() { return *schema_field_; }
  Field& type_field() { return *type_field_; }

 private:
  friend class SchemaBuilder;

  std::vector<std::unique_ptr<NamedType>> types_;
  std::unordered_map<std::string_view, NamedType*> by_name_;
  std::vector<DirectiveDefinition> directives_;
  std::string description_;
  const NamedType* query_ = nullptr;
  const NamedType* mutation_ = nullptr;
  std::unique_ptr<Field> typename_field_;
  std::unique_ptr<Field> schema_field_;
  std::unique_ptr<Field> type_field_;
};

/// The schema text of the types that every service has: scalars, directives, introspection.
std::string_view built_in_sdl();

}  // namespace runstone::graphql
