#include "model/yaml_text.h"

#include <gmock/gmock.h>

#include <string>

#include "base/json.h"
#include "model/config_rules.h"

namespace runstone {
namespace {

using testing::HasSubstr;

TEST(YamlText, GivesScalarsTheirTypes) {
  const auto value = parse_yaml(
      "[1, -2, 0x1f, 1.5, 1e-3, 1.0e+2, .inf, -.inf, yes, off, null, ~, '1', \"true\", 008, "
      "2024-01-01]");
  ASSERT_TRUE(value);
  EXPECT_EQ(
      json::to_text(*value),
      R"([1,-2,31,1.5,0.001,100,Infinity,-Infinity,true,false,null,null,"1","true","008","2024-01-01"])");
}

TEST(YamlText, EndsWithEveryTextThatIsNoYaml) {
  // The library takes these for documents without end.
  for (const char* text :
       {",", ", a: 1", ", \"${args}\"]\nmethod: grid", "]", "}", "--- a\n--- b"}) {
    EXPECT_FALSE(parse_yaml(text)) << text;
  }
  EXPECT_TRUE(parse_yaml("")->is_null());
  EXPECT_TRUE(parse_yaml("--- \na: 1\n...\n"));
}

TEST(YamlText, RefusesWhatIsTooMuch) {
  EXPECT_FALSE(parse_yaml("a: \xff\n"));
  const auto message = [](std::string_view text) {
    const auto value = parse_yaml(text);
    return value ? std::string("taken") : value.error().message;
  };
  // Nine lines that would be a billion values.
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 8; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_THAT(message(bomb), HasSubstr("more than 50000 values"));
  EXPECT_THAT(message("a: &a [*a]"), testing::AnyOf(HasSubstr("nested deeper"), HasSubstr("YAML"),
                                                    HasSubstr("more than")));
  EXPECT_THAT(message(std::string(100, '[') + std::string(100, ']')), HasSubstr("nested deeper"));
  EXPECT_THAT(message(std::string(100000, '[')), testing::Not(testing::Eq("taken")));
  EXPECT_THAT(message(std::string((1 << 20) + 1, ' ')), HasSubstr("1 MiB"));
  EXPECT_THAT(message("a: 1\na: 2"), HasSubstr("given twice"));
  EXPECT_THAT(message("a: [1"), HasSubstr("not YAML"));
  EXPECT_THAT(message("--- 1\n--- 2"), HasSubstr("more than one"));
}

std::string config_of(std::string_view yaml) {
  const auto config = parse_config_yaml(yaml);
  return config ? json::to_text(Value(*config)) : config.error().message;
}

TEST(ConfigYaml, HasValuesPlainlyOrWithADescription) {
  EXPECT_EQ(config_of("wandb_version: 1\n\nlr:\n  desc: rate\n  value: 1.0e-3\nn: {value: [1, 2]}\n"
                      "plain: text\nnested: {a: 1}\n"),
            R"({"lr":0.001,"n":[1,2],"plain":"text","nested":{"a":1}})");
  EXPECT_EQ(config_of(""), "{}");
  EXPECT_EQ(config_of("# nothing but words\n"), "{}");
}

TEST(ConfigYaml, AKeyOfAnyLengthIsReadAgain) {
  const std::string key(5000, 'k');
  const Dict inner{{key, Value(List{Value(1), Value("x")})}, {"b", 2}};
  const Dict config{{key, Dict{{"value", inner}}}, {"a", Dict{{"value", 1}}}};
  const std::string yaml = to_config_yaml(config);
  EXPECT_THAT(yaml, testing::HasSubstr("\n? " + key + "\n:\n    value:\n        b: 2\n        ? "));
  const auto read = parse_config_yaml(yaml);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, (Dict{{"a", 1}, {key, inner}}));
}

TEST(ConfigYaml, RefusesAnotherForm) {
  EXPECT_THAT(config_of("wandb_version: 2\na: 1"), HasSubstr("wandb_version 2; only 1 is known"));
  EXPECT_THAT(config_of("- 1"), HasSubstr("mapping of keys"));
  EXPECT_THAT(config_of("a: [1"), HasSubstr("not YAML"));
}

// What we write is what we read.
TEST(ConfigYaml, ReadsWhatToConfigYamlWrites) {
  Dict config;
  config.set("lr", 1e-20);
  config.set("yes", "no");
  config.set("number like", "1e5");
  config.set("long", Value(List{1, Dict{{"a", nullptr}}, "x: y", ""}));
  config.set("inf", Value(-HUGE_VAL));
  config.set("lines", "a\nb\t'");
  const auto read = parse_config_yaml(to_config_yaml(wrap_config(config)));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->size(), config.size());
  for (const auto& [key, value] : config) EXPECT_EQ(*read->find(key), value) << key;
}

}  // namespace
}  // namespace runstone
