#include "api/console_line.h"

#include <source_location>

#include <gtest/gtest.h>

namespace runstone::api {
namespace {

void check(std::string_view line, std::string_view timestamp, std::string_view level,
           std::string_view text, std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), line);
  const auto parts = split_console_line(line);
  EXPECT_EQ(parts.timestamp, timestamp);
  EXPECT_EQ(parts.level, level);
  EXPECT_EQ(parts.text, text);
}

TEST(ConsoleLine, IsSplitWhereItHasTheFormOfTheWire) {
  check("2026-11-23T13:26:40.096407 late line", "2026-11-23T13:26:40.096407", "", "late line");
  check("ERROR 2026-11-23T13:26:40.096407 oops", "2026-11-23T13:26:40.096407", "error", "oops");
  check("2026-11-23T13:26:40.096407 ", "2026-11-23T13:26:40.096407", "", "");
  check("2026-11-23T13:26:40.096407", "2026-11-23T13:26:40.096407", "", "");
  check("2026-11-23T13:26:40.096407   indented", "2026-11-23T13:26:40.096407", "", "  indented");
}

TEST(ConsoleLine, OfAnyOtherFormIsAllText) {
  check("", "", "", "");
  check("just text", "", "", "just text");
  check("ERROR of the user's own", "", "", "ERROR of the user's own");
  check("2026-11-23T13:26:40 short", "", "", "2026-11-23T13:26:40 short");
  check("2026-11-23T13:26:40.096407glued", "", "", "2026-11-23T13:26:40.096407glued");
}

TEST(ConsoleLine, OfASharedRunNamesItsWriter) {
  const auto taken = [](std::string_view text) {
    const auto label = take_label(text);
    return std::pair(std::string(label), std::string(text));
  };
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(taken("[node0] loss 0.1"), Pair("node0", "loss 0.1"));
  EXPECT_EQ(taken("[rank 3] [INFO] up"), Pair("rank 3", "[INFO] up"));
  for (const char* text : {"", "loss 0.1", "[1, 2]", "a [b] c", "[", "]"}) {
    EXPECT_EQ(taken(text), Pair("", text));
  }
}

}  // namespace
}  // namespace runstone::api
