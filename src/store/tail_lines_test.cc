#include "store/tail_lines.h"

#include <gmock/gmock.h>

namespace runstone::store {
namespace {

std::vector<std::string> decoded(std::string_view data) {
  const auto lines = DecodedLines::decode(data);
  EXPECT_TRUE(lines) << (lines ? "" : lines.error().message);
  std::vector<std::string> all;
  for (std::size_t i = 0; lines && i < lines->size(); ++i) {
    EXPECT_GE(lines->capacity_from(i), (*lines)[i].size() + 64);
    all.emplace_back((*lines)[i]);
  }
  return all;
}

TEST(TailLines, GivesBackEveryLine) {
  EXPECT_THAT(decoded(encode_lines("{\"a\":1}\n\nx\n")),
              testing::ElementsAre("{\"a\":1}", "", "x"));
  EXPECT_THAT(decoded(encode_lines(std::vector<std::string_view>{"a", "", "b"})),
              testing::ElementsAre("a", "", "b"));
}

TEST(TailLines, KeepsNewlinesInsideALine) {
  EXPECT_THAT(decoded(encode_lines(std::vector<std::string_view>{"a\nb", "", "c\n"})),
              testing::ElementsAre("a\nb", "", "c\n"));
}

TEST(TailLines, HoldsNoLines) {
  EXPECT_THAT(decoded(encode_lines("")), testing::IsEmpty());
  EXPECT_THAT(decoded(encode_lines(std::vector<std::string_view>{})), testing::IsEmpty());
}

TEST(TailLines, CutOrChangedBytesAreCorruptAndNeverACrash) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "{\"loss\":" + std::to_string(i * 37 % 101) + "}\n";
  const std::string data = encode_lines(text);
  for (std::size_t cut = 0; cut < data.size(); ++cut) {
    EXPECT_FALSE(DecodedLines::decode(std::string_view(data).substr(0, cut))) << cut;
  }
  for (std::size_t at = 0; at < data.size(); ++at) {  // any answer but a crash
    std::string changed = data;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    discard(DecodedLines::decode(changed), "only that it returns is tested");
  }
}

}  // namespace
}  // namespace runstone::store
