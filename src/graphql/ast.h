#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

// A document as it was written. Names are views into its text, which outlives the tree. How deep
// the tree can be is bounded by the parser, so walking it recursively is safe.
namespace runstone::graphql {

struct Location {
  std::uint32_t line = 0;  ///< from 1; 0 = unknown
  std::uint32_t column = 0;
};

/// `[User!]!` is name "User" with wraps "![!": outermost first, '!' for non-null, '[' for list.
struct TypeText {
  std::string_view name;
  std::string wraps;
  Location location;
};
std::string to_string(std::string_view name, std::string_view wraps);

struct Literal {
  enum class Kind { kVariable, kInt, kFloat, kString, kBool, kNull, kEnum, kList, kObject };
  struct Member;

  Kind kind = Kind::kNull;
  std::string text;             ///< the string's value; the number's, name's or variable's spelling
  std::vector<Literal> items;   ///< of a list
  std::vector<Member> members;  ///< of an object
  Location location;
};
struct Literal::Member {
  std::string_view name;
  Literal value;
  Location location;
};
/// As it would be written: `{a: [1, $b]}`.
std::string to_string(const Literal& literal);

struct Argument {
  std::string_view name;
  Literal value;
  Location location;
};

struct Directive {
  std::string_view name;
  std::vector<Argument> arguments;
  Location location;
};

struct Selection {
  enum class Kind { kField, kSpread, kInline };

  Kind kind = Kind::kField;
  std::string_view name;   ///< of the field or of the fragment that is spread
  std::string_view alias;  ///< "" if none
  std::string_view type_condition;
  std::vector<Argument> arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Location location;

  std::string_view response_key() const { return alias.empty() ? name : alias; }
};

struct VariableDefinition {
  std::string_view name;
  TypeText type;
  bool has_default = false;
  Literal default_value;
  std::vector<Directive> directives;
  Location location;
};

struct Operation {
  enum class Kind { kQuery, kMutation, kSubscription };

  Kind kind = Kind::kQuery;
  std::string_view name;
  std::vector<VariableDefinition> variables;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Location location;
};
const char* to_string(Operation::Kind kind);

struct Fragment {
  std::string_view name;
  std::string_view type_condition;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Location location;
};

struct ExecutableDocument {
  std::vector<Operation> operations;
  std::vector<Fragment> fragments;
  std::unordered_map<std::string_view, std::size_t> fragment_index;  ///< the first of each name

  const Fragment* fragment(std::string_view name) const;
};

// The schema language.

struct InputValueText {
  std::string description;
  std::string_view name;
  TypeText type;
  bool has_default = false;
  Literal default_value;
  std::vector<Directive> directives;
  Location location;
};

struct FieldText {
  std::string description;
  std::string_view name;
  std::vector<InputValueText> arguments;
  TypeText type;
  std::vector<Directive> directives;
  Location location;
};

struct EnumValueText {
  std::string description;
  std::string_view name;
  std::vector<Directive> directives;
  Location location;
};

enum class TypeKind { kScalar, kObject, kInterface, kUnion, kEnum, kInputObject };

struct TypeDefinitionText {
  TypeKind kind = TypeKind::kScalar;
  bool extends = false;
  std::string description;
  std::string_view name;
  std::vector<std::string_view> interfaces;
  std::vector<std::string_view> members;  ///< of a union
  std::vector<FieldText> fields;
  std::vector<InputValueText> input_fields;
  std::vector<EnumValueText> values;
  std::vector<Directive> directives;
  Location location;
};

struct DirectiveDefinitionText {
  std::string description;
  std::string_view name;
  std::vector<InputValueText> arguments;
  bool repeatable = false;
  std::vector<std::string_view> locations;
  Location location;
};

struct SchemaDocument {
  std::string description;
  std::vector<std::pair<Operation::Kind, std::string_view>> roots;
  std::vector<TypeDefinitionText> types;
  std::vector<DirectiveDefinitionText> directives;
};

}  // namespace runstone::graphql
