#include "net/client/address_rules.h"

#include <gtest/gtest.h>

namespace runstone::net {
namespace {

TEST(PublicAddress, RefusesThisMachinePrivateAndLinkLocalNetworks) {
  for (const auto* text : {"0.0.0.0",
                           "10.1.2.3",
                           "100.64.0.1",
                           "127.0.0.1",
                           "127.255.0.9",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "198.18.0.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:169.254.169.254",
                           "64:ff9b::a9fe:a9fe",
                           "2002:7f00:1::",
                           "2001:db8::1",
                           "2001::1",
                           "::127.0.0.1"}) {
    EXPECT_EQ(is_public_address(text), false) << text;
  }
}

TEST(PublicAddress, AcceptsThePublicInternet) {
  for (const auto* text : {"1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "172.15.0.1",
                           "192.167.1.1", "169.253.1.1", "2606:4700:4700::1111", "2a00:1450::1",
                           "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
    EXPECT_EQ(is_public_address(text), true) << text;
  }
}

TEST(PublicAddress, NamesAreNoAddresses) {
  for (const auto* text : {"localhost", "example.org", "127.1", "0x7f000001", "2130706433", ""}) {
    EXPECT_EQ(is_public_address(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace runstone::net
