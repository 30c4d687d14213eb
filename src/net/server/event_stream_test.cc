#include "net/server/event_stream.h"

#include <gmock/gmock.h>

namespace runstone::http {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(EventStream, EventsGoOutInOrderWithIds) {
  const auto stream = EventStream::create();
  EXPECT_TRUE(stream->push("rows", "{\"rows\":1}"));
  EXPECT_TRUE(stream->push("run", "{}"));
  EXPECT_EQ(stream->take(),
            "id: 1\nevent: rows\ndata: {\"rows\":1}\n\nid: 2\nevent: run\ndata: {}\n\n");
  EXPECT_EQ(stream->take(), "");
}

TEST(EventStream, DataOfSeveralLinesStaysOneEvent) {
  const auto stream = EventStream::create();
  stream->push("x", "a\nb\r\nc");
  EXPECT_EQ(stream->take(), "id: 1\nevent: x\ndata: a\ndata: b\ndata: c\n\n");
}

TEST(EventStream, AClientThatFallsBehindIsToldToReadAnew) {
  const auto stream = EventStream::create(1000);
  for (int i = 0; i < 100; ++i) stream->push("rows", std::string(90, 'x'));
  const auto bytes = stream->take();
  EXPECT_LE(bytes.size(), 1000u);
  EXPECT_THAT(bytes, HasSubstr("event: resync\n"));
  stream->push("rows", "after");
  EXPECT_THAT(stream->take(), AllOf(HasSubstr("after"), Not(HasSubstr("resync"))));
}

TEST(EventStream, ClosingIsToldOnceToBothSides) {
  const auto stream = EventStream::create();
  int woken = 0, told = 0;
  stream->set_wake([&] { ++woken; });
  stream->on_close([&] { ++told; });
  stream->close();
  stream->close();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(stream->push("rows", "late"));
  stream->on_close([&] { ++told; });
  EXPECT_EQ(told, 2);  // at once, since it is closed
}

}  // namespace
}  // namespace runstone::http
