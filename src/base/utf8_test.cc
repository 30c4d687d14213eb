#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace runstone {
namespace {

constexpr std::string_view kMixed =
    "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";  // a, 2, 3, 4 bytes, z

TEST(Utf8, CountsCharactersNotBytes) {
  EXPECT_EQ(count_characters(kMixed), 5u);
  EXPECT_EQ(count_characters(""), 0u);
}

TEST(Utf8, FindsWhereSoManyCharactersEnd) {
  const std::size_t ends[] = {0, 1, 3, 6, 10, 11, 11};
  for (std::size_t count = 0; count < std::size(ends); ++count) {
    EXPECT_EQ(bytes_of_characters(kMixed, count), ends[count]) << count;
  }
}

TEST(Utf8, CutsNoCharacterInTwo) {
  const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (std::size_t most = 0; most < std::size(ends); ++most) {
    EXPECT_EQ(whole_characters(kMixed, most), ends[most]) << most;
  }
}

TEST(Utf8, OfWhatIsNoUtf8SomethingIsTakenStill) {
  const std::string rest(100, '\x80');
  EXPECT_EQ(whole_characters(rest, 50), 50u);
  EXPECT_EQ(count_characters(rest), 0u);
  EXPECT_EQ(bytes_of_characters(rest, 1), 100u);
}

}  // namespace
}  // namespace runstone
