#include "base/encoding.h"
#include "graphql/parser.h"
#include "graphql/parser_core.h"

namespace runstone::graphql {
namespace {

class SchemaParser : public ParserCore {
 public:
  using ParserCore::ParserCore;

  SchemaDocument document() {
    while (!failed() && !at_end()) definition();
    return std::move(document_);
  }

 private:
  std::string description() {
    if (token_.kind != Token::Kind::kString) return "";
    auto text = std::move(token_.value);
    advance();
    return text;
  }

  void definition() {
    auto text = description();
    const bool extends = take_keyword("extend");
    if (at_keyword("schema")) {
      schema(std::move(text));
    } else if (at_keyword("directive") && !extends) {
      directive_definition(std::move(text));
    } else {
      type_definition(std::move(text), extends);
    }
  }

  void schema(std::string text) {
    advance();
    if (!text.empty()) document_.description = std::move(text);
    directives(true);
    items("{", "}", [&] {
      auto kind = Operation::Kind::kQuery;
      if (at_keyword("mutation")) {
        kind = Operation::Kind::kMutation;
      } else if (at_keyword("subscription")) {
        kind = Operation::Kind::kSubscription;
      } else if (!at_keyword("query")) {
        fail_unexpected();
      }
      advance();
      expect(":");
      document_.roots.emplace_back(kind, expect_name());
    });
  }

  void directive_definition(std::string text) {
    DirectiveDefinitionText directive;
    directive.description = std::move(text);
    directive.location = token_.location;
    advance();
    expect("@");
    directive.name = expect_name();
    directive.arguments = input_values("(", ")");
    directive.repeatable = take_keyword("repeatable");
    expect_keyword("on");
    take("|");
    do {
      directive.locations.push_back(expect_name());
    } while (take("|"));
    document_.directives.push_back(std::move(directive));
  }

  void type_definition(std::string text, bool extends) {
    TypeDefinitionText type;
    type.description = std::move(text);
    type.extends = extends;
    type.location = token_.location;
    if (at_keyword("scalar")) {
      type.kind = TypeKind::kScalar;
    } else if (at_keyword("type")) {
      type.kind = TypeKind::kObject;
    } else if (at_keyword("interface")) {
      type.kind = TypeKind::kInterface;
    } else if (at_keyword("union")) {
      type.kind = TypeKind::kUnion;
    } else if (at_keyword("enum")) {
      type.kind = TypeKind::kEnum;
    } else if (at_keyword("input")) {
      type.kind = TypeKind::kInputObject;
    } else {
      fail_unexpected();
      return;
    }
    advance();
    type.name = expect_name();
    interfaces(type);
    type.directives = directives(true);
    body(type);
    document_.types.push_back(std::move(type));
  }

  void interfaces(TypeDefinitionText& type) {
    if (type.kind != TypeKind::kObject && type.kind != TypeKind::kInterface) return;
    if (!take_keyword("implements")) return;
    take("&");
    do {
      type.interfaces.push_back(expect_name());
    } while (take("&"));
  }

  void body(TypeDefinitionText& type) {
    switch (type.kind) {
      case TypeKind::kScalar:
        return;
      case TypeKind::kObject:
      case TypeKind::kInterface:
        if (at("{")) items("{", "}", [&] { type.fields.push_back(field()); });
        return;
      case TypeKind::kInputObject:
        type.input_fields = input_values("{", "}");
        return;
      case TypeKind::kUnion:
        if (!take("=")) return;
        take("|");
        do {
          type.members.push_back(expect_name());
        } while (take("|"));
        return;
      case TypeKind::kEnum:
        if (at("{")) items("{", "}", [&] { type.values.push_back(enum_value()); });
        return;
    }
  }

  FieldText field() {
    FieldText field;
    field.description = description();
    field.location = token_.location;
    field.name = expect_name();
    field.arguments = input_values("(", ")");
    expect(":");
    field.type = type();
    field.directives = directives(true);
    return field;
  }

  std::vector<InputValueText> input_values(std::string_view open, std::string_view close) {
    std::vector<InputValueText> values;
    if (!at(open)) return values;
    items(open, close, [&] {
      InputValueText value;
      value.description = description();
      value.location = token_.location;
      value.name = expect_name();
      expect(":");
      value.type = type();
      if (take("=")) {
        value.has_default = true;
        value.default_value = literal(true);
      }
      value.directives = directives(true);
      values.push_back(std::move(value));
    });
    return values;
  }

  EnumValueText enum_value() {
    EnumValueText value;
    value.description = description();
    value.location = token_.location;
    value.name = expect_name();
    value.directives = directives(true);
    return value;
  }

  SchemaDocument document_;
};

}  // namespace

Parsed<SchemaDocument> parse_schema(std::string_view text, ParseLimits limits) {
  if (!is_valid_utf8(text)) {
    return Problem{"Syntax Error: The schema is not UTF-8.", kParseFailed, {}, {}};
  }
  SchemaParser parser(text, limits);
  auto document = parser.document();
  if (parser.failed()) return parser.problem();
  return document;
}

}  // namespace runstone::graphql
