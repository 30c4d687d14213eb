#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "runstone/value.h"

namespace runstone::graphql {

/// An object between its own resolver and those of its fields: a C++ value of any type, shared with
/// whoever else holds it, and the GraphQL type it is where the schema says interface or union.
class Node {
 public:
  Node() = default;
  template <typename T>
  explicit Node(std::shared_ptr<const T> object, std::string type_name = "")
      : object_(std::move(object)), type_(&typeid(T)), type_name_(std::move(type_name)) {}

  /// Copies or moves `object` into a node.
  template <typename T>
  static Node of(T object, std::string type_name = "") {
    return Node(std::shared_ptr<const T>(std::make_shared<const T>(std::move(object))),
                std::move(type_name));
  }
  /// Borrows `object`, which outlives the request.
  template <typename T>
  static Node borrow(const T& object, std::string type_name = "") {
    return Node(std::shared_ptr<const T>(std::shared_ptr<void>(), &object), std::move(type_name));
  }

  bool empty() const { return type_ == nullptr; }
  template <typename T>
  const T* if_a() const {
    return type_ != nullptr && *type_ == typeid(T) ? static_cast<const T*>(object_.get()) : nullptr;
  }
  /// The object; that it is a T is the agreement between two resolvers, so anything else is a bug.
  template <typename T>
  const T& as() const {
    RUNSTONE_ASSERT(if_a<T>() != nullptr);
    return *static_cast<const T*>(object_.get());
  }
  /// The object's name in the schema, "" if the field's type says it already.
  const std::string& type_name() const { return type_name_; }

 private:
  std::shared_ptr<const void> object_;
  const std::type_info* type_ = nullptr;
  std::string type_name_;
};

/// What a resolver gives: a plain value (scalars; Dicts whose properties are the fields; lists of
/// both), an object, or a list of either.
class Resolved {
 public:
  Resolved() : data_(Value()) {}
  Resolved(std::nullptr_t) : data_(Value()) {}
  Resolved(Node node) : data_(std::move(node)) {}
  Resolved(std::vector<Resolved> list) : data_(std::move(list)) {}
  template <typename T, std::enable_if_t<std::is_constructible_v<Value, T&&> &&
                                             !std::is_same_v<std::decay_t<T>, Node> &&
                                             !std::is_same_v<std::decay_t<T>, Resolved> &&
                                             !std::is_same_v<std::decay_t<T>, std::nullptr_t>,
                                         int> = 0>
  Resolved(T&& value) : data_(Value(std::forward<T>(value))) {}

  const Value* if_value() const { return std::get_if<Value>(&data_); }
  Value* if_value() { return std::get_if<Value>(&data_); }
  const Node* if_node() const { return std::get_if<Node>(&data_); }
  const std::vector<Resolved>* if_list() const {
    return std::get_if<std::vector<Resolved>>(&data_);
  }
  std::vector<Resolved>* if_list() { return std::get_if<std::vector<Resolved>>(&data_); }

 private:
  std::variant<Value, Node, std::vector<Resolved>> data_;
};

}  // namespace runstone::graphql
