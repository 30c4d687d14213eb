#include "graphql/parser.h"

#include <source_location>
#include <string>

#include <gtest/gtest.h>

namespace runstone::graphql {
namespace {

ExecutableDocument parsed(std::string_view text) {
  auto document = parse_executable(text);
  if (const auto* problem = std::get_if<Problem>(&document)) {
    ADD_FAILURE() << problem->message;
    return {};
  }
  return std::get<ExecutableDocument>(std::move(document));
}

std::string error_of(std::string_view text, ParseLimits limits = {}) {
  const auto document = parse_executable(text, limits);
  const auto* problem = std::get_if<Problem>(&document);
  return problem != nullptr ? problem->message : "";
}

const Literal& only_argument(const ExecutableDocument& document) {
  return document.operations.at(0).selections.at(0).arguments.at(0).value;
}

TEST(GraphqlParser, ReadsEveryPartOfAnOperation) {
  const auto document = parsed(R"(
    query Runs($first: Int = 5, $ids: [ID!]!) @a {
      alias: field(x: 1) @include(if: $first) { ...F ... on T { y } ... @skip(if: true) { z } }
    }
    fragment F on T { w }
    mutation M { m }
    subscription S { s })");
  ASSERT_EQ(document.operations.size(), 3u);
  const auto& query = document.operations[0];
  EXPECT_EQ(query.name, "Runs");
  EXPECT_EQ(query.variables.at(0).default_value.text, "5");
  EXPECT_EQ(query.variables.at(1).type.name, "ID");
  EXPECT_EQ(query.variables.at(1).type.wraps, "![!");
  EXPECT_EQ(to_string("ID", query.variables.at(1).type.wraps), "[ID!]!");
  const auto& field = query.selections.at(0);
  EXPECT_EQ(field.response_key(), "alias");
  EXPECT_EQ(field.name, "field");
  ASSERT_EQ(field.selections.size(), 3u);
  EXPECT_EQ(field.selections[0].kind, Selection::Kind::kSpread);
  EXPECT_EQ(field.selections[1].type_condition, "T");
  EXPECT_EQ(field.selections[2].type_condition, "");
  EXPECT_EQ(document.operations[1].kind, Operation::Kind::kMutation);
  EXPECT_EQ(document.fragment("F")->type_condition, "T");
  EXPECT_EQ(document.fragment("G"), nullptr);
}

void check_string(std::string_view literal, std::string_view want,
                  std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), literal);
  const auto text = "{ f(a: " + std::string(literal) + ") }";
  const auto document = parse_executable(text);
  const auto* good = std::get_if<ExecutableDocument>(&document);
  ASSERT_NE(good, nullptr) << std::get<Problem>(document).message;
  EXPECT_EQ(only_argument(*good).text, want);
}

TEST(GraphqlParser, ResolvesEscapesAndBlockStrings) {
  check_string(R"("")", "");
  check_string(R"("a\"b\\c\/d\b\f\n\r\t")", "a\"b\\c/d\b\f\n\r\t");
  check_string("\"caf\\u00e9\"", "caf\xC3\xA9");
  check_string("\"\\u{1F600}\"", "\xF0\x9F\x98\x80");
  check_string("\"\\uD83D\\uDE00\"", "\xF0\x9F\x98\x80");
  check_string("\"# , not ignored\"", "# , not ignored");
  check_string("\"\"\"one\"\"\"", "one");
  check_string("\"\"\"\n    first\n      second\n\n    third\n  \"\"\"",
               "first\n  second\n\nthird");
  check_string(R"("""a \""" b \n""")", R"(a """ b \n)");
  check_string("\"\"\"a\r\nb\"\"\"", "a\nb");
}

TEST(GraphqlParser, ReadsEveryKindOfValue) {
  const auto document = parsed("{ f(a: [1, -2.5e3, true, null, RED, $v, {k: [\"x\"]}]) }");
  EXPECT_EQ(to_string(only_argument(document)), R"([1, -2.5e3, true, null, RED, $v, {k: ["x"]}])");
}

TEST(GraphqlParser, NamesThePlaceAndWhatItExpected) {
  EXPECT_EQ(error_of(""), "Syntax Error: Unexpected <EOF>.");
  EXPECT_EQ(error_of("{ a "), "Syntax Error: Expected \"}\", found <EOF>.");
  EXPECT_EQ(error_of("{ }"), "Syntax Error: Expected Name, found \"}\".");
  EXPECT_EQ(error_of("{ a(: 1) }"), "Syntax Error: Expected Name, found \":\".");
  EXPECT_EQ(error_of("query ($a: Int = $b) { a }"),
            "Syntax Error: Unexpected variable \"$b\" in constant value.");
  EXPECT_EQ(error_of("{ a(b: \"x) }"), "Syntax Error: Unterminated string.");
  EXPECT_EQ(error_of("{ a(b: 01) }"), "Syntax Error: Invalid number, unexpected digit after 0.");
  EXPECT_EQ(error_of("{ a(b: 1x) }"),
            "Syntax Error: Invalid number, unexpected character after it.");
  EXPECT_EQ(error_of("{ a ; }"), "Syntax Error: Unexpected character: \";\".");
  EXPECT_EQ(error_of("{ a(b: \"\\uD83D\") }"),
            "Syntax Error: Invalid character escape sequence in a string.");
  EXPECT_EQ(error_of("fragment on on T { a }"), "Syntax Error: Unexpected Name \"on\".");
  EXPECT_EQ(error_of("{ \xff }"), "Syntax Error: The document is not UTF-8.");
  const auto document = parse_executable("{\n  a\n  !\n}");
  const auto& problem = std::get<Problem>(document);
  EXPECT_EQ(problem.locations.at(0).line, 3u);
  EXPECT_EQ(problem.locations.at(0).column, 3u);
}

TEST(GraphqlParser, NestingTenThousandDeepIsAnErrorThatNamesTheLimit) {
  const std::string want = "Syntax Error: Document is nested deeper than the 64 levels allowed.";
  std::string braces;
  std::string lists = "{ f(a: ";
  std::string objects = lists;
  for (int i = 0; i < 10'000; ++i) {
    braces += "{ a ";
    lists += '[';
    objects += "{a:";
  }
  EXPECT_EQ(error_of(braces), want);
  EXPECT_EQ(error_of(lists), want);
  EXPECT_EQ(error_of(objects), want);
  EXPECT_EQ(error_of("query ($a: " + std::string(10'000, '[')),
            "Syntax Error: Lists are nested deeper than the 16 levels allowed.");
}

TEST(GraphqlParser, TooManyTokensIsAnError) {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += " a";
  EXPECT_EQ(error_of(text + "}", {.tokens_max = 50}),
            "Syntax Error: Document has more than the 50 tokens allowed.");
}

constexpr std::string_view kEverything = R"(
query Q($a: [Int!]! = [1, 2], $b: In = {x: "\u00e9\n", y: """ block """}) @d(x: 1.5e-3) {
  k: f(a: $a, b: {c: [null, true, E]}) @include(if: $b) { ...F ... on T @x { y } }
}
fragment F on T { z }
# comment
mutation { m })";

constexpr std::string_view kWholeSchema = R"(
"about" schema @x { query: Q mutation: M }
"""block""" type Q implements A & B @x(y: [1]) { "d" f("e" a: [Int!]! = [1] @z): String! @deprecated(reason: "r") }
interface A implements B { a: Int } union U @u = | Q | M enum E { A B @deprecated }
input I { a: Int = 1, b: [I!] } scalar S @specifiedBy(url: "u") extend type Q { g: Int }
directive @x(y: Int) repeatable on | FIELD | OBJECT)";

TEST(GraphqlParser, CutAtEveryByteNeverCrashes) {
  ASSERT_EQ(error_of(kEverything), "");
  for (std::size_t cut = 0; cut < kEverything.size(); ++cut) {
    const std::string text(kEverything.substr(0, cut));  // a copy: a read past its end is seen
    const auto document = parse_executable(text);
    if (std::holds_alternative<Problem>(document)) continue;
    EXPECT_FALSE(std::get<ExecutableDocument>(document).operations.empty() &&
                 std::get<ExecutableDocument>(document).fragments.empty());
  }
  ASSERT_TRUE(std::holds_alternative<SchemaDocument>(parse_schema(kWholeSchema)))
      << std::get<Problem>(parse_schema(kWholeSchema)).message;
  for (std::size_t cut = 0; cut < kWholeSchema.size(); ++cut) {
    const std::string text(kWholeSchema.substr(0, cut));
    const auto ignored = parse_schema(text);
    (void)ignored;
  }
}

TEST(GraphqlParser, EveryByteReplacedNeverCrashes) {
  for (const char c : {'{', '"', '$', '\0', '\\', '\xff', '[', '!'}) {
    for (std::size_t at = 0; at < kEverything.size(); ++at) {
      std::string text(kEverything);
      text[at] = c;
      const auto document = parse_executable(text);
      if (const auto* problem = std::get_if<Problem>(&document)) {
        EXPECT_FALSE(problem->message.empty());
      }
    }
  }
}

}  // namespace
}  // namespace runstone::graphql
