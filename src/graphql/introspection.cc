#include "graphql/introspection.h"

#include "graphql/schema.h"

namespace runstone::graphql {
namespace {

Value or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

const char* kind_name(TypeKind kind) {
  switch (kind) {
    case TypeKind::kScalar:
      return "SCALAR";
    case TypeKind::kObject:
      return "OBJECT";
    case TypeKind::kInterface:
      return "INTERFACE";
    case TypeKind::kUnion:
      return "UNION";
    case TypeKind::kEnum:
      return "ENUM";
    case TypeKind::kInputObject:
      return "INPUT_OBJECT";
  }
  return "";
}

Node node_of(TypeRef type) { return Node::of(type); }
Node node_of(const NamedType& type) { return Node::of(TypeRef{&type, {}}); }

template <typename Items>
Resolved nodes(const Items& items) {
  std::vector<Resolved> list;
  for (const auto& item : items) list.emplace_back(Node::borrow(item));
  return list;
}

template <typename Items>
Resolved undeprecated(const FieldCall& call, const Items& items) {
  const bool all = call.flag("includeDeprecated", false);
  std::vector<Resolved> list;
  for (const auto& item : items) {
    if (all || !item.deprecation.deprecated) list.emplace_back(Node::borrow(item));
  }
  return list;
}

Resolved type_nodes(const std::vector<const NamedType*>& types) {
  std::vector<Resolved> list;
  for (const auto* type : types) list.emplace_back(node_of(*type));
  return list;
}

// A wrapper (list, non-null) has only kind and ofType; everything else is null for it.
const NamedType* bare(const FieldCall& call) {
  const auto& type = call.parent<TypeRef>();
  return type.wraps.empty() ? type.named : nullptr;
}

void register_type(Engine& engine) {
  engine.resolve("__Type.kind", [](const FieldCall& call) -> Result<Resolved> {
    const auto& type = call.parent<TypeRef>();
    if (type.non_null()) return Resolved("NON_NULL");
    if (type.list()) return Resolved("LIST");
    return Resolved(kind_name(type.named->kind));
  });
  engine.resolve("__Type.name", [](const FieldCall& call) -> Result<Resolved> {
    const auto* type = bare(call);
    return type != nullptr ? Resolved(type->name) : Resolved();
  });
  engine.resolve("__Type.description", [](const FieldCall& call) -> Result<Resolved> {
    const auto* type = bare(call);
    return type != nullptr ? Resolved(or_null(type->description)) : Resolved();
  });
  engine.resolve("__Type.specifiedByURL", [](const FieldCall& call) -> Result<Resolved> {
    const auto* type = bare(call);
    return type != nullptr ? Resolved(or_null(type->specified_by_url)) : Resolved();
  });
  engine.resolve("__Type.fields", [](const FieldCall& call) -> Result<Resolved> {
    const auto* type = bare(call);
    if (type == nullptr || !type->composite() || type->kind == TypeKind::kUnion) return Resolved();
    return undeprecated(call, type->fields);
  });
  engine.resolve("__Type.interfaces", [](const FieldCall& call) -> Result<Resolved> {
    const auto* type = bare(call);
    if (type == nullptr || !type->composite() || type->kind == TypeKind::kUnion) return Resolved();
    return type_nodes(type->interfaces);
  });
  engine.resolve("__Type.possibleTypes", [](const FieldCall& call) -> Result<Resolved> {
    const auto* type = bare(call);
    if (type == nullptr || !type->abstract()) return Resolved();
    return type_nodes(type->possible_types);
  });
  engine.resolve("__Type.enumValues", [](const FieldCall& call) -> Result<Resolved> {
    const auto* type = bare(call);
    if (type == nullptr || type->kind != TypeKind::kEnum) return Resolved();
    return undeprecated(call, type->values);
  });
  engine.resolve("__Type.inputFields", [](const FieldCall& call) -> Result<Resolved> {
    const auto* type = bare(call);
    if (type == nullptr || type->kind != TypeKind::kInputObject) return Resolved();
    return undeprecated(call, type->input_fields);
  });
  engine.resolve("__Type.ofType", [](const FieldCall& call) -> Result<Resolved> {
    const auto& type = call.parent<TypeRef>();
    if (type.wraps.empty()) return Resolved();
    return Resolved(node_of(type.inner()));
  });
}

// name, description, deprecation: what fields, arguments and enum values have alike.
template <typename T>
void register_common(Engine& engine, const std::string& type) {
  engine.resolve(type + ".name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<T>().name);
  });
  engine.resolve(type + ".description", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(or_null(call.parent<T>().description));
  });
}

template <typename T>
void register_deprecation(Engine& engine, const std::string& type) {
  engine.resolve(type + ".isDeprecated", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<T>().deprecation.deprecated);
  });
  engine.resolve(type + ".deprecationReason", [](const FieldCall& call) -> Result<Resolved> {
    const auto& deprecation = call.parent<T>().deprecation;
    return deprecation.deprecated ? Resolved(deprecation.reason) : Resolved();
  });
}

void register_members(Engine& engine) {
  register_common<Field>(engine, "__Field");
  register_deprecation<Field>(engine, "__Field");
  register_common<InputValue>(engine, "__InputValue");
  register_deprecation<InputValue>(engine, "__InputValue");
  register_common<EnumValue>(engine, "__EnumValue");
  register_deprecation<EnumValue>(engine, "__EnumValue");
  register_common<DirectiveDefinition>(engine, "__Directive");
  engine.resolve("__Field.type", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(node_of(call.parent<Field>().type()));
  });
  engine.resolve("__Field.args", [](const FieldCall& call) -> Result<Resolved> {
    return undeprecated(call, call.parent<Field>().arguments);
  });
  engine.resolve("__InputValue.type", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(node_of(call.parent<InputValue>().type()));
  });
  engine.resolve("__InputValue.defaultValue", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(or_null(call.parent<InputValue>().default_text));
  });
  engine.resolve("__Directive.args", [](const FieldCall& call) -> Result<Resolved> {
    return undeprecated(call, call.parent<DirectiveDefinition>().arguments);
  });
  engine.resolve("__Directive.locations", [](const FieldCall& call) -> Result<Resolved> {
    List list;
    for (const auto& place : call.parent<DirectiveDefinition>().locations) list.push_back(place);
    return Resolved(std::move(list));
  });
  engine.resolve("__Directive.isRepeatable", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<DirectiveDefinition>().repeatable);
  });
}

void register_schema(Engine& engine, const Schema& schema) {
  engine.resolve("__Schema.description", [&schema](const FieldCall&) -> Result<Resolved> {
    return Resolved(or_null(schema.description()));
  });
  engine.resolve("__Schema.types", [&schema](const FieldCall&) -> Result<Resolved> {
    std::vector<Resolved> list;
    for (const auto& type : schema.types()) list.emplace_back(node_of(*type));
    return Resolved(std::move(list));
  });
  engine.resolve("__Schema.queryType", [&schema](const FieldCall&) -> Result<Resolved> {
    return Resolved(node_of(*schema.query()));
  });
  engine.resolve("__Schema.mutationType", [&schema](const FieldCall&) -> Result<Resolved> {
    return schema.mutation() != nullptr ? Resolved(node_of(*schema.mutation())) : Resolved();
  });
  engine.resolve("__Schema.subscriptionType",
                 [](const FieldCall&) -> Result<Resolved> { return Resolved(); });
  engine.resolve("__Schema.directives", [&schema](const FieldCall&) -> Result<Resolved> {
    return nodes(schema.directives());
  });
}

}  // namespace

void register_introspection(Engine& engine, Schema& schema) {
  register_schema(engine, schema);
  register_type(engine);
  register_members(engine);
  schema.schema_field().resolver = [&schema](const FieldCall&) -> Result<Resolved> {
    return Resolved(Node::borrow(static_cast<const Schema&>(schema)));
  };
  schema.type_field().resolver = [&schema](const FieldCall& call) -> Result<Resolved> {
    const auto* type = static_cast<const Schema&>(schema).type(call.text("name"));
    return type != nullptr ? Resolved(node_of(*type)) : Resolved();
  };
}

}  // namespace runstone::graphql
