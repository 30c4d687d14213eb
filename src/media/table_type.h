#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "media/node.h"
#include "runstone/value.h"

namespace runstone::media {

struct Type;
using TypePtr = std::shared_ptr<const Type>;

/// What may stand in a column. Immutable: assigning a value gives the type that takes it, too.
/// Follows the type system of the stock client's tables, so that both write the same of one table.
struct Type {
  enum class Kind {
    kInvalid,
    kAny,
    kUnknown,
    kNone,
    kString,
    kNumber,
    kTimestamp,
    kBoolean,
    kList,
    kDict,
    kUnion,
    kConst,
    kArray,
    kPythonObject,
    kMedia,  // a file of the `_type` that is its name
    kImage,  // the same, with its layers and classes
    kTable,  // a table in a cell, with its columns' types
    kPrimaryKey,
    kForeignKey,
    kForeignIndex
  };

  Kind kind = Kind::kUnknown;
  std::vector<TypePtr> parts;                        // kUnion: sorted by text; kList: the elements'
  std::vector<std::pair<std::string, TypePtr>> map;  // kDict, kTable: by key
  std::optional<std::int64_t> length;                // kList
  std::vector<std::int64_t> shape;                   // kArray
  std::string name;               // class of a kPythonObject, `_type` of a kMedia, column of a key
  std::shared_ptr<Object> table;  // kForeignKey, kForeignIndex
  Value value;                    // kConst; the layers of a kImage
  bool is_set = false;            // kConst

  static TypePtr of(Kind kind);  // of one without further facts
  static TypePtr one_of(std::vector<TypePtr> types);
  static TypePtr optional(TypePtr type);
  static TypePtr list(TypePtr element, std::optional<std::int64_t> length);
  static TypePtr dict(std::vector<std::pair<std::string, TypePtr>> map);
  static TypePtr media(std::string name);
  static TypePtr foreign_key(std::shared_ptr<Object> table, std::string column);
  static TypePtr foreign_index(std::shared_ptr<Object> table);
};

/// The type of a value alone.
TypePtr type_of(const Node& node);
/// The type that takes what `type` takes, and the value; null if `type` does not take it.
TypePtr assign(const TypePtr& type, const Node& node);
TypePtr assign_type(const TypePtr& type, const TypePtr& other);

bool same_type(const TypePtr& a, const TypePtr& b);
/// "None or Number": for people, and what unions are sorted by.
std::string to_text(const TypePtr& type);

/// What an artifact's table says of a type beside it: where arrays are, and foreign tables.
struct TypePlaces {
  std::string array_path, array_key;                           ///< of the arrays of this column
  std::function<std::string(const Object& table)> table_path;  ///< entry of a foreign table
};
Value type_json(const TypePtr& type, const TypePlaces& places);
Result<TypePtr> type_from_json(const Value& json);

/// The facts of an image that are part of its type: names of its layers, scores and classes.
Value image_facts(const Object& image);
/// Both images' facts.
Value merge_image_facts(const Value& a, const Value& b);

}  // namespace runstone::media
