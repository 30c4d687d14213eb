#include "media/table_type.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/try.h"
#include "media/object.h"
#include "media/table_object.h"

namespace runstone::media {
namespace {

using TypeKind = Type::Kind;

TypePtr made(Type type) { return std::make_shared<const Type>(std::move(type)); }

void flatten(const std::vector<TypePtr>& types, std::vector<TypePtr>& flat) {
  for (const TypePtr& type : types) {
    if (type->kind == TypeKind::kUnion) {
      flatten(type->parts, flat);
    } else {
      flat.push_back(type);
    }
  }
}

bool is_none(const Node& node) {
  if (node.if_is<std::nullptr_t>() != nullptr) return true;
  const double* number = node.if_is<double>();
  return number != nullptr && std::isnan(*number);  // as data frames write what is missing
}

// The one of the allowed types that takes what is assigned becomes what assigning gives; an unknown
// one becomes the type of what none of them takes.
template <typename AssignTo>
TypePtr assign_to_union(const Type& type, const TypePtr& fresh, const AssignTo& assign_to) {
  std::vector<TypePtr> parts;
  bool taken = false;
  std::size_t unknown = 0;
  for (const TypePtr& allowed : type.parts) {
    if (!taken && allowed->kind == TypeKind::kUnknown) {
      ++unknown;
      continue;
    }
    TypePtr next = taken ? nullptr : assign_to(allowed);
    taken = taken || next != nullptr;
    parts.push_back(next != nullptr ? std::move(next) : allowed);
  }
  if (!taken) {
    if (unknown == 0 || fresh == nullptr || fresh->kind == TypeKind::kNone) return nullptr;
    parts.push_back(fresh);
    --unknown;
  }
  for (; unknown > 0; --unknown) parts.push_back(Type::of(TypeKind::kUnknown));
  return Type::one_of(std::move(parts));
}

const TypePtr* find_in(const std::vector<std::pair<std::string, TypePtr>>& map,
                       const std::string& key) {
  for (const auto& [name, type] : map) {
    if (name == key) return &type;
  }
  return nullptr;
}

TypePtr assign_list(const Type& type, const Node::NodeList& items) {
  TypePtr element = type.parts[0];
  for (const Node& item : items) {
    element = assign(element, item);
    if (element == nullptr) return nullptr;
  }
  return Type::list(std::move(element), static_cast<std::int64_t>(items.size()));
}

TypePtr assign_dict(const Type& type, const Node::NodeDict& items) {
  for (const auto& [key, item] : items) {
    if (find_in(type.map, key) == nullptr) return nullptr;
  }
  const Node none;
  std::vector<std::pair<std::string, TypePtr>> map;
  for (const auto& [key, expected] : type.map) {
    const auto given = std::find_if(items.begin(), items.end(),
                                    [&](const auto& item) { return item.first == key; });
    TypePtr next = assign(expected, given == items.end() ? none : given->second);
    if (next == nullptr) return nullptr;
    map.emplace_back(key, std::move(next));
  }
  return Type::dict(std::move(map));
}

TypePtr assign_map(const Type& type, const Type& other) {
  for (const auto& [key, given] : other.map) {
    if (find_in(type.map, key) == nullptr) return nullptr;
  }
  Type merged = type;
  for (auto& [key, expected] : merged.map) {
    const TypePtr* given = find_in(other.map, key);
    expected = assign_type(expected, given == nullptr ? Type::of(TypeKind::kUnknown) : *given);
    if (expected == nullptr) return nullptr;
  }
  return made(std::move(merged));
}

TypePtr type_of_object(const std::shared_ptr<Object>& object) {
  Type type;
  switch (object->kind()) {
    case runstone::media::Kind::kImage:
      type.kind = TypeKind::kImage;
      type.value = image_facts(*object);
      return made(std::move(type));
    case runstone::media::Kind::kTable:
      type.kind = TypeKind::kTable;
      type.map = static_cast<const TableObject&>(*object).column_types();
      return made(std::move(type));
    case runstone::media::Kind::kPlotly:
    case runstone::media::Kind::kHistogram:
      type.kind = TypeKind::kPythonObject;
      type.name = std::string(class_name(*object));
      return made(std::move(type));
    default:
      return Type::media(std::string(object->type()));
  }
}

TypePtr type_of_list(const Node::NodeList& items) {
  const bool has_none = std::any_of(items.begin(), items.end(), [](const Node& item) {
    return item.if_is<std::nullptr_t>() != nullptr;
  });
  const TypePtr unknown = Type::of(TypeKind::kUnknown);
  TypePtr element = has_none ? Type::optional(unknown) : unknown;
  for (const Node& item : items) {
    element = assign(element, item);
    // The list is kept, as one of no known type: whoever logs must not be stopped by it.
    if (element == nullptr) return Type::list(Type::of(TypeKind::kInvalid), items.size());
  }
  return Type::list(std::move(element), static_cast<std::int64_t>(items.size()));
}

}  // namespace

// --- making

TypePtr Type::of(TypeKind kind) {
  static const std::vector<TypePtr> plain = [] {
    std::vector<TypePtr> types;
    for (int i = 0; i <= static_cast<int>(TypeKind::kForeignIndex); ++i) {
      Type type;
      type.kind = static_cast<Kind>(i);
      types.push_back(made(std::move(type)));
    }
    return types;
  }();
  return plain[static_cast<std::size_t>(kind)];
}

TypePtr Type::one_of(std::vector<TypePtr> types) {
  Type type;
  type.kind = TypeKind::kUnion;
  flatten(types, type.parts);
  std::stable_sort(type.parts.begin(), type.parts.end(),
                   [](const TypePtr& a, const TypePtr& b) { return to_text(a) < to_text(b); });
  return made(std::move(type));
}

TypePtr Type::optional(TypePtr type) { return one_of({std::move(type), of(TypeKind::kNone)}); }

TypePtr Type::list(TypePtr element, std::optional<std::int64_t> length) {
  Type type;
  type.kind = TypeKind::kList;
  type.parts.push_back(std::move(element));
  type.length = length;
  return made(std::move(type));
}

TypePtr Type::dict(std::vector<std::pair<std::string, TypePtr>> map) {
  Type type;
  type.kind = TypeKind::kDict;
  type.map = std::move(map);
  return made(std::move(type));
}

TypePtr Type::media(std::string name) {
  Type type;
  type.kind = name == "image-file" ? TypeKind::kImage : TypeKind::kMedia;
  if (type.kind == TypeKind::kImage) type.value = merge_image_facts(Value(Dict()), Value(Dict()));
  type.name = std::move(name);
  return made(std::move(type));
}

TypePtr Type::foreign_key(std::shared_ptr<Object> table, std::string column) {
  Type type;
  type.kind = TypeKind::kForeignKey;
  type.table = std::move(table);
  type.name = std::move(column);
  return made(std::move(type));
}

TypePtr Type::foreign_index(std::shared_ptr<Object> table) {
  Type type;
  type.kind = TypeKind::kForeignIndex;
  type.table = std::move(table);
  return made(std::move(type));
}

// --- assigning

TypePtr type_of(const Node& node) {
  if (is_none(node)) return Type::of(TypeKind::kNone);
  if (node.if_is<bool>() != nullptr) return Type::of(TypeKind::kBoolean);
  if (node.if_is<std::int64_t>() != nullptr || node.if_is<double>() != nullptr) {
    return Type::of(TypeKind::kNumber);
  }
  if (node.if_is<std::string>() != nullptr) return Type::of(TypeKind::kString);
  if (node.if_is<Timestamp>() != nullptr) return Type::of(TypeKind::kTimestamp);
  if (const auto* object = node.if_is<std::shared_ptr<Object>>()) return type_of_object(*object);
  if (const auto* items = node.if_is<Node::NodeList>()) return type_of_list(*items);
  Type type;
  if (const auto* array = node.if_is<std::shared_ptr<const NumberArray>>()) {
    type.kind = TypeKind::kArray;
    type.shape = (*array)->shape;
  } else if (const auto* foreign = node.if_is<Node::Foreign>()) {
    type.kind = TypeKind::kPythonObject;
    type.name = foreign->class_name;
  } else if (const auto* items = node.if_is<Node::NodeDict>()) {
    type.kind = TypeKind::kDict;
    for (const auto& [key, item] : *items) type.map.emplace_back(key, type_of(item));
  }
  return made(std::move(type));
}

TypePtr assign(const TypePtr& type, const Node& node) {
  switch (type->kind) {
    case TypeKind::kUnion:
      return assign_to_union(*type, type_of(node),
                             [&](const TypePtr& allowed) { return assign(allowed, node); });
    case TypeKind::kList:
      if (const auto* items = node.if_is<Node::NodeList>()) return assign_list(*type, *items);
      return nullptr;
    case TypeKind::kDict:
      if (const auto* items = node.if_is<Node::NodeDict>()) return assign_dict(*type, *items);
      return nullptr;
    case TypeKind::kConst: {
      const Value value = plain_value(node);
      if (!type->is_set) return same_value(type->value, value) ? type : nullptr;
      const List& allowed = *type->value.if_list();
      return std::any_of(allowed.begin(), allowed.end(),
                         [&](const Value& one) { return same_value(one, value); })
                 ? type
                 : nullptr;
    }
    default:
      return assign_type(type, type_of(node));
  }
}

TypePtr assign_type(const TypePtr& type, const TypePtr& other) {
  const TypeKind given = other->kind;
  const auto if_same = [&](bool same) { return same ? type : nullptr; };
  switch (type->kind) {
    case TypeKind::kInvalid:
      return nullptr;
    case TypeKind::kAny:
      return if_same(given != TypeKind::kNone && given != TypeKind::kInvalid);
    case TypeKind::kUnknown:
      return given == TypeKind::kNone ? nullptr : other;
    case TypeKind::kUnion: {
      TypePtr merged = type;
      for (const TypePtr& one :
           given == TypeKind::kUnion ? other->parts : std::vector<TypePtr>{other}) {
        merged = assign_to_union(*merged, one,
                                 [&](const TypePtr& allowed) { return assign_type(allowed, one); });
        if (merged == nullptr) return nullptr;
      }
      return merged;
    }
    case TypeKind::kList: {
      if (given != TypeKind::kList) return nullptr;
      TypePtr element = assign_type(type->parts[0], other->parts[0]);
      if (element == nullptr) return nullptr;
      return Type::list(std::move(element),
                        type->length == other->length ? type->length : std::nullopt);
    }
    case TypeKind::kDict:
    case TypeKind::kTable:
      return given == type->kind ? assign_map(*type, *other) : nullptr;
    case TypeKind::kArray:
      return if_same(given == TypeKind::kList ||
                     (given == TypeKind::kArray && type->shape == other->shape));
    case TypeKind::kImage: {
      if (given != TypeKind::kImage) return nullptr;
      Value facts = merge_image_facts(type->value, other->value);
      if (facts == type->value) return type;
      Type merged = *type;
      merged.value = std::move(facts);
      return made(std::move(merged));
    }
    case TypeKind::kPrimaryKey:
      return if_same(given == TypeKind::kString || given == TypeKind::kPrimaryKey);
    case TypeKind::kForeignKey:
      return if_same(given == TypeKind::kString || same_type(type, other));
    case TypeKind::kForeignIndex:
      return if_same(given == TypeKind::kNumber || same_type(type, other));
    default:
      return if_same(same_type(type, other));
  }
}

bool same_type(const TypePtr& a, const TypePtr& b) {
  if (a == b) return true;
  if (a->kind != b->kind || a->parts.size() != b->parts.size() || a->map.size() != b->map.size() ||
      a->length != b->length || a->shape != b->shape || a->table != b->table ||
      a->is_set != b->is_set || a->value != b->value) {
    return false;
  }
  if (a->kind != TypeKind::kImage && a->name != b->name) return false;
  for (std::size_t i = 0; i < a->parts.size(); ++i) {
    if (!same_type(a->parts[i], b->parts[i])) return false;
  }
  return std::all_of(a->map.begin(), a->map.end(), [&](const auto& item) {
    const TypePtr* other = find_in(b->map, item.first);
    return other != nullptr && same_type(item.second, *other);
  });
}

std::string to_text(const TypePtr& type) {
  const auto joined = [](const std::vector<std::int64_t>& numbers) {
    std::string text;
    for (const std::int64_t number : numbers) {
      text += (text.empty() ? "" : ", ") + std::to_string(number);
    }
    return "[" + text + "]";
  };
  switch (type->kind) {
    case TypeKind::kInvalid:
      return "Invalid";
    case TypeKind::kAny:
      return "Any";
    case TypeKind::kUnknown:
      return "Unknown";
    case TypeKind::kNone:
      return "None";
    case TypeKind::kString:
      return "String";
    case TypeKind::kNumber:
      return "Number";
    case TypeKind::kTimestamp:
      return "Timestamp";
    case TypeKind::kBoolean:
      return "Boolean";
    case TypeKind::kList:
      return to_text(type->parts[0]) + "[]";
    case TypeKind::kDict:
    case TypeKind::kTable: {
      std::string text;
      for (const auto& [key, part] : type->map) {
        text += (text.empty() ? "'" : ", '") + key + "': " + to_text(part);
      }
      return type->kind == TypeKind::kDict ? "{" + text + "}"
                                           : "Table(column_types:{" + text + "})";
    }
    case TypeKind::kUnion: {
      std::string text;
      for (const TypePtr& part : type->parts) text += (text.empty() ? "" : " or ") + to_text(part);
      return text;
    }
    case TypeKind::kConst:
      return type->value.is_string() ? *type->value.if_string() : json::to_text(type->value);
    case TypeKind::kArray:
      return "Ndarray(shape:" + joined(type->shape) + ")";
    case TypeKind::kPythonObject:
      return "Pythonobject(class_name:" + type->name + ")";
    case TypeKind::kImage:
      return "Image-file";
    case TypeKind::kMedia: {
      std::string name = type->name;
      if (!name.empty() && name[0] >= 'a' && name[0] <= 'z')
        name[0] = static_cast<char>(name[0] - 32);
      return name;
    }
    case TypeKind::kPrimaryKey:
      return "Primarykey";
    case TypeKind::kForeignKey:
      return "Foreignkey(col_name:" + type->name + ")";
    case TypeKind::kForeignIndex:
      return "Foreignindex";
  }
  return "";
}

}  // namespace runstone::media

namespace runstone {

using media::Type;

ColumnType::ColumnType() : type_(Type::of(Type::Kind::kUnknown)) {}
ColumnType ColumnType::any() { return ColumnType(Type::of(Type::Kind::kAny)); }
ColumnType ColumnType::number() { return ColumnType(Type::of(Type::Kind::kNumber)); }
ColumnType ColumnType::string() { return ColumnType(Type::of(Type::Kind::kString)); }
ColumnType ColumnType::boolean() { return ColumnType(Type::of(Type::Kind::kBoolean)); }
ColumnType ColumnType::timestamp() { return ColumnType(Type::of(Type::Kind::kTimestamp)); }
ColumnType ColumnType::list_of(const ColumnType& element) {
  return ColumnType(Type::list(element.type_, std::nullopt));
}
ColumnType ColumnType::one_of(const std::vector<ColumnType>& types) {
  std::vector<media::TypePtr> parts;
  for (const ColumnType& type : types) parts.push_back(type.type_);
  return ColumnType(Type::one_of(std::move(parts)));
}
ColumnType ColumnType::optional(const ColumnType& type) {
  return ColumnType(Type::optional(type.type_));
}
ColumnType ColumnType::media(std::string_view type) {
  return ColumnType(Type::media(std::string(type)));
}
Result<ColumnType> ColumnType::from_json(const Value& json) {
  RUNSTONE_TRY(media::TypePtr type, media::type_from_json(json));
  return ColumnType(std::move(type));
}
Value ColumnType::to_json() const { return media::type_json(type_, {}); }
std::string ColumnType::to_text() const { return media::to_text(type_); }
bool operator==(const ColumnType& a, const ColumnType& b) {
  return media::same_type(a.type_, b.type_);
}

}  // namespace runstone
