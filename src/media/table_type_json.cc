// Types as the tables of artifacts spell them: {"wb_type": "union", "params": {...}}.
#include <algorithm>
#include <set>

#include "base/try.h"
#include "media/image.h"
#include "media/table_type.h"

namespace runstone::media {
namespace {

using TypeKind = Type::Kind;

struct PlainName {
  TypeKind kind;
  const char* name;
};
constexpr PlainName kPlainNames[] = {{TypeKind::kInvalid, "invalid"},
                                     {TypeKind::kAny, "any"},
                                     {TypeKind::kUnknown, "unknown"},
                                     {TypeKind::kNone, "none"},
                                     {TypeKind::kString, "string"},
                                     {TypeKind::kNumber, "number"},
                                     {TypeKind::kTimestamp, "timestamp"},
                                     {TypeKind::kBoolean, "boolean"},
                                     {TypeKind::kList, "list"},
                                     {TypeKind::kDict, "typedDict"},
                                     {TypeKind::kUnion, "union"},
                                     {TypeKind::kConst, "const"},
                                     {TypeKind::kArray, "ndarray"},
                                     {TypeKind::kImage, "image-file"},
                                     {TypeKind::kTable, "table"},
                                     {TypeKind::kPythonObject, "pythonObject"},
                                     {TypeKind::kPrimaryKey, "primaryKey"},
                                     {TypeKind::kForeignKey, "foreignKey"},
                                     {TypeKind::kForeignIndex, "foreignIndex"}};

constexpr const char* kImageFacts[] = {"box_layers",     "box_score_keys",  "mask_layers",
                                       "box_class_maps", "mask_class_maps", "class_map"};

Value constant(const Value& value, bool is_set) {
  return Value{{"wb_type", "const"}, {"params", {{"val", value}, {"is_set", is_set}}}};
}

Value map_json(const Type& type, const TypePlaces& places) {
  Dict map;
  for (const auto& [key, part] : type.map) map.set(key, type_json(part, places));
  return Value{{"wb_type", "typedDict"}, {"params", {{"type_map", Value(std::move(map))}}}};
}

Value array_params(const Type& type, const TypePlaces& places) {
  Value place;
  if (!places.array_path.empty()) {
    place = Value{{"path", places.array_path}, {"key", places.array_key}};
  }
  return Value{{"shape", List(type.shape.begin(), type.shape.end())},
               {"serialization_path", place}};
}

Value foreign_params(const Type& type, const TypePlaces& places) {
  Dict params;
  params.set("table", places.table_path ? Value(places.table_path(*type.table)) : Value());
  if (type.kind == TypeKind::kForeignKey) params.set("col_name", type.name);
  return Value(std::move(params));
}

Value image_params(const Type& type) {
  Dict params;
  for (const char* fact : kImageFacts) {
    const Value* value = type.value.get(fact);
    const bool is_set = std::string_view(fact) == "box_score_keys";
    params.set(fact, constant(value != nullptr ? *value : Value(Dict()), is_set));
  }
  return Value(std::move(params));
}

// What a type is made of, beside its name; null if that is all.
Value params_of(const Type& type, const TypePlaces& places) {
  switch (type.kind) {
    case TypeKind::kList:
      return Value{{"element_type", type_json(type.parts[0], places)},
                   {"length", type.length ? Value(*type.length) : Value()}};
    case TypeKind::kUnion: {
      List allowed;
      for (const TypePtr& part : type.parts) allowed.push_back(type_json(part, places));
      return Value{{"allowed_types", Value(std::move(allowed))}};
    }
    case TypeKind::kDict: {
      const Value whole = map_json(type, places);
      return *whole.get("params");
    }
    case TypeKind::kTable:
      return Value{{"column_types", map_json(type, places)}};
    case TypeKind::kConst:
      return Value{{"val", type.value}, {"is_set", type.is_set}};
    case TypeKind::kArray:
      return array_params(type, places);
    case TypeKind::kPythonObject:
      return Value{{"class_name", type.name}};
    case TypeKind::kImage:
      return image_params(type);
    case TypeKind::kForeignKey:
    case TypeKind::kForeignIndex:
      return foreign_params(type, places);
    default:
      return {};
  }
}

std::string name_of(const Type& type) {
  if (type.kind == TypeKind::kMedia) return type.name;
  for (const PlainName& plain : kPlainNames) {
    if (plain.kind == type.kind) return plain.name;
  }
  return "";
}

// --- reading

Failure wrong(const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "the type of a column " + what);
}

const Value* param(const Value& json, const char* name) {
  const Value* params = json.get("params");
  return params == nullptr ? nullptr : params->get(name);
}

Result<std::vector<TypePtr>> types_of(const Value* list) {
  if (list == nullptr || !list->is_list()) return wrong("needs a list of allowed types");
  std::vector<TypePtr> types;
  for (const Value& one : *list->if_list()) {
    RUNSTONE_TRY(TypePtr type, type_from_json(one));
    types.push_back(std::move(type));
  }
  return types;
}

Result<Type> map_from_json(const Value& json, TypeKind kind) {
  Type type;
  type.kind = kind;
  const Value* map = param(json, "type_map");
  if (map == nullptr) return type;
  if (!map->is_dict()) return wrong("needs a dict type_map");
  for (const auto& [key, one] : *map->if_dict()) {
    RUNSTONE_TRY(TypePtr part, type_from_json(one));
    type.map.emplace_back(key, std::move(part));
  }
  return type;
}

Type image_from_json(const Value& json) {
  Dict facts;
  for (const char* fact : kImageFacts) {
    const Value* given = param(json, fact);
    const Value* value = given == nullptr ? nullptr : param(*given, "val");
    if (value == nullptr) value = given;
    if (value != nullptr) facts.set(fact, *value);
  }
  Type type;
  type.kind = TypeKind::kImage;
  type.name = "image-file";
  type.value = merge_image_facts(Value(std::move(facts)), Value(Dict()));
  return type;
}

Result<Type> with_params(TypeKind kind, const Value& json) {
  Type type;
  type.kind = kind;
  switch (kind) {
    case TypeKind::kList: {
      const Value* element = param(json, "element_type");
      TypePtr part = Type::of(TypeKind::kUnknown);
      if (element != nullptr && !element->is_null()) {
        RUNSTONE_TRY(part, type_from_json(*element));
      }
      type.parts.push_back(std::move(part));
      const Value* length = param(json, "length");
      if (length != nullptr && length->is_int()) type.length = *length->if_int();
      return type;
    }
    case TypeKind::kUnion: {
      RUNSTONE_TRY(auto parts, types_of(param(json, "allowed_types")));
      return *Type::one_of(std::move(parts));
    }
    case TypeKind::kDict:
      return map_from_json(json, kind);
    case TypeKind::kTable: {
      const Value* columns = param(json, "column_types");
      return map_from_json(columns == nullptr ? json : *columns, kind);
    }
    case TypeKind::kConst: {
      const Value* value = param(json, "val");
      if (value != nullptr) type.value = *value;
      const Value* is_set = param(json, "is_set");
      type.is_set = is_set != nullptr && is_set->bool_or(false);
      if (type.is_set && !type.value.is_list()) return wrong("needs a list of constants");
      return type;
    }
    case TypeKind::kArray: {
      const Value* shape = param(json, "shape");
      if (shape == nullptr || !shape->is_list()) return wrong("needs a list shape");
      for (const Value& size : *shape->if_list()) type.shape.push_back(size.int_or(0));
      return type;
    }
    case TypeKind::kPythonObject: {
      const Value* name = param(json, "class_name");
      type.name = name == nullptr ? "" : std::string(name->string_or(""));
      return type;
    }
    case TypeKind::kImage:
      return image_from_json(json);
    case TypeKind::kForeignKey:
    case TypeKind::kForeignIndex:
      return wrong("that links to another table is made with that table: set_fk()");
    default:
      return type;
  }
}

// --- facts of images

Value sorted_union(const Value* a, const Value* b) {
  List all;
  for (const Value* list : {a, b}) {
    if (list == nullptr || !list->is_list()) continue;
    for (const Value& value : *list->if_list()) {
      if (std::find(all.begin(), all.end(), value) == all.end()) all.push_back(value);
    }
  }
  std::sort(all.begin(), all.end(), [](const Value& x, const Value& y) {
    if (x.is_number() && y.is_number()) return x.number_or(0) < y.number_or(0);
    return x.is_number() != y.is_number() ? x.is_number() : x.string_or("") < y.string_or("");
  });
  return Value(std::move(all));
}

// Layer by layer; `merge` makes one of both sides' values.
template <typename Merge>
Value merged_layers(const Value* a, const Value* b, const Merge& merge) {
  std::set<std::string> names;
  for (const Value* side : {a, b}) {
    if (side == nullptr || !side->is_dict()) continue;
    for (const auto& [name, value] : *side->if_dict()) names.insert(name);
  }
  Dict merged;
  for (const std::string& name : names) {
    merged.set(name,
               merge(a == nullptr ? nullptr : a->get(name), b == nullptr ? nullptr : b->get(name)));
  }
  return Value(std::move(merged));
}

// Class ids are numbers where they stand alone, text where they are keys.
Value ids_of(const Dict& labels) {
  List ids;
  for (const auto& [id, name] : labels) {
    const bool is_number =
        !id.empty() && id.size() < 18 && id.find_first_not_of("0123456789") == std::string::npos;
    ids.emplace_back(is_number ? Value(std::stoll(id)) : Value(id));
  }
  const Value all(std::move(ids));
  return sorted_union(&all, nullptr);
}

}  // namespace

Value type_json(const TypePtr& type, const TypePlaces& places) {
  Dict json;
  json.set("wb_type", name_of(*type));
  Value params = params_of(*type, places);
  if (params.is_dict() && !params.if_dict()->empty()) json.set("params", std::move(params));
  return Value(std::move(json));
}

Result<TypePtr> type_from_json(const Value& json) {
  const Value* given = json.get("wb_type");
  if (given == nullptr || !given->is_string()) return wrong("needs a wb_type");
  const std::string& name = *given->if_string();
  for (const PlainName& plain : kPlainNames) {
    if (name != plain.name) continue;
    RUNSTONE_TRY(Type type, with_params(plain.kind, json));
    return TypePtr(std::make_shared<const Type>(std::move(type)));
  }
  return Type::media(name);
}

Value image_facts(const Object& object) {
  const ImageOptions& options = static_cast<const ImageObject&>(object).options();
  Dict facts, box_layers, box_maps, mask_layers, mask_maps;
  List scores;
  for (const auto& [name, layer] : options.boxes) {
    const Dict map = labels_of_boxes(layer);
    box_layers.set(name, ids_of(map));
    box_maps.set(name, Value(map));
    for (const Value& box : *layer.get("box_data")->if_list()) {
      const Value* given = box.get("scores");
      if (given == nullptr || !given->is_dict()) continue;
      for (const auto& [score, value] : *given->if_dict()) scores.emplace_back(score);
    }
  }
  for (const auto& [name, mask] : options.masks) {
    const Dict map = labels_of_mask(mask);
    mask_layers.set(name, ids_of(map));
    mask_maps.set(name, Value(map));
  }
  facts.set("box_layers", Value(std::move(box_layers)));
  facts.set("box_score_keys", Value(std::move(scores)));
  facts.set("mask_layers", Value(std::move(mask_layers)));
  facts.set("box_class_maps", Value(std::move(box_maps)));
  facts.set("mask_class_maps", Value(std::move(mask_maps)));
  facts.set("class_map", Value(class_map_of(options)));
  return merge_image_facts(Value(std::move(facts)), Value(Dict()));
}

Value merge_image_facts(const Value& a, const Value& b) {
  const auto first_of = [](const Value* x, const Value* y) { return x != nullptr ? *x : *y; };
  const auto both_maps = [&](const Value* x, const Value* y) {
    return merged_layers(x, y, first_of);
  };
  Dict merged;
  for (const char* fact : {"box_layers", "mask_layers"}) {
    merged.set(fact, merged_layers(a.get(fact), b.get(fact), sorted_union));
  }
  merged.set("box_score_keys", sorted_union(a.get("box_score_keys"), b.get("box_score_keys")));
  for (const char* fact : {"box_class_maps", "mask_class_maps"}) {
    merged.set(fact, merged_layers(a.get(fact), b.get(fact), both_maps));
  }
  merged.set("class_map", merged_layers(a.get("class_map"), b.get("class_map"), first_of));
  return Value(std::move(merged));
}

}  // namespace runstone::media
