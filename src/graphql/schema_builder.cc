#include <set>

#include "base/try.h"
#include "graphql/coerce.h"
#include "graphql/parser.h"
#include "graphql/schema.h"

namespace runstone::graphql {
namespace {

Failure wrong(const Location& location, std::string message) {
  return fail(ErrorCode::kInvalidArgument,
              "schema line " + std::to_string(location.line) + ": " + std::move(message));
}

Result<SchemaDocument> parse_text(std::string_view sdl) {
  auto parsed = parse_schema(sdl);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    return wrong(problem->locations.empty() ? Location() : problem->locations.front(),
                 problem->message);
  }
  return std::get<SchemaDocument>(std::move(parsed));
}

Deprecation deprecation(const std::vector<Directive>& directives) {
  for (const auto& directive : directives) {
    if (directive.name != "deprecated") continue;
    for (const auto& argument : directive.arguments) {
      if (argument.name == "reason") return {true, argument.value.text};
    }
    return {true, "No longer supported"};
  }
  return {};
}

}  // namespace

/// Links the definitions of the built-in text and the service's text into a Schema.
class SchemaBuilder {
 public:
  explicit SchemaBuilder(Schema& schema) : schema_(schema) {}

  Result<void> build(const SchemaDocument& own, const SchemaDocument& built_in) {
    for (const auto* document : {&own, &built_in}) RUNSTONE_TRY(declare(*document));
    for (const auto* document : {&own, &built_in}) RUNSTONE_TRY(define(*document));
    RUNSTONE_TRY(defaults(own));
    RUNSTONE_TRY(defaults(built_in));
    schema_.description_ = own.description;
    RUNSTONE_TRY(roots(own));
    RUNSTONE_TRY(check_interfaces());
    meta_fields();
    return {};
  }

 private:
  Result<void> declare(const SchemaDocument& document) {
    for (const auto& text : document.types) {
      if (text.extends) continue;
      if (schema_.type(text.name) != nullptr) {
        return wrong(text.location, "type " + std::string(text.name) + " is defined twice");
      }
      auto type = std::make_unique<NamedType>();
      type->kind = text.kind;
      type->name = std::string(text.name);
      type->description = text.description;
      schema_.by_name_[type->name] = type.get();
      schema_.types_.push_back(std::move(type));
    }
    return {};
  }

  Result<const NamedType*> named(const TypeText& text) {
    const auto* type = schema_.type(text.name);
    if (type == nullptr) {
      return wrong(text.location, "unknown type " + std::string(text.name));
    }
    return type;
  }

  Result<void> define(const SchemaDocument& document) {
    for (const auto& text : document.types) {
      auto* type = schema_.type(text.name);
      if (type == nullptr || type->kind != text.kind) {
        return wrong(text.location, "cannot extend " + std::string(text.name));
      }
      RUNSTONE_TRY(define_type(text, *type));
    }
    for (const auto& text : document.directives) {
      DirectiveDefinition directive;
      directive.name = std::string(text.name);
      directive.description = text.description;
      directive.repeatable = text.repeatable;
      for (const auto location : text.locations) directive.locations.emplace_back(location);
      RUNSTONE_TRY(input_values(text.arguments, directive.arguments));
      schema_.directives_.push_back(std::move(directive));
    }
    return {};
  }

  Result<void> define_type(const TypeDefinitionText& text, NamedType& type) {
    for (const auto& field : text.fields) {
      RUNSTONE_TRY(add_field(field, type));
    }
    RUNSTONE_TRY(input_values(text.input_fields, type.input_fields));
    for (const auto& value : text.values) {
      if (type.value(value.name) != nullptr) return wrong(value.location, "enum value twice");
      type.values.push_back(
          {std::string(value.name), value.description, deprecation(value.directives)});
    }
    for (const auto name : text.interfaces) {
      auto* interface = schema_.type(name);
      if (interface == nullptr || interface->kind != TypeKind::kInterface) {
        return wrong(text.location, std::string(name) + " is no interface");
      }
      type.interfaces.push_back(interface);
      if (type.kind == TypeKind::kObject) interface->possible_types.push_back(&type);
    }
    for (const auto name : text.members) {
      const auto* member = schema_.type(name);
      if (member == nullptr || member->kind != TypeKind::kObject) {
        return wrong(text.location, std::string(name) + " is no object type");
      }
      type.possible_types.push_back(member);
    }
    for (const auto& directive : text.directives) {
      if (directive.name == "specifiedBy" && !directive.arguments.empty()) {
        type.specified_by_url = directive.arguments.front().value.text;
      }
    }
    return {};
  }

  Result<void> add_field(const FieldText& text, NamedType& type) {
    const std::string name(text.name);
    if (type.field_index.count(name) != 0) {
      return wrong(text.location, "field " + type.name + "." + name + " is defined twice");
    }
    Field field;
    field.name = name;
    field.description = text.description;
    RUNSTONE_TRY(field.named, named(text.type));
    if (field.named->kind == TypeKind::kInputObject) {
      return wrong(text.location, type.name + "." + name + " cannot give an input type");
    }
    field.wraps = text.type.wraps;
    field.deprecation = deprecation(text.directives);
    RUNSTONE_TRY(input_values(text.arguments, field.arguments));
    type.fields.push_back(std::move(field));
    type.field_index.clear();  // the names moved with the vector
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      type.field_index[type.fields[i].name] = i;
    }
    return {};
  }

  Result<void> input_values(const std::vector<InputValueText>& texts,
                            std::vector<InputValue>& values) {
    std::set<std::string_view> seen;
    for (const auto& text : texts) {
      if (!seen.insert(text.name).second) {
        return wrong(text.location, std::string(text.name) + " is defined twice");
      }
      InputValue value;
      value.name = std::string(text.name);
      value.description = text.description;
      RUNSTONE_TRY(value.named, named(text.type));
      if (!value.named->input()) {
        return wrong(text.location, value.name + " cannot take an output type");
      }
      value.wraps = text.type.wraps;
      value.deprecation = deprecation(text.directives);
      if (text.has_default) value.default_text = to_string(text.default_value);
      values.push_back(std::move(value));
    }
    return {};
  }

  // Once every type is complete: a default may be an enum value or an input object.
  Result<void> defaults(const SchemaDocument& document) {
    for (const auto& text : document.types) {
      auto& type = *schema_.type(text.name);
      for (const auto& field_text : text.fields) {
        auto& field = type.fields[type.field_index.at(field_text.name)];
        RUNSTONE_TRY(set_defaults(field_text.arguments, field.arguments));
      }
      RUNSTONE_TRY(set_defaults(text.input_fields, type.input_fields));
    }
    for (const auto& text : document.directives) {
      for (auto& directive : schema_.directives_) {
        if (directive.name == text.name) {
          RUNSTONE_TRY(set_defaults(text.arguments, directive.arguments));
        }
      }
    }
    return {};
  }

  static Result<void> set_defaults(const std::vector<InputValueText>& texts,
                                   std::vector<InputValue>& values) {
    for (const auto& text : texts) {
      if (!text.has_default) continue;
      for (auto& value : values) {
        if (value.name != text.name) continue;
        auto constant = coerce_constant(text.default_value, value.type());
        if (!constant) return wrong(text.location, constant.error().message);
        value.default_value = *std::move(constant);
      }
    }
    return {};
  }

  Result<void> roots(const SchemaDocument& document) {
    schema_.query_ = schema_.type("Query");
    schema_.mutation_ = schema_.type("Mutation");
    for (const auto& [kind, name] : document.roots) {
      const auto* type = schema_.type(name);
      if (type == nullptr || type->kind != TypeKind::kObject) {
        return fail(ErrorCode::kInvalidArgument,
                    "schema: root " + std::string(name) + " is no object type");
      }
      if (kind == Operation::Kind::kQuery) schema_.query_ = type;
      if (kind == Operation::Kind::kMutation) schema_.mutation_ = type;
    }
    if (schema_.query_ == nullptr) {
      return fail(ErrorCode::kInvalidArgument, "schema: there is no type Query");
    }
    return {};
  }

  Result<void> check_interfaces() const {
    for (const auto& type : schema_.types_) {
      if (type->composite() && type->kind != TypeKind::kUnion && type->fields.empty()) {
        return fail(ErrorCode::kInvalidArgument, "schema: type " + type->name + " has no fields");
      }
      for (const auto* interface : type->interfaces) {
        for (const auto& field : interface->fields) {
          const auto* own = type->field(field.name);
          if (own == nullptr || !fits(own->type(), field.type())) {
            return fail(ErrorCode::kInvalidArgument, "schema: " + type->name +
                                                         " does not give the field " +
                                                         interface->name + "." + field.name);
          }
        }
      }
    }
    return {};
  }

  // An implementation may give more than the interface promises: non-null, or a narrower type.
  static bool fits(TypeRef own, TypeRef promised) {
    while (true) {
      if (promised.non_null() != own.non_null()) {
        if (promised.non_null()) return false;
        own = own.inner();
        continue;
      }
      if (promised.wraps.empty() || own.wraps.empty()) break;
      if (promised.wraps.front() != own.wraps.front()) return false;
      promised = promised.inner();
      own = own.inner();
    }
    return promised.wraps == own.wraps && promised.named->may_be(*own.named);
  }

  void meta_fields() {
    const auto field = [&](const char* name, const char* type, const char* wraps) {
      auto made = std::make_unique<Field>();
      made->name = name;
      made->named = schema_.type(type);
      made->wraps = wraps;
      return made;
    };
    schema_.typename_field_ = field("__typename", "String", "!");
    schema_.schema_field_ = field("__schema", "__Schema", "!");
    schema_.type_field_ = field("__type", "__Type", "");
    InputValue name;
    name.name = "name";
    name.named = schema_.type("String");
    name.wraps = "!";
    schema_.type_field_->arguments.push_back(std::move(name));
  }

  Schema& schema_;
};

Result<std::unique_ptr<Schema>> Schema::build(std::string_view sdl) {
  RUNSTONE_TRY(const auto own, parse_text(sdl));
  RUNSTONE_TRY(const auto built_in, parse_text(built_in_sdl()));
  auto schema = std::make_unique<Schema>();
  RUNSTONE_TRY(SchemaBuilder(*schema).build(own, built_in));
  return schema;
}

}  // namespace runstone::graphql
