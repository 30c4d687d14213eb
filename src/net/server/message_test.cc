#include "net/server/message.h"

#include <gmock/gmock.h>

namespace runstone::http {
namespace {

using testing::HasSubstr;
using testing::Not;

void check_range(std::string_view header, std::uint64_t size, RangeKind kind,
                 std::uint64_t first = 0, std::uint64_t last = 0) {
  const auto got = parse_range(header, size);
  EXPECT_EQ(got.kind, kind) << header;
  if (kind == RangeKind::kPart) {
    EXPECT_EQ(got.range.first, first) << header;
    EXPECT_EQ(got.range.last, last) << header;
  }
}

TEST(Range, OneRangeIsServedAnythingElseIsTheWhole) {
  check_range("bytes=0-9", 100, RangeKind::kPart, 0, 9);
  check_range("bytes=90-", 100, RangeKind::kPart, 90, 99);
  check_range("bytes=90-500", 100, RangeKind::kPart, 90, 99);
  check_range("bytes=-10", 100, RangeKind::kPart, 90, 99);
  check_range("bytes=-500", 100, RangeKind::kPart, 0, 99);
  check_range("bytes=100-", 100, RangeKind::kUnsatisfiable);
  check_range("bytes=-0", 100, RangeKind::kUnsatisfiable);
  check_range("bytes=0-", 0, RangeKind::kUnsatisfiable);
  check_range("bytes=0-1,5-6", 100, RangeKind::kWhole);
  check_range("bytes=9-1", 100, RangeKind::kWhole);
  check_range("bytes=x-1", 100, RangeKind::kWhole);
  check_range("bytes=1-x", 100, RangeKind::kWhole);
  check_range("bytes=-", 100, RangeKind::kWhole);
  check_range("lines=1-2", 100, RangeKind::kWhole);
}

TEST(Head, AValueCannotAddAHeader) {
  auto response = text_response(200, "x");
  response.headers.add("Location", "/a\r\nSet-Cookie: evil=1");
  const auto head = response_head(response, Framing::kLength, 1, true);
  EXPECT_THAT(head, Not(HasSubstr("\r\nSet-Cookie")));
  EXPECT_THAT(head, HasSubstr("Content-Length: 1\r\n"));
}

TEST(Head, NoLengthWhereThereIsNoBody) {
  Response response;
  response.status = 304;
  EXPECT_THAT(response_head(response, Framing::kLength, 0, true), Not(HasSubstr("Content-Length")));
}

}  // namespace
}  // namespace runstone::http
