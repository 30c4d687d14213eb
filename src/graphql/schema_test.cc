#include "graphql/schema.h"

#include <source_location>

#include <gtest/gtest.h>

namespace runstone::graphql {
namespace {

void check(std::string_view sdl, std::string_view want,
           std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), sdl);
  const auto schema = Schema::build(sdl);
  EXPECT_EQ(schema ? "" : schema.error().message, want);
}

TEST(GraphqlSchema, NamesWhatIsWrong) {
  check("type Query { a: Int }", "");
  check("type A { a: Int }", "schema: there is no type Query");
  check("type Query { a: Nothing }", "schema line 1: unknown type Nothing");
  check("type Query { a: Int a: Int }", "schema line 1: field Query.a is defined twice");
  check("type Query { a: Int }\ntype Query { b: Int }",
        "schema line 2: type Query is defined twice");
  check("type Query { a: I } input I { a: Int }",
        "schema line 1: Query.a cannot give an input type");
  check("type Query { a(b: Query): Int }", "schema line 1: b cannot take an output type");
  check("type Query { a(b: Int = \"x\"): Int }",
        "schema line 1: Expected value of type \"Int\", found \"x\".");
  check("type Query implements N { a: Int } interface N { n: Int }",
        "schema: Query does not give the field N.n");
  check("type Query implements N { n: String } interface N { n: Int }",
        "schema: Query does not give the field N.n");
  check("type Query implements N { n: Int! } interface N { n: Int }", "");
  check("type Query implements N { n: Int } interface N { n: Int! }",
        "schema: Query does not give the field N.n");
  check("type Query { a: U } union U = Int", "schema line 1: Int is no object type");
  check("extend type Q { a: Int } type Query { a: Int }", "schema line 1: cannot extend Q");
  check("type Query { a: }", "schema line 1: Syntax Error: Expected Name, found \"}\".");
}

TEST(GraphqlSchema, ExtensionsAddFields) {
  const auto schema =
      Schema::build("type Query { a: Int } extend type Query { b(x: [E!] = [A]): E } enum E { A }");
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  const auto* field = (*schema)->query()->field("b");
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(field->arguments.at(0).type().to_string(), "[E!]");
  EXPECT_EQ(*field->arguments.at(0).default_value, Value(List{"A"}));
  EXPECT_FALSE(field->arguments.at(0).required());
}

}  // namespace
}  // namespace runstone::graphql
