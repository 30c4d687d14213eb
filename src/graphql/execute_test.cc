#include "graphql/execute.h"

#include <limits>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "graphql/test_service.h"

namespace runstone::graphql {
namespace {

using testing_service::Log;
using testing_service::make_engine;
using testing_service::run;

TEST(GraphqlExecute, AnswersInTheOrderAndUnderTheNamesOfTheDocument) {
  const auto engine = make_engine();
  EXPECT_EQ(run(engine, R"({
      b: author(id: "1") { n: name  name  __typename }
      a: author(id: "0") { name }
    })"),
            R"({"data":{"b":{"n":"Ada","name":"Ada","__typename":"Author"},"a":null}})");
}

TEST(GraphqlExecute, MergesFragmentsAndSelectsByType) {
  const auto engine = make_engine();
  EXPECT_EQ(
      run(engine, R"(
      query { things { __typename ...N ... on Book { pages } ... { __typename } } named { ...N } }
      fragment N on Named { name ... on Book { author { name } author { books(first: 1) { pages } } } })"),
      R"({"data":{"things":[{"__typename":"Author","name":"Ada"},)"
      R"({"__typename":"Book","name":"Notes","author":{"name":"Ada","books":[{"pages":3}]},)"
      R"("pages":3}],"named":{"name":"Notes","author":{"name":"Ada","books":[{"pages":3}]}}}})");
}

TEST(GraphqlExecute, IncludeAndSkipTakeVariables) {
  const auto engine = make_engine();
  const auto document = R"(query ($on: Boolean = true, $off: Boolean!) {
      a: number @include(if: $on)  b: number @include(if: $off)
      c: number @skip(if: $on)     d: number @skip(if: $off)
      ... @include(if: $off) { e: number }
      ...F @skip(if: $on)
    } fragment F on Query { f: number })";
  EXPECT_EQ(run(engine, document, {{"off", false}}), R"({"data":{"a":null,"d":null}})");
  EXPECT_EQ(run(engine, document, {{"off", true}, {"on", false}}),
            R"({"data":{"b":null,"c":null,"e":null,"f":null}})");
}

TEST(GraphqlExecute, CoercesLiterals) {
  const auto engine = make_engine();
  EXPECT_EQ(run(engine,
                R"({ echo(int: 2, float: 1, text: "x", flag: true, id: 7, json: {a: [1.5, E, null]},
                               list: 3, matrix: [[1], []], color: BLUE, filter: {min: 1, names: "n"}) })"),
            R"({"data":{"echo":{"int":2,"float":1,"text":"x","flag":true,"id":"7",)"
            R"("json":{"a":[1.5,"E",null]},"list":[3],"matrix":[[1],[]],"color":"BLUE",)"
            R"("filter":{"min":1,"names":["n"],"color":"RED"}}}})");
}

TEST(GraphqlExecute, CoercesVariablesAndAppliesDefaults) {
  const auto engine = make_engine();
  const auto document =
      R"(query ($i: Int = 5, $t: String, $l: [Int], $f: Filter = {min: 9}, $j: JSON) {
      echo(int: $i, text: $t, list: $l, filter: $f, json: $j) })";
  EXPECT_EQ(run(engine, document),
            R"({"data":{"echo":{"int":5,"filter":{"min":9,"color":"RED"}}}})");
  EXPECT_EQ(run(engine, document,
                {{"i", nullptr},
                 {"t", "x"},
                 {"l", 4},
                 {"f", {{"min", 1.0}, {"color", "GREEN"}}},
                 {"j", List{1, 2}},
                 {"notDeclared", 1}}),
            R"({"data":{"echo":{"int":null,"text":"x","json":[1,2],"list":[4],)"
            R"("filter":{"min":1,"color":"GREEN"}}}})");
  EXPECT_EQ(run(engine, "{ books(first: 1) { name } }"),
            R"({"data":{"books":[{"name":"Notes"},null,{"name":"Notes"}]}})");
}

TEST(GraphqlExecute, RefusesVariablesOfTheWrongType) {
  const auto engine = make_engine();
  const auto message = [&](const char* type, Value value) {
    const auto document = "query ($v: " + std::string(type) + ") { fail }";
    Log log;
    const auto response = engine.execute({document, "", Dict{{"v", std::move(value)}}}, log);
    EXPECT_EQ(response.get("data"), nullptr);
    const auto* errors = response.get("errors");
    if (errors == nullptr) return std::string();
    EXPECT_EQ(errors->if_list()->at(0).get("extensions")->get("code")->string_or(""),
              "BAD_USER_INPUT");
    return std::string(errors->if_list()->at(0).get("message")->string_or(""));
  };
  EXPECT_EQ(
      message("Int", "a"),
      "Variable \"$v\" got invalid value \"a\"; Int cannot represent non-integer value: \"a\"");
  EXPECT_EQ(message("Int", 1.5),
            "Variable \"$v\" got invalid value 1.5; Int cannot represent non-integer value: 1.5");
  EXPECT_EQ(
      message("Int", 1LL << 40),
      "Variable \"$v\" got invalid value 1099511627776; Int cannot represent non 32-bit signed "
      "integer value: 1099511627776");
  EXPECT_EQ(message("Int", std::numeric_limits<double>::quiet_NaN()),
            "Variable \"$v\" got invalid value NaN; Int cannot represent non-integer value: NaN");
  EXPECT_EQ(message("String!", nullptr),
            "Variable \"$v\" of non-null type \"String!\" must not be null.");
  EXPECT_EQ(
      message("[String!]", List{"a", nullptr}),
      "Variable \"$v\" got invalid value null; Expected non-nullable type \"String!\" not to be "
      "null.");
  EXPECT_EQ(message("String", 1),
            "Variable \"$v\" got invalid value 1; String cannot represent a non string value: 1");
  EXPECT_EQ(message("Boolean", 1),
            "Variable \"$v\" got invalid value 1; Boolean cannot represent a non boolean value: 1");
  EXPECT_EQ(
      message("Color", "PINK"),
      "Variable \"$v\" got invalid value \"PINK\"; Value \"PINK\" does not exist in \"Color\" "
      "enum.");
  EXPECT_EQ(message("Filter", Dict{}),
            "Variable \"$v\" got invalid value {}; Field \"min\" of required type \"Int!\" was not "
            "provided.");
  EXPECT_EQ(
      message("Filter", Dict{{"min", 1}, {"x", 1}}),
      "Variable \"$v\" got invalid value {\"min\":1,\"x\":1}; Field \"x\" is not defined by type "
      "\"Filter\".");
  Log log;
  const auto missing = engine.execute({"query ($v: Int!) { fail }", "", {}}, log);
  EXPECT_EQ(missing.get("errors")->if_list()->at(0).get("message")->string_or(""),
            "Variable \"$v\" of required type \"Int!\" was not provided.");
}

TEST(GraphqlExecute, AnErrorHasPathPlaceAndCode) {
  const auto engine = make_engine();
  EXPECT_EQ(run(engine, "{ parent { x: fail } number }"),
            R"({"data":{"parent":{"x":null},"number":null},"errors":[{"message":"no such thing",)"
            R"("locations":[{"line":1,"column":12}],"path":["parent","x"],)"
            R"("extensions":{"code":"NOT_FOUND"}}]})");
}

TEST(GraphqlExecute, NullOfANonNullFieldGoesUpToTheNearestNullable) {
  const auto engine = make_engine();
  const auto data = [&](std::string_view document) {
    Log log;
    const auto response = engine.execute({document, "", {}}, log);
    EXPECT_EQ(response.get("errors")->if_list()->size(), 1u) << json::to_text(response);
    return json::to_text(*response.get("data"));
  };
  EXPECT_EQ(data("{ number parent { failHard } }"), R"({"number":null,"parent":null})");
  EXPECT_EQ(data("{ parent { strict { strict { failHard } } } }"), R"({"parent":null})");
  EXPECT_EQ(data("{ number strict { failHard } }"), "null");
  EXPECT_EQ(data("{ failHard }"), "null");
}

TEST(GraphqlExecute, AListWithANullWhereNoneMayBeIsNullItself) {
  auto engine = make_engine();
  engine.resolve("Query.mixed", [](const FieldCall&) -> Result<Resolved> {
    return Resolved(List{"a", nullptr});
  });
  engine.resolve("Query.bools", [](const FieldCall&) -> Result<Resolved> {
    return Resolved(List{true, "no bool", nullptr});
  });
  Log log;
  const auto response = engine.execute({"{ mixed bools }", "", {}}, log);
  EXPECT_EQ(json::to_text(*response.get("data")), R"({"mixed":null,"bools":[true,null,null]})");
  const auto& errors = *response.get("errors")->if_list();
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(json::to_text(*errors[0].get("path")), R"(["mixed",1])");
  EXPECT_EQ(json::to_text(*errors[1].get("path")), R"(["bools",1])");
}

TEST(GraphqlExecute, NoNaNLeavesTheServer) {
  auto engine = make_engine();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  engine.resolve("Query.json", [=](const FieldCall&) -> Result<Resolved> {
    return Resolved(Value(Dict{{"a", List{nan, infinity, -infinity, 1.5}}}));
  });
  engine.resolve("Query.number",
                 [=](const FieldCall&) -> Result<Resolved> { return Resolved(nan); });
  Log log;
  const auto response = engine.execute({"{ json number }", "", {}}, log);
  EXPECT_EQ(json::to_text(*response.get("data")),
            R"({"json":{"a":["NaN","Infinity","-Infinity",1.5]},"number":null})");
  EXPECT_EQ(response.get("errors")->if_list()->size(), 1u);
}

TEST(GraphqlExecute, MutationsRunOneAfterAnother) {
  const auto engine = make_engine();
  EXPECT_EQ(run(engine, R"(mutation { a: append(text: "1") b: append(text: "2") })"),
            R"({"data":{"a":["1"],"b":["1","2"]}})");
}

TEST(GraphqlExecute, ChoosesTheOperationByName) {
  const auto engine = make_engine();
  const auto two = "query A { a: number } query B { b: number }";
  EXPECT_EQ(run(engine, two, {}, "B"), R"({"data":{"b":null}})");
  EXPECT_EQ(run(engine, "query A { a: number }", {}, ""), R"({"data":{"a":null}})");
  EXPECT_NE(run(engine, two).find("Must provide operation name"), std::string::npos);
  EXPECT_NE(run(engine, two, {}, "C").find("Unknown operation named \\\"C\\\""), std::string::npos);
}

TEST(GraphqlExecute, ObjectsOfAnyCppTypeAndLookAhead) {
  struct Writer {
    std::string name;
  };
  auto engine = make_engine();
  bool asked_for_pages = false;
  engine.resolve("Query.author", [&](const FieldCall& call) -> Result<Resolved> {
    asked_for_pages = call.selects("books.author.books.pages");
    EXPECT_TRUE(call.selects("name"));
    EXPECT_FALSE(call.selects("pages"));
    return Resolved(Node::of(Writer{"Bea"}));
  });
  engine.resolve("Author.name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(call.parent<Writer>().name);
  });
  engine.resolve("Author.books", [](const FieldCall&) -> Result<Resolved> {
    return Resolved(std::vector<Resolved>{});
  });
  engine.resolve("Query.things", [](const FieldCall&) -> Result<Resolved> {
    return Resolved(std::vector<Resolved>{Node::of(Writer{"Cid"}, "Author")});
  });
  EXPECT_EQ(run(engine,
                R"({ author(id: 1) { n: name b: books { ...F } } things { ... on Author { name } } }
                           fragment F on Book { author { books { pages } } })"),
            R"({"data":{"author":{"n":"Bea","b":[]},"things":[{"name":"Cid"}]}})");
  EXPECT_TRUE(asked_for_pages);
}

TEST(GraphqlExecute, AnyDocumentCutAtEveryByteAnswers) {
  const auto engine = make_engine();
  const std::string document = R"(query Q($f: Filter = {min: 1}, $b: Boolean = true) {
      books(filter: $f, first: 3) { ...N color @include(if: $b) author { books { name } } }
      things { __typename ... on Author { name } } __schema { types { name fields { name } } } }
      fragment N on Named { name })";
  for (std::size_t cut = 0; cut <= document.size(); ++cut) {
    Log log;
    const auto text = document.substr(0, cut);
    const auto response = engine.execute({text, "", {}}, log);
    EXPECT_TRUE(response.get("data") != nullptr || response.get("errors") != nullptr);
  }
}

TEST(GraphqlExecute, OneEngineServesManyThreads) {
  const auto engine = make_engine();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&engine] {
      for (int round = 0; round < 200; ++round) {
        EXPECT_EQ(run(engine, "{ author(id: 1) { books(first: 1) { name } } }"),
                  R"({"data":{"author":{"books":[{"name":"Notes"}]}}})");
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace runstone::graphql
