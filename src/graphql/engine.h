#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "graphql/node.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::graphql {

class Schema;
struct Selection;
struct ExecutableDocument;

/// What one request carries to every resolver: who asks, which services answer. Derive from it.
class Context {
 public:
  virtual ~Context() = default;
};

/// Bounds on what a document may ask. Every one that is passed answers with an error that names it.
struct Limits {
  std::size_t document_bytes_max = 1 << 20;
  std::size_t tokens_max = 100'000;
  int depth_max = 64;               ///< of braces, brackets and fragments inside fragments
  std::size_t fields_max = 10'000;  ///< with every fragment counted where it is spread
  std::size_t aliases_max = 1'000;  ///< fields under another name than their own, counted likewise
  std::int64_t page_max = 10'000;   ///< of the arguments `first` and `last`
  /// Fields of the answer, if every page is as long as the document asks for.
  std::uint64_t complexity_max = 20'000'000;
  std::size_t errors_max = 50;  ///< of a response; further ones are left out
};

/// One field being resolved: its parent, its arguments, and what the document asks below it.
class FieldCall {
 public:
  FieldCall(const Node& parent, const Dict& arguments, Context& context,
            const std::vector<const Selection*>& fields, const ExecutableDocument& document)
      : parent_(parent),
        arguments_(arguments),
        context_(context),
        fields_(fields),
        document_(document) {}

  /// The object that the field belongs to; a T that the resolver of the parent gave.
  template <typename T>
  const T& parent() const {
    return parent_.as<T>();
  }
  const Node& node() const { return parent_; }

  /// Arguments with their defaults, coerced to the schema's types. One that was left out and has no
  /// default is absent; one given as null is null.
  const Dict& arguments() const { return arguments_; }
  /// The argument, or null if it was left out or given as null.
  const Value* argument(std::string_view name) const;
  std::string_view text(std::string_view name, std::string_view fallback = "") const;
  std::int64_t integer(std::string_view name, std::int64_t fallback) const;
  bool flag(std::string_view name, bool fallback) const;

  template <typename T>
  T& context() const {
    return static_cast<T&>(context_);
  }

  /// True if the document asks for `path` below this field: selects("edges.node.config"). Names are
  /// the schema's, aliases do not matter. A list uses it to fetch in one read what all of its
  /// elements will be asked for.
  bool selects(std::string_view path) const;

 private:
  const Node& parent_;
  const Dict& arguments_;
  Context& context_;
  const std::vector<const Selection*>& fields_;
  const ExecutableDocument& document_;
};

using Resolver = std::function<Result<Resolved>(const FieldCall&)>;

/// A schema with the functions that answer its fields. Built once, then shared by threads.
///
///     auto engine = Engine::create(sdl_text).value();
///     engine.resolve("Query.viewer", [](const FieldCall& call) -> Result<Resolved> { ... });
///     engine.resolve("User.email", ...);
///     const Value response = engine.execute({.document = text, .variables = {...}}, context);
///
/// A field without a resolver is the property of that name in its parent, which then must be a Dict
/// (Resolved(Value)); a property that is not there is null.
class Engine {
 public:
  /// Errors: kInvalidArgument with line and column if the text is no valid schema.
  static Result<Engine> create(std::string_view sdl, Limits limits = {});
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  /// `field` is "Type.name". A name that the schema does not have is a bug: asserts.
  void resolve(std::string_view field, Resolver resolver);

  struct Request {
    std::string_view document;
    std::string_view operation_name;  ///< "" = absent
    Value variables;                  ///< a Dict or null; names that are not declared are ignored
  };
  /// Runs a request to its end on this thread; from any number of threads at once.
  /// {"data": ..., "errors": [...]}; "data" is absent if nothing was run, "errors" if there are
  /// none. Each error has message, locations, path and extensions.code. Contains no NaN: inside a
  /// custom scalar it is the text "NaN".
  Value execute(const Request& request, Context& context) const;

  /// The errors of a document, as execute() would report them, without running it.
  Value validate(std::string_view document) const;

  const Schema& schema() const { return *schema_; }

 private:
  Engine(std::unique_ptr<Schema> schema, Limits limits);

  std::unique_ptr<Schema> schema_;
  Limits limits_;
};

}  // namespace runstone::graphql
