#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runstone/table.h"

namespace runstone::media {

class Object;

/// What a cell of a table holds when it is more than a number or a text: lists and dicts with
/// anything inside, media, moments, arrays.
struct Node {
  using NodeList = std::vector<Node>;
  using NodeDict = std::vector<std::pair<std::string, Node>>;
  /// An object of the user's language that has no type of its own here: its class, and what is
  /// stored for it.
  struct Foreign {
    std::string class_name;
    std::shared_ptr<const Node> value;
  };

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Timestamp, NodeList,
               NodeDict, std::shared_ptr<Object>, std::shared_ptr<const NumberArray>, Foreign>
      data = nullptr;

  static Node of(const Value& value);
  template <typename T>
  const T* if_is() const {
    return std::get_if<T>(&data);
  }
};

/// A value as a node reads it; media become the name of their class, moments ISO 8601 text, arrays
/// nested lists.
Value plain_value(const Node& node);

/// ISO 8601 as Python's isoformat() writes it.
std::string iso_text(const Timestamp& moment);
/// Milliseconds since 1970 UTC, cut towards zero.
std::int64_t unix_ms(const Timestamp& moment);
/// The number of elements; 0 if a size is negative or there are more than fit.
std::size_t element_count(const NumberArray& array);
/// kInvalidArgument unless the bytes are as many as shape and dtype say.
Result<void> check_array(const NumberArray& array);
/// The elements as nested lists of numbers (or bools).
Value nested_lists(const NumberArray& array);

/// What users call the class of a media: "Image".
std::string_view class_name(const Object& object);

}  // namespace runstone::media
