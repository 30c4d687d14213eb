#include "api/like_pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace runstone::api {
namespace {

TEST(LikePattern, MatchesAsSqlDoes) {
  EXPECT_TRUE(matches_like("a.json", "%.json"));
  EXPECT_FALSE(matches_like("a.json5", "%.json"));
  EXPECT_TRUE(matches_like("media/images/a.png", "media/%"));
  EXPECT_TRUE(matches_like("abc", "a_c"));
  EXPECT_FALSE(matches_like("ac", "a_c"));
  EXPECT_TRUE(matches_like("", "%"));
  EXPECT_TRUE(matches_like("", ""));
  EXPECT_FALSE(matches_like("a", ""));
  EXPECT_FALSE(matches_like("", "_"));
  EXPECT_TRUE(matches_like("abcabcabd", "%abd"));
  EXPECT_TRUE(matches_like("a%b", "a\\%b"));
  EXPECT_FALSE(matches_like("axb", "a\\%b"));
  EXPECT_TRUE(matches_like("aXbYc", "a%b%c"));
}

TEST(LikePattern, ManyWildcardsDoNotTakeForever) {
  const std::string text(2000, 'a');
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "%a";
  EXPECT_FALSE(matches_like(text, pattern + "b"));
}

}  // namespace
}  // namespace runstone::api
