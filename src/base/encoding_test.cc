#include "base/encoding.h"

#include <gtest/gtest.h>

namespace runstone {
namespace {

TEST(Encoding, Base64MatchesRfc4648) {
  EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(from_base64("-_8"), "\xfb\xff");
  EXPECT_EQ(from_base64("Zm9*"), std::nullopt);
}

TEST(Encoding, HexAndPercentRoundTrip) {
  EXPECT_EQ(from_hex(to_hex("\x01\xfe")), "\x01\xfe");
  EXPECT_EQ(percent_encode("a/b c=é", "/"), "a/b%20c%3D%C3%A9");
  EXPECT_EQ(percent_decode("a/b%20c%3D%C3%A9"), "a/b c=é");
  EXPECT_EQ(percent_decode("%4"), std::nullopt);
}

}  // namespace
}  // namespace runstone
