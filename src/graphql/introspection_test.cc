#include "graphql/introspection.h"

#include <gtest/gtest.h>

#include "graphql/test_service.h"

namespace runstone::graphql {
namespace {

using testing_service::make_engine;
using testing_service::run;

TEST(GraphqlIntrospection, DescribesTypes) {
  const auto engine = make_engine();
  EXPECT_EQ(
      run(engine, R"({ __type(name: "Author") { kind name description interfaces { name }
      fields { name args { name defaultValue type { name } } type { kind name ofType { kind name ofType { kind ofType { name } } } } } } })"),
      R"({"data":{"__type":{"kind":"OBJECT","name":"Author","description":"Somebody who\nwrites.",)"
      R"("interfaces":[{"name":"Named"}],"fields":[{"name":"name","args":[],"type":{"kind":)"
      R"("NON_NULL","name":null,"ofType":{"kind":"SCALAR","name":"String","ofType":null}}},)"
      R"({"name":"books","args":[{"name":"first","defaultValue":"2","type":{"name":"Int"}}],)"
      R"("type":{"kind":"NON_NULL","name":null,"ofType":{"kind":"LIST","name":null,)"
      R"("ofType":{"kind":"NON_NULL","ofType":{"name":"Book"}}}}}]}}})");
  EXPECT_EQ(run(engine, R"({ __type(name: "Nothing") { name } })"), R"({"data":{"__type":null}})");
  EXPECT_EQ(
      run(engine, R"({ u: __type(name: "Thing") { possibleTypes { name } fields { name } }
                            i: __type(name: "Named") { possibleTypes { name } }
                            f: __type(name: "Filter") { inputFields { name type { kind } } }
                            j: __type(name: "JSON") { kind specifiedByURL description } })"),
      R"({"data":{"u":{"possibleTypes":[{"name":"Author"},{"name":"Book"}],"fields":null},)"
      R"("i":{"possibleTypes":[{"name":"Author"},{"name":"Book"}]},)"
      R"("f":{"inputFields":[{"name":"color","type":{"kind":"ENUM"}},)"
      R"({"name":"names","type":{"kind":"LIST"}},{"name":"not","type":{"kind":"INPUT_OBJECT"}},)"
      R"({"name":"min","type":{"kind":"NON_NULL"}}]},)"
      R"("j":{"kind":"SCALAR","specifiedByURL":"https://json.org","description":"Any JSON."}}})");
}

TEST(GraphqlIntrospection, HidesTheDeprecatedUnlessAsked) {
  const auto engine = make_engine();
  EXPECT_EQ(run(engine, R"({ __type(name: "Color") { enumValues { name }
                            all: enumValues(includeDeprecated: true) { name isDeprecated deprecationReason } } })"),
            R"({"data":{"__type":{"enumValues":[{"name":"RED"},{"name":"GREEN"}],"all":[)"
            R"({"name":"RED","isDeprecated":false,"deprecationReason":null},)"
            R"({"name":"GREEN","isDeprecated":false,"deprecationReason":null},)"
            R"({"name":"BLUE","isDeprecated":true,"deprecationReason":"use RED"}]}}})");
  EXPECT_NE(run(engine, R"({ __type(name: "Book") { fields(includeDeprecated: true) { name } } })")
                .find("old"),
            std::string::npos);
  EXPECT_EQ(run(engine, R"({ __type(name: "Book") { fields { name } } })").find("old"),
            std::string::npos);
}

// The query that GraphQL tools send when they are pointed at a server.
constexpr std::string_view kToolQuery = R"(
query IntrospectionQuery { __schema { description
  queryType { name } mutationType { name } subscriptionType { name }
  types { ...FullType } directives { name description isRepeatable locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name } } } } } } } })";

TEST(GraphqlIntrospection, AnswersTheQueryOfTheTools) {
  const auto engine = make_engine();
  testing_service::Log log;
  const auto response = engine.execute({kToolQuery, "IntrospectionQuery", {}}, log);
  ASSERT_EQ(response.get("errors"), nullptr) << json::to_text(response);
  const auto& schema = *response.get("data")->get("__schema");
  EXPECT_EQ(schema.get("description")->string_or(""), "A library.");
  EXPECT_EQ(schema.get("mutationType")->get("name")->string_or(""), "Mutation");
  EXPECT_TRUE(schema.get("subscriptionType")->is_null());
  std::vector<std::string> names;
  for (const auto& type : *schema.get("types")->if_list()) {
    names.emplace_back(type.get("name")->string_or(""));
  }
  for (const auto* name : {"Query", "Filter", "Color", "JSON", "Int", "__Type", "__TypeKind"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
}

}  // namespace
}  // namespace runstone::graphql
