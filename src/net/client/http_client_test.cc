#include "net/client/http_client.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "base/encoding.h"
#include "net/client/scripted_server.h"

namespace runstone::net {
namespace {

using testing::HasSubstr;

/// A server that answers everything alike and keeps what it was sent.
struct Recorder {
  explicit Recorder(ScriptedAnswer fixed_answer = {}) : answer(std::move(fixed_answer)) {}
  ScriptedAnswer answer;
  std::mutex mutex;
  std::vector<ScriptedRequest> requests;
  std::promise<void> first_request;
  ScriptedServer server{[this](const ScriptedRequest& request) {
    const std::scoped_lock lock(mutex);
    requests.push_back(request);
    if (requests.size() == 1) first_request.set_value();
    return answer;
  }};
};

TEST(HttpClient, SendsMethodBodyHeadersAndBasicKey) {
  Recorder recorder;
  auto client = make_http_client();
  const auto response = client->send({.method = "POST",
                                      .url = recorder.server.url() + "/graphql?x=1",
                                      .headers = {{"Content-Type", "application/json"}},
                                      .body = "{\"a\":1}",
                                      .api_key = "local-secret"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "{}");
  const auto& seen = recorder.requests.at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/graphql?x=1");
  EXPECT_EQ(seen.body, "{\"a\":1}");
  EXPECT_EQ(seen.header("content-type"), "application/json");
  EXPECT_EQ(seen.header("authorization"), "Basic " + to_base64("api:local-secret"));
  EXPECT_EQ(seen.header("expect"), "");
}

TEST(HttpClient, EveryStatusIsAnAnswerAndHeadersComeInLowerCase) {
  Recorder recorder({.status = 429, .body = "slow down", .headers = {{"Retry-After", " 7 "}}});
  const auto response = make_http_client()->send({.url = recorder.server.url() + "/"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->header("retry-after"), "7");
  EXPECT_EQ(response->body, "slow down");
}

TEST(HttpClient, KeepsTheConnectionForTheNextRequest) {
  Recorder recorder;
  auto client = make_http_client();
  const auto first = client->send({.url = recorder.server.url() + "/1"});
  const auto second = client->send({.url = recorder.server.url() + "/2"});
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->stats.reused_connection);
  EXPECT_TRUE(second->stats.reused_connection);
}

TEST(HttpClient, PutsAFileAsItsBytesAre) {
  const std::string path = testing::TempDir() + "http_client_put_" + std::to_string(getpid());
  std::string bytes(300'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  std::ofstream(path, std::ios::binary) << bytes;
  Recorder recorder;
  const auto response = make_http_client()->send(
      {.method = "PUT", .url = recorder.server.url() + "/f", .body_file = path});
  std::remove(path.c_str());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(recorder.requests.at(0).method, "PUT");
  EXPECT_EQ(recorder.requests.at(0).body, bytes);
  EXPECT_EQ(recorder.requests.at(0).header("authorization"), "");
}

TEST(HttpClient, AMissingFileIsNotFound) {
  const auto response = make_http_client()->send(
      {.method = "PUT", .url = "http://127.0.0.1:1/f", .body_file = "/nonexistent/x"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kNotFound);
}

TEST(HttpClient, AnEmptyPostHasALengthOfZero) {
  Recorder recorder;
  ASSERT_TRUE(make_http_client()->send({.method = "POST", .url = recorder.server.url() + "/"}));
  EXPECT_EQ(recorder.requests.at(0).header("content-length"), "0");
}

TEST(HttpClient, NobodyListeningIsUnavailable) {
  std::uint16_t port = 0;
  {
    port = ScriptedServer([](const auto&) { return ScriptedAnswer{}; }).port();
  }
  const auto response =
      make_http_client()->send({.url = "http://127.0.0.1:" + std::to_string(port) + "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, AConnectionThatBreaksIsUnavailable) {
  for (const auto kind : {ScriptedAnswer::Kind::kClose, ScriptedAnswer::Kind::kCloseHalf}) {
    Recorder recorder({.kind = kind});
    const auto response = make_http_client()->send({.url = recorder.server.url() + "/"});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  }
}

TEST(HttpClient, AHangingServerEndsAtTheDeadline) {
  Recorder recorder({.kind = ScriptedAnswer::Kind::kHang});
  const auto response =
      make_http_client()->send({.url = recorder.server.url() + "/", .timeout_us = 20'000});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kDeadlineExceeded);
}

TEST(HttpClient, CancelEndsARequestUnderWayAndAllLaterOnes) {
  Recorder recorder({.kind = ScriptedAnswer::Kind::kHang});
  auto client = make_http_client();
  std::thread canceller([&] {
    recorder.first_request.get_future().wait();
    client->cancel();
  });
  const auto response = client->send({.url = recorder.server.url() + "/"});
  canceller.join();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kFailedPrecondition);
  const auto later = client->send({.url = recorder.server.url() + "/"});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::kFailedPrecondition);
}

TEST(HttpClient, AnAnswerBeyondTheBoundIsRefused) {
  Recorder recorder({.body = std::string(5000, 'x')});
  const auto response =
      make_http_client()->send({.url = recorder.server.url() + "/", .response_max_bytes = 4999});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kResourceExhausted);
}

TEST(HttpClient, UrlsThatAreNoneAndOtherProtocolsAreRefused) {
  for (const char* url : {"", "file:///etc/passwd", "ftp://127.0.0.1/x"}) {
    const auto response = make_http_client()->send({.url = url});
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, ErrorCode::kInvalidArgument) << url;
  }
}

TEST(HttpClient, GoesThroughAProxy) {
  Recorder proxy;
  auto client = make_http_client({.proxy = proxy.server.url()});
  const auto response = client->send({.url = "http://tracker.example/graphql"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(proxy.requests.at(0).target, "http://tracker.example/graphql");
}

TEST(HttpClient, ProxyOfTheEnvironmentIsHonoured) {
  Recorder proxy;
  setenv("http_proxy", proxy.server.url().c_str(), 1);
  const auto response = make_http_client()->send({.url = "http://tracker.example/graphql"});
  unsetenv("http_proxy");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(proxy.requests.size(), 1u);
}

TEST(HttpClient, WritesTheBodyOfASuccessToAFileAndKeepsThatOfARefusal) {
  const std::string path = testing::TempDir() + "http_client_get_" + std::to_string(getpid());
  Recorder recorder({.body = std::string(200'000, 'x')});
  auto client = make_http_client();
  const auto got = client->send(
      {.url = recorder.server.url() + "/f", .response_max_bytes = 10, .response_file = path});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "");
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), std::string(200'000, 'x'));

  Recorder refusing({.status = 404, .body = "not here"});
  const auto refused = client->send({.url = refusing.server.url() + "/f", .response_file = path});
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->status, 404);
  EXPECT_EQ(refused->body, "not here");
  unlink(path.c_str());
}

TEST(HttpClient, AFileThatCannotBeWrittenIsTold) {
  Recorder recorder;
  auto client = make_http_client();
  const auto missing =
      client->send({.url = recorder.server.url() + "/f", .response_file = "/no/such/folder/f"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
  const auto full =
      client->send({.url = recorder.server.url() + "/f", .response_file = "/dev/full"});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kIo);
  EXPECT_THAT(full.error().message, HasSubstr("/dev/full"));
}

}  // namespace
}  // namespace runstone::net
