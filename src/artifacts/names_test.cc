#include "artifacts/names.h"

#include <gtest/gtest.h>

#include <string>

namespace runstone::artifacts {
namespace {

TEST(ArtifactNames, AliasesHaveNoPathAndNoVersionInThem) {
  for (const char* good : {"latest", "best model", "2026-11", "v", "v1a", "ä", "V1"}) {
    EXPECT_TRUE(check_alias(good)) << good;
  }
  for (const char* wrong : {"", "a/b", "a:b", "v0", "v12", "a\nb"}) {
    EXPECT_FALSE(check_alias(wrong)) << wrong;
  }
  EXPECT_FALSE(check_alias(std::string(129, 'a')));
  EXPECT_TRUE(check_alias(std::string(128, 'a')));
}

TEST(ArtifactNames, AnErrorDoesNotRepeatALongName) {
  const auto error = check_alias(std::string(1 << 20, 'x')).error();
  EXPECT_LT(error.message.size(), 300u);
}

TEST(ArtifactNames, CollectionsAreNoPaths) {
  for (const char* good : {"ds", "my data", "run-1.table", "..."}) {
    EXPECT_TRUE(check_collection_name(good)) << good;
  }
  for (const char* wrong : {"", ".", "..", "a/b", "a\\b", "a:b"}) {
    EXPECT_FALSE(check_collection_name(wrong)) << wrong;
  }
}

TEST(ArtifactNames, TagsAreWords) {
  for (const char* good : {"a", "prod-2", "two words", "ü"}) EXPECT_TRUE(check_tag(good)) << good;
  for (const char* wrong : {"", " a", "a ", "a/b", "a:b", "a,b"}) {
    EXPECT_FALSE(check_tag(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace runstone::artifacts
