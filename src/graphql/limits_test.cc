#include <gtest/gtest.h>

#include <string>

#include "graphql/test_service.h"

namespace runstone::graphql {
namespace {

using testing_service::errors_of;
using testing_service::make_engine;
using testing_service::run;

std::string refusal(const std::string& message, const std::string& code, int column) {
  return R"({"errors":[{"message":")" + message + R"(","locations":[{"line":1,"column":)" +
         std::to_string(column) + R"(}],"extensions":{"code":")" + code + "\"}}]}";
}

TEST(GraphqlLimits, AliasesAreCountedWithFragments) {
  const auto engine = make_engine({.aliases_max = 3});
  EXPECT_EQ(errors_of(engine, "{ a: fail b: fail c: fail fail: fail }"), "");
  const std::string message =
      "Document has more than the 3 aliases allowed. Ask for a list, or in several requests.";
  EXPECT_EQ(errors_of(engine, "{ a: fail b: fail c: fail d: fail }"), message);
  EXPECT_EQ(errors_of(engine,
                      "{ x: parent { ...F } y: parent { ...F } } fragment F on Query { z: fail }"),
            message);
}

TEST(GraphqlLimits, AMillionAliasesAreRefused) {
  std::string many = "{";
  for (int i = 0; i < 1'000'000; ++i) many += "a" + std::to_string(i % 10) + ":fail ";
  EXPECT_EQ(errors_of(make_engine(), many + "}"),
            "Syntax Error: Document is longer than the 1048576 bytes allowed.");
  std::string fewer = "{";
  for (int i = 0; i < 5000; ++i) fewer += " a" + std::to_string(i) + ":fail";
  EXPECT_EQ(errors_of(make_engine(), fewer + "}"),
            "Document has more than the 1000 aliases allowed. Ask for a list, or in several "
            "requests.");
}

TEST(GraphqlLimits, APageOutsideItsBoundsIsNamed) {
  const auto engine = make_engine({.page_max = 20});
  EXPECT_EQ(run(engine, "{ books(first: 20) { name } }").substr(0, 8), R"({"data":)");
  EXPECT_EQ(run(engine, "{ books(first: 21) { name } }"),
            refusal(R"(Argument \"first\" of field \"books\" is 21; a page has 0 to 20 elements.)",
                    "BAD_USER_INPUT", 3));
  EXPECT_EQ(run(engine, "query Q($n: Int = -1) { books(first: $n) { name } }"),
            refusal(R"(Argument \"first\" of field \"books\" is -1; a page has 0 to 20 elements.)",
                    "BAD_USER_INPUT", 25));
  EXPECT_EQ(run(engine, "query Q($n: Int) { books(first: $n) { name } }", Dict{{"n", 500}}),
            refusal(R"(Argument \"first\" of field \"books\" is 500; a page has 0 to 20 elements.)",
                    "BAD_USER_INPUT", 20));
}

TEST(GraphqlLimits, PagesInsidePagesMultiply) {
  const auto engine = make_engine({.complexity_max = 5000});
  const std::string message =
      "Document could answer more than the 5000 fields allowed. Ask for shorter pages, or for "
      "lists inside lists one by one.";
  const std::string nested = "{ books(first: 10) { author { books(first: 100) { name pages } } } }";
  EXPECT_EQ(run(engine, nested).substr(0, 8), R"({"data":)");
  const std::string deeper = "{ books(first: 50) { author { books(first: 100) { name pages } } } }";
  EXPECT_EQ(run(engine, deeper), refusal(message, "BAD_USER_INPUT", 1));
  // A page left open counts as one of 100; a fragment counts wherever it is spread.
  const std::string open =
      "query Q($n: Int) { a: books(first: $n) { ...B } b: books(first: $n) { ...B } } "
      "fragment B on Book { author { books(first: 30) { name } } }";
  EXPECT_EQ(run(engine, open, Dict{{"n", nullptr}}), refusal(message, "BAD_USER_INPUT", 1));
  EXPECT_EQ(run(engine, open, Dict{{"n", 5}}).substr(0, 8), R"({"data":)");
}

TEST(GraphqlLimits, ComplexityOfManyLevelsNeitherOverflowsNorTakesLong) {
  std::string deep = "name";
  for (int i = 0; i < 25; ++i) deep = "author { books(first: 10000) { " + deep + " } }";
  EXPECT_EQ(run(make_engine(), "{ books(first: 10000) { " + deep + " } }").substr(0, 46),
            R"({"errors":[{"message":"Document could answer m)");
}

}  // namespace
}  // namespace runstone::graphql
