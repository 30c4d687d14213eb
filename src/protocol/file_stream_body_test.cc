#include "protocol/file_stream_body.h"

#include <gmock/gmock.h>

#include "base/json.h"

namespace runstone::protocol {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> lines_of(const StreamLines& stream) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < stream.count(); ++i) all.emplace_back(stream.line(i));
  return all;
}

FileStreamBody parsed(std::string_view text) {
  auto body = parse_file_stream_body(std::string(text));
  EXPECT_TRUE(body) << text << ": " << (body ? "" : body.error().message);
  return body ? *std::move(body) : FileStreamBody();
}

TEST(FileStreamBody, ReadsEveryPart) {
  const auto body = parsed(R"({"files":{
    "wandb-history.jsonl":{"offset":7,"content":["{\"loss\":1,\"_step\":0}","{\"loss\":NaN,\"_step\":1}"]},
    "wandb-events.jsonl":{"content":["{\"system.cpu\":0.13}"],"offset":1},
    "wandb-summary.json":{"offset":0,"content":["{\"old\":1}","{\"loss\":{\"last\":-Infinity}}"]},
    "output.log":{"offset":3,"content":["2026 late \"line\"\t\u00e9 \ud83d\ude00"]}},
    "uploaded":["a.json","output.log"],"preempting":true,"complete":true,"exitcode":3})");
  EXPECT_EQ(body.history.offset, 7);
  EXPECT_THAT(lines_of(body.history),
              ElementsAre(R"({"loss":1,"_step":0})", R"({"loss":NaN,"_step":1})"));
  EXPECT_EQ(body.history.all(), "{\"loss\":1,\"_step\":0}\n{\"loss\":NaN,\"_step\":1}\n");
  EXPECT_EQ(body.events.offset, 1);
  EXPECT_THAT(lines_of(body.events), ElementsAre(R"({"system.cpu":0.13})"));
  EXPECT_EQ(body.summary, R"({"loss":{"last":-Infinity}})");
  EXPECT_EQ(body.console.offset, 3);
  EXPECT_THAT(lines_of(body.console), ElementsAre("2026 late \"line\"\t\xc3\xa9 \xf0\x9f\x98\x80"));
  EXPECT_THAT(body.uploaded, ElementsAre("a.json", "output.log"));
  EXPECT_TRUE(body.preempting);
  EXPECT_TRUE(body.complete);
  EXPECT_EQ(body.exit_code, 3);
  EXPECT_EQ(body.ignored, 0);
}

TEST(FileStreamBody, AnEmptyObjectIsAHeartbeat) {
  const auto body = parsed(" {} ");
  EXPECT_TRUE(body.history.empty() && body.events.empty() && body.console.empty());
  EXPECT_FALSE(body.summary || body.complete || body.preempting || body.exit_code);
}

TEST(FileStreamBody, OnlyAJsonObjectIsTaken) {
  for (const char* text : {"", " ", "[]", "1", "null", "\"x\"", "{", "{\"files\":",
                           "{\"files\":{\"output.log\":", "{\"complete\":true", "{} {}", "{}x",
                           "not json", "{\"files\":{\"output.log\":{\"content\":[\"a",
                           "{\"files\":{\"output.log\":{\"content\":[\"a\" \"b\"]}}}", "{\"a\" 1}",
                           "\xff\xfe", "{\"complete\":\"\xff\"}"}) {
    const auto body = parse_file_stream_body(text);
    ASSERT_FALSE(body) << text;
    EXPECT_EQ(body.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(FileStreamBody, LeavesOutPartsOfAWrongTypeAndCountsThem) {
  const auto body = parsed(R"({"files":{"wandb-history.jsonl":{"offset":"x","content":["{}"]},
    "wandb-events.jsonl":{"offset":-3,"content":["{}"]},"output.log":[1,2],"other.log":{"offset":0},
    "wandb-summary.json":{"content":"text"}},"uploaded":[1,"b",null],"complete":"yes",
    "exitcode":NaN,"preempting":1,"dropped":{"deep":[{}]}})");
  EXPECT_EQ(body.history.offset, 0);
  EXPECT_THAT(lines_of(body.history), ElementsAre("{}"));
  EXPECT_EQ(body.events.offset, 0);
  EXPECT_TRUE(body.console.empty());
  EXPECT_FALSE(body.summary);
  EXPECT_THAT(body.uploaded, ElementsAre("b"));
  EXPECT_FALSE(body.complete);
  EXPECT_FALSE(body.exit_code);
  EXPECT_EQ(body.ignored, 10);
}

TEST(FileStreamBody, ALineThatIsNoStringKeepsItsNumber) {
  const auto body = parsed(
      R"({"files":{"wandb-history.jsonl":{"offset":0,"content":["{\"a\":1}",{"b":[2]},null,7,"{}"]}}})");
  const auto lines = lines_of(body.history);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[1], R"({"b":[2]})");
  EXPECT_EQ(lines[4], "{}");
  EXPECT_EQ(body.ignored, 3);
}

TEST(FileStreamBody, NewlinesStayInConsoleTextOnly) {
  const auto body = parsed(
      R"({"files":{"wandb-history.jsonl":{"content":["{\n\"a\":1}"]},"output.log":{"content":["a\nb","c"]}}})");
  EXPECT_THAT(lines_of(body.history), ElementsAre("{ \"a\":1}"));
  EXPECT_FALSE(body.history.inner_newlines);
  EXPECT_THAT(lines_of(body.console), ElementsAre("a\nb", "c"));
  EXPECT_TRUE(body.console.inner_newlines);
}

TEST(FileStreamBody, HalfASurrogatePairDoesNotRefuseTheBody) {
  const auto body = parsed(
      R"({"files":{"output.log":{"content":["a\ud800b","\udc00","\ud83d\ude00","x\"\\\n"]}}})");
  EXPECT_THAT(lines_of(body.console), ElementsAre("a\xef\xbf\xbd"
                                                  "b",
                                                  "\xef\xbf\xbd", "\xf0\x9f\x98\x80", "x\"\\\n"));
}

TEST(FileStreamBody, ReadsLargeBodiesLineForLine) {
  std::string text = R"({"files":{"wandb-history.jsonl":{"offset":0,"content":[)";
  std::vector<std::string> want;
  for (int i = 0; i < 20'000; ++i) {
    want.push_back("{\"_step\":" + std::to_string(i) + ",\"k\\\"" + std::string(i % 300, 'x') +
                   "\":1.5e-7}");
    if (i > 0) text += ',';
    json::append_string(text, want.back());
  }
  text += "]}}}";
  ASSERT_GT(text.size(), 3u << 20);
  EXPECT_EQ(lines_of(parsed(text).history), want);
}

TEST(FileStreamBody, EveryCutIsAnErrorAndNeverACrash) {
  const std::string text =
      R"({"files":{"wandb-history.jsonl":{"offset":0,"content":["{\"a\":\"\\u00e9\"}","{}"]},"output.log":{"offset":2,"content":["\ud83d\ude00"]}},"uploaded":["x"],"exitcode":0,"complete":true})";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    EXPECT_FALSE(parse_file_stream_body(text.substr(0, cut))) << cut;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char other : {'"', '\\', '{', '}', '[', ']', ',', ':', 'x', '\0', '\n'}) {
      std::string changed = text;
      changed[at] = other;
      discard(parse_file_stream_body(changed), "any answer but a crash");
    }
  }
}

TEST(FileStreamBody, ABrokenNullIsLeftOutAndNoException) {
  for (const auto* text : {R"({"exitcode":null3})", R"({"exitcode":nul,"complete":true})"}) {
    const auto body = parse_file_stream_body(text);
    if (body) {
      EXPECT_FALSE(body->exit_code.has_value()) << text;
      EXPECT_EQ(body->ignored, 1) << text;
    }
  }
}

TEST(FileStreamBody, DeepNestingIsNoTrouble) {
  const std::string deep(100'000, '[');
  discard(parse_file_stream_body("{\"a\":" + deep), "any answer but a crash");
  const auto body =
      parse_file_stream_body("{\"a\":" + deep + std::string(100'000, ']') + ",\"complete\":true}");
  ASSERT_TRUE(!body || body->complete);
}

}  // namespace
}  // namespace runstone::protocol
