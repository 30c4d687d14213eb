#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "graphql/engine.h"

namespace runstone::graphql::testing_service {

/// A small service with every kind of type, over plain values.
inline constexpr std::string_view kSdl = R"(
"A library."
schema { query: Query mutation: Mutation }

"Any JSON." scalar JSON @specifiedBy(url: "https://json.org")
enum Color { RED GREEN BLUE @deprecated(reason: "use RED") }
interface Named { name: String! }
"""
Somebody who
writes.
"""
type Author implements Named { name: String!  books(first: Int = 2): [Book!]! }
type Book implements Named { name: String!  color: Color  pages: Int  author: Author  old: Int @deprecated }
union Thing = Author | Book
input Filter { color: Color = RED  names: [String!]  not: Filter  min: Int! }
type Query {
  author(id: ID!): Author
  books(filter: Filter, first: Int = 10, after: String): [Book]
  things: [Thing!]!
  named: Named
  echo(int: Int, float: Float, text: String, flag: Boolean, id: ID, json: JSON, list: [Int], matrix: [[Int!]!], color: Color, filter: Filter): JSON
  fail: String
  failHard: String!
  missing: String!
  parent: Query
  strict: Query!
  json: JSON
  number: Float
  bools: [Boolean]
  mixed: [String!]
}
type Mutation { append(text: String!): [String!]! }
)";

class Log : public Context {
 public:
  std::vector<std::string> lines;
};

inline Value author() { return Dict{{"__typename", "Author"}, {"name", "Ada"}}; }
inline Value book() {
  return Dict{{"__typename", "Book"},
              {"name", "Notes"},
              {"color", "RED"},
              {"pages", 3},
              {"author", author()}};
}

inline Engine make_engine(Limits limits = {}) {
  auto engine = Engine::create(kSdl, limits);
  RUNSTONE_ASSERT(engine.has_value());
  engine->resolve("Query.author", [](const FieldCall& call) -> Result<Resolved> {
    if (call.text("id") == "0") return Resolved();
    return Resolved(author());
  });
  engine->resolve("Author.books", [](const FieldCall& call) -> Result<Resolved> {
    List books;
    for (int i = 0; i < call.integer("first", 0); ++i) books.push_back(book());
    return Resolved(std::move(books));
  });
  engine->resolve("Query.books", [](const FieldCall& call) -> Result<Resolved> {
    static_cast<void>(call);
    return Resolved(List{book(), Value(), book()});
  });
  engine->resolve("Query.things", [](const FieldCall&) -> Result<Resolved> {
    return Resolved(List{author(), book()});
  });
  engine->resolve("Query.named",
                  [](const FieldCall&) -> Result<Resolved> { return Resolved(book()); });
  engine->resolve("Query.echo", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Value(call.arguments()));
  });
  const auto fails = [](const FieldCall&) -> Result<Resolved> {
    return fail(ErrorCode::kNotFound, "no such thing");
  };
  engine->resolve("Query.fail", fails);
  engine->resolve("Query.failHard", fails);
  const auto self = [](const FieldCall&) -> Result<Resolved> { return Resolved(Value(Dict())); };
  engine->resolve("Query.parent", self);
  engine->resolve("Query.strict", self);
  engine->resolve("Mutation.append", [](const FieldCall& call) -> Result<Resolved> {
    auto& lines = call.context<Log>().lines;
    lines.emplace_back(call.text("text"));
    List list;
    for (const auto& line : lines) list.push_back(line);
    return Resolved(std::move(list));
  });
  return *std::move(engine);
}

inline std::string run(const Engine& engine, std::string_view document, Value variables = {},
                       std::string_view operation = "") {
  Log log;
  return json::to_text(engine.execute({document, operation, std::move(variables)}, log));
}

/// The messages of a document's errors, one a line.
inline std::string errors_of(const Engine& engine, std::string_view document) {
  std::string text;
  const auto errors = engine.validate(document);
  for (const auto& error : *errors.if_list()) {
    if (!text.empty()) text += '\n';
    text += error.get("message")->string_or("");
  }
  return text;
}

}  // namespace runstone::graphql::testing_service
