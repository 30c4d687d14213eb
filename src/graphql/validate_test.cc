#include "graphql/validate.h"

#include <source_location>

#include <gtest/gtest.h>

#include "graphql/test_service.h"

namespace runstone::graphql {
namespace {

using testing_service::errors_of;
using testing_service::make_engine;

const Engine& engine() {
  static const Engine engine = make_engine();
  return engine;
}

void check(std::string_view document, std::string_view want,
           std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), document);
  EXPECT_EQ(errors_of(engine(), document), want);
}

TEST(GraphqlValidate, FieldsAndSelections) {
  check("{ author(id: 1) { name } }", "");
  check("{ x }", "Cannot query field \"x\" on type \"Query\".");
  check("{ author(id: 1) { x name } }", "Cannot query field \"x\" on type \"Author\".");
  check("{ things { name } }", "Cannot query field \"name\" on type \"Thing\".");
  check("{ things { __typename } __schema { types { name } } }", "");
  check("{ author(id: 1) { __schema { types { name } } } }",
        "Cannot query field \"__schema\" on type \"Author\".");
  check("{ fail { x } }",
        "Field \"fail\" must not have a selection since type \"String\" has no subfields.");
  check("{ author(id: 1) }",
        "Field \"author\" of type \"Author\" must have a selection of subfields. Did you mean "
        "\"author { ... }\"?");
  check("subscription { x }", "Schema is not configured to execute subscription operation.");
}

TEST(GraphqlValidate, Arguments) {
  check("{ author { name } }",
        "Field \"author\" argument \"id\" of type \"ID!\" is required, but it was not provided.");
  check("{ author(id: 1, x: 2) { name } }", "Unknown argument \"x\" on field \"Query.author\".");
  check("{ author(id: 1, id: 2) { name } }", "There can be only one argument named \"id\".");
  check("{ author(id: null) { name } }", "Expected value of type \"ID!\", found null.");
  check("{ books(first: \"a\") { name } }", "Expected value of type \"Int\", found \"a\".");
  check("{ books(first: 3000000000) { name } }",
        "Int cannot represent non 32-bit signed integer value: 3000000000");
  check("{ echo(color: PINK) }", "Value \"PINK\" does not exist in \"Color\" enum.");
  check("{ echo(color: \"RED\") }", "Enum \"Color\" cannot represent non-enum value: \"RED\".");
  check("{ echo(list: [1, \"a\"]) }", "Expected value of type \"Int\", found \"a\".");
  check("{ echo(list: 1, matrix: [[1]], json: {a: [$v]}) }", "Variable \"$v\" is not defined.");
  check("{ books(filter: {}) { name } }",
        "Field \"Filter.min\" of required type \"Int!\" was not provided.");
  check("{ books(filter: {min: 1, x: 2}) { name } }",
        "Field \"x\" is not defined by type \"Filter\".");
  check("{ books(filter: {min: 1, not: {min: 2, names: \"one\"}}) { name } }", "");
}

TEST(GraphqlValidate, Variables) {
  check("query ($id: ID!) { author(id: $id) { name } }", "");
  check("query Q { author(id: $id) { name } }",
        "Variable \"$id\" is not defined by operation \"Q\".");
  check("query ($id: ID) { author(id: $id) { name } }",
        "Variable \"$id\" of type \"ID\" used in position expecting type \"ID!\".");
  check("query ($id: ID = \"1\") { author(id: $id) { name } }", "");
  check("query ($id: String!) { author(id: $id) { name } }",
        "Variable \"$id\" of type \"String!\" used in position expecting type \"ID!\".");
  check("query ($v: [Int!]!) { echo(list: $v, matrix: [$v]) }", "");
  check("query ($v: [Int]) { echo(matrix: [$v]) }",
        "Variable \"$v\" of type \"[Int]\" used in position expecting type \"[Int!]!\".");
  check("query ($v: Nothing) { fail }", "Unknown type \"Nothing\".");
  check("query ($v: Author) { fail }", "Variable \"$v\" cannot be non-input type \"Author\".");
  check("query ($v: Int = \"a\") { fail }", "Expected value of type \"Int\", found \"a\".");
  check("query ($v: Int, $v: Int) { fail }", "There can be only one variable named \"$v\".");
  check("query ($v: Boolean!) { fail @include(if: $v) ...F } fragment F on Query { echo(int: $w) }",
        "Variable \"$w\" is not defined.");
  check("query ($unused: Int) { fail }", "");
  check("query ($any: Int) { echo(json: [$any, {a: $any}]) }", "");
}

TEST(GraphqlValidate, FragmentsAndDirectives) {
  check("{ ...F }", "Unknown fragment \"F\".");
  check("{ ...F } fragment F on Nothing { x }", "Unknown type \"Nothing\".");
  check("{ ...F } fragment F on Color { x }",
        "Fragment \"F\" cannot condition on non composite type \"Color\".");
  check("{ ...F } fragment F on Author { name }",
        "Fragment \"F\" cannot be spread here as objects of type \"Query\" can never be of type "
        "\"Author\".");
  check("{ things { ... on Named { name } ... on Query { fail } } }",
        "Fragment cannot be spread here as objects of type \"Thing\" can never be of type "
        "\"Query\".");
  check("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "Cannot spread fragment \"A\" within itself via \"B\".");
  check("{ fail } fragment A on Query { parent { ...A } }",
        "Cannot spread fragment \"A\" within itself.");
  check("{ fail } fragment A on Query { fail } fragment A on Query { fail }",
        "There can be only one fragment named \"A\".");
  check("{ fail } fragment Unused on Query { fail }", "");
  check("query A { fail } query A { fail }", "There can be only one operation named \"A\".");
  check("{ fail } query A { fail }",
        "This anonymous operation must be the only defined operation.");
  check("fragment A on Query { fail }", "Document contains no operation.");
  check("{ fail @x }", "Unknown directive \"@x\".");
  check("query @skip(if: true) { fail }", "Directive \"@skip\" may not be used on QUERY.");
  check("{ fail @skip(if: true) @skip(if: true) }",
        "The directive \"@skip\" can only be used once at this location.");
  check("{ fail @skip }",
        "Directive \"@skip\" argument \"if\" of type \"Boolean!\" is required, but it was not "
        "provided.");
  check("{ fail @skip(if: true, x: 1) }", "Unknown argument \"x\" on directive \"@skip\".");
}

constexpr std::string_view kAdvice =
    ". Use different aliases on the fields to fetch both if this was intentional.";

TEST(GraphqlValidate, FieldsUnderOneKeyMustBeTheSame) {
  const std::string advice(kAdvice);
  check("{ a: fail a: fail }", "");
  check("{ a: fail a: failHard }",
        "Fields \"a\" conflict because they return conflicting types \"String\" and \"String!\"" +
            advice);
  check("{ a: fail ...F } fragment F on Query { a: failHard }",
        "Fields \"a\" conflict because they return conflicting types \"String\" and \"String!\"" +
            advice);
  check("{ strict { a: missing a: failHard } }",
        "Fields \"a\" conflict because \"missing\" and \"failHard\" are different fields" + advice);
  check("{ a: author(id: 1) { name } a: author(id: 2) { name } }",
        "Fields \"a\" conflict because they have differing arguments" + advice);
  check("{ parent { a: missing } parent { a: failHard } }",
        "Fields \"a\" conflict because \"missing\" and \"failHard\" are different fields" + advice);
  check("{ things { ... on Author { a: name } ... on Book { a: name } } }", "");
  check("{ things { ... on Author { a: name } ... on Book { a: pages } } }",
        "Fields \"a\" conflict because they return conflicting types \"String!\" and \"Int\"" +
            advice);
}

TEST(GraphqlValidate, LimitsAreNamed) {
  // A chain of fragments is nesting, too, and its walk must not depend on its length.
  std::string chain = "{ ...F0 }";
  for (int i = 0; i < 5000; ++i) {
    chain += " fragment F" + std::to_string(i) + " on Query { ...F" + std::to_string(i + 1) + " }";
  }
  chain += " fragment F5000 on Query { fail }";
  check(chain, "Document is nested deeper than the 64 levels allowed.");

  // Each fragment doubles the one before: 2^30 fields in a small text.
  std::string doubling = "{ ...F0 }";
  for (int i = 0; i < 30; ++i) {
    const auto next = std::to_string(i + 1);
    doubling += " fragment F" + std::to_string(i) + " on Query { a: parent { ...F" + next +
                " } b: parent { ...F" + next + " } }";
  }
  doubling += " fragment F30 on Query { fail }";
  check(doubling,
        "Document asks for more than the 10000 fields allowed, counting every fragment where it is "
        "spread.");

  std::string wide = "{";
  for (int i = 0; i < 10'001; ++i) wide += " a" + std::to_string(i) + ":fail";
  check(wide + "}",
        "Document asks for more than the 10000 fields allowed, counting every fragment where it is "
        "spread.");

  const std::string large = "{ fail } #" + std::string(1 << 20, 'x');
  check(large, "Syntax Error: Document is longer than the 1048576 bytes allowed.");
}

TEST(GraphqlValidate, ManyErrorsAreCutOff) {
  std::string many = "{";
  for (int i = 0; i < 200; ++i) many += " x" + std::to_string(i);
  const auto errors = engine().validate(many + "}");
  EXPECT_EQ(errors.if_list()->size(), 50u);
}

TEST(GraphqlValidate, ManyEqualFieldsAreCheckedInLinearTime) {
  std::string many = "{";
  for (int i = 0; i < 3000; ++i) many += " parent { fail }";
  check(many + "}", "");
}

}  // namespace
}  // namespace runstone::graphql
