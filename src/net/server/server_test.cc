#include "net/server/server.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <vector>

#include "base/random_id.h"
#include "net/server/event_stream.h"
#include "net/server/port_holder.h"
#include "net/server/test_client.h"

namespace runstone::http {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// Real sockets on a free port. Each test adds its routes and starts.
class ServerTest : public testing::Test {
 protected:
  ServerTest() : folder_(fs::temp_directory_path() / ("net_server_" + random_id())) {
    fs::create_directories(folder_);
    options_.spool_dir = folder_;
    router_.add(Method::kGet, "/hello", on_pool(pool_, [](Request request) {
                  return text_response(200, "hello " + std::string(request.headers.get("x-name")));
                }));
    router_.add(Method::kPost, "/echo",
                on_pool(pool_, [](Request request) { return text_response(200, request.body); }),
                {.max_body_bytes = 1000});
  }
  ~ServerTest() override {
    server_.reset();
    fs::remove_all(folder_);
  }
  void start() {
    auto server = Server::listen(options_, std::move(router_), pool_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  TestClient connect() { return TestClient(server_->port()); }
  std::size_t files_in_folder() {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
  ThreadPool pool_{2, 64};
  ServerOptions options_;
  Router router_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, KeepsTheConnectionForMoreRequests) {
  start();
  auto client = connect();
  for (int i = 0; i < 3; ++i) {
    const auto reply = client.request("GET", "/hello", "", "X-Name: you\r\n");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "hello you");
  }
  EXPECT_EQ(server_->counters().connections_total, 1u);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  auto client = connect();
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const auto body = std::to_string(i);
    all += "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  client.send(all);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.read_reply().body, std::to_string(i));
}

TEST_F(ServerTest, ClosesWhenAskedTo) {
  start();
  auto client = connect();
  EXPECT_EQ(client.request("GET", "/hello", "", "Connection: close\r\n").status, 200);
  EXPECT_EQ(client.read_to_end(), "");
  auto old = connect();
  old.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.read_reply().status, 200);
  EXPECT_EQ(old.read_to_end(), "");
}

TEST_F(ServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  auto client = connect();
  const auto reply = client.request("HEAD", "/hello");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.get("content-length"), "6");
  EXPECT_EQ(client.request("GET", "/hello").body, "hello ");  // nothing was left in between
}

TEST_F(ServerTest, UnknownAddressIs404AsJsonAndKeepsTheConnection) {
  start();
  auto client = connect();
  const auto reply = client.request("POST", "/nothing", "some body");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, R"({"errors":[{"message":"there is nothing at /nothing"}]})");
  const auto wrong = client.request("DELETE", "/hello");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.get("allow"), "GET");
  EXPECT_EQ(client.request("GET", "/hello").status, 200);
}

TEST_F(ServerTest, NonsenseIs400) {
  start();
  auto client = connect();
  client.send("this is not http\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 400);
  auto escape = connect();
  EXPECT_EQ(escape.request("GET", "/%zz").status, 400);
}

TEST_F(ServerTest, TooLongHeadersAre431) {
  options_.header_bytes_max = 2000;
  start();
  auto client = connect();
  const auto reply =
      client.request("GET", "/hello", "", "X-Long: " + std::string(5000, 'x') + "\r\n");
  EXPECT_EQ(reply.status, 431);
}

TEST_F(ServerTest, TooLongBodyIs413WithoutBeingRead) {
  start();
  auto told = connect();
  // Only the head is sent: the answer comes from the length alone.
  told.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\n");
  const auto reply = told.read_reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_THAT(reply.body, HasSubstr("larger than 1000 bytes"));
  auto chunked = connect();
  chunked.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n7d1\r\n" +
               std::string(2001, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.read_reply().status, 413);
}

TEST_F(ServerTest, A413IsSeenByAClientThatGoesOnSending) {
  start();
  auto client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 8000000\r\n\r\n");
  client.send(std::string(8'000'000, 'x'));
  EXPECT_EQ(client.read_reply().status, 413);
}

TEST_F(ServerTest, ChunkedBodiesArriveWhole) {
  start();
  auto client = connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "abcdefg");
}

TEST_F(ServerTest, ExpectedContinueIsSent) {
  start();
  auto client = connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("100 Continue"));
  client.send("ok");
  EXPECT_EQ(client.read_reply().body, "ok");
}

TEST_F(ServerTest, BodiesBeyondTheCommonBoundAre429) {
  options_.memory_bodies_bytes_max = 500;
  start();
  auto client = connect();
  const auto refused = client.request("POST", "/echo", std::string(600, 'x'));
  EXPECT_EQ(refused.status, 429);
  EXPECT_FALSE(refused.headers.get("retry-after").empty());
  // What was refused, and what was answered, is not counted for ever.
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(connect().request("POST", "/echo", std::string(400, 'x')).status, 200);
  }
}

TEST_F(ServerTest, AFullPoolIs429) {
  ThreadPool one(1, 1);
  std::promise<void> release;
  auto released = release.get_future().share();
  router_.add(Method::kGet, "/slow", on_pool(one, [released](Request) {
                released.wait();
                return text_response(200, "done");
              }));
  start();
  auto first = connect(), second = connect();
  first.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  second.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  // One runs and one waits, or both were counted already: some further one is refused.
  bool refused = false;
  std::vector<std::unique_ptr<TestClient>> more;
  for (int i = 0; i < 3 && !refused; ++i) {
    more.push_back(std::make_unique<TestClient>(server_->port()));
    more.back()->send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  }
  while (server_->counters().responses_429 == 0) std::this_thread::yield();
  release.set_value();
  const auto reply = first.read_reply();
  EXPECT_TRUE(reply.status == 200 || reply.status == 429);
  EXPECT_GE(server_->counters().responses_429, 1u);
  server_->stop(10'000);
}

TEST_F(ServerTest, SlowHeadersAre408) {
  options_.header_timeout_ms = 50;
  start();
  auto client = connect();
  client.send("GET /hello HTTP/1.1\r\nHos");
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerTest, ABodyThatStopsIs408) {
  options_.body_progress_timeout_ms = 50;
  start();
  auto client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nhalf");
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerTest, IdleConnectionsAreClosedInTheEnd) {
  options_.idle_timeout_ms = 50;
  start();
  auto client = connect();
  EXPECT_EQ(client.request("GET", "/hello").status, 200);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerTest, AReaderThatStopsIsCutAndItsBodyForgotten) {
  options_.body_progress_timeout_ms = 50;
  router_.add(Method::kGet, "/big", on_pool(pool_, [](Request) {
                return text_response(200, std::string(64 << 20, 'x'), "application/octet-stream");
              }));
  start();
  auto client = connect();
  client.send("GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
  while (server_->counters().connections_total == 0 || server_->counters().connections_open > 0) {
    std::this_thread::yield();
  }
  EXPECT_LT(client.read_to_end().size(), std::size_t{64} << 20);
}

TEST_F(ServerTest, SpooledBodiesLieInAFileUntilTheHandlerIsThrough) {
  std::string seen, path;
  router_.add(Method::kPut, "/upload/{name...}",
              on_pool(pool_,
                      [&](Request request) {
                        path = request.body_file->path();
                        std::ifstream file(path, std::ios::binary);
                        seen.assign(std::istreambuf_iterator<char>(file), {});
                        struct stat facts {};
                        EXPECT_EQ(::stat(path.c_str(), &facts), 0);
                        EXPECT_EQ(facts.st_mode & 0777, 0600u);
                        return text_response(200, std::string(request.parameter("name")));
                      }),
              {.max_body_bytes = 64 << 20, .spool = true});
  start();
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body.append(std::to_string(i));
  auto client = connect();
  const auto reply = client.request("PUT", "/upload/a/b%20c", body);
  EXPECT_EQ(reply.body, "a/b c");
  EXPECT_TRUE(seen == body);
  EXPECT_EQ(client.request("GET", "/hello").status, 200);
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(files_in_folder(), 0u);
}

TEST_F(ServerTest, ABrokenOffUploadLeavesNoFile) {
  router_.add(Method::kPut, "/upload",
              on_pool(pool_, [](Request) { return text_response(200, "whole?"); }),
              {.max_body_bytes = 64 << 20, .spool = true});
  start();
  auto client = connect();
  client.send("PUT /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n" +
              std::string(200'000, 'x'));
  while (files_in_folder() == 0) std::this_thread::yield();
  client.close();
  // The file goes with the connection's last frame, a moment after the connection is counted as
  // gone.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (files_in_folder() > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(files_in_folder(), 0u);
}

TEST_F(ServerTest, AdmissionRefusesBeforeTheBodyIsRead) {
  router_.add(
      Method::kPut, "/guarded", on_pool(pool_, [](Request) { return text_response(200, "in"); }),
      {.max_body_bytes = 64 << 20, .spool = true, .admit = [](const Request& request) {
         return request.query("pass") ? std::nullopt : std::optional(message_response(403, "no"));
       }});
  start();
  auto client = connect();
  client.send("PUT /guarded HTTP/1.1\r\nHost: t\r\nContent-Length: 50000000\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 403);
  EXPECT_EQ(connect().request("PUT", "/guarded?pass", "x").status, 200);
}

class FileServing : public ServerTest {
 protected:
  FileServing() {
    for (int i = 0; content_.size() < 1'000'000; ++i)
      content_.append(std::to_string(i)).append(",");
    std::ofstream(folder_ / "data", std::ios::binary) << content_;
    router_.add(Method::kGet, "/data", on_pool(pool_, [this](Request) {
                  Response response;
                  response.headers.add("ETag", "\"v1\"");
                  response.body = open_file_source((folder_ / "data").string()).value();
                  return response;
                }));
    start();
  }
  std::string content_;
};

TEST_F(FileServing, WholePartsAndTheLastBytes) {
  auto client = connect();
  EXPECT_TRUE(client.request("GET", "/data").body == content_);
  const auto part = client.request("GET", "/data", "", "Range: bytes=300000-799999\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == content_.substr(300'000, 500'000));
  EXPECT_EQ(part.headers.get("content-range"),
            "bytes 300000-799999/" + std::to_string(content_.size()));
  EXPECT_EQ(client.request("GET", "/data", "", "Range: bytes=-5\r\n").body,
            content_.substr(content_.size() - 5));
  EXPECT_EQ(client.request("GET", "/data", "", "Range: bytes=9999999-\r\n").status, 416);
  const auto head = client.request("HEAD", "/data");
  EXPECT_EQ(head.headers.get("content-length"), std::to_string(content_.size()));
  EXPECT_EQ(client.request("GET", "/hello").status, 200);
}

TEST_F(FileServing, ValidatorsAreHonoured) {
  auto client = connect();
  EXPECT_EQ(client.request("GET", "/data", "", "If-None-Match: \"v1\"\r\n").status, 304);
  EXPECT_EQ(client.request("GET", "/data", "", "Range: bytes=0-1\r\nIf-Range: \"v0\"\r\n").status,
            200);
  EXPECT_EQ(client.request("GET", "/data", "", "Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n").status,
            206);
}

class Events : public ServerTest {
 protected:
  Events() {
    router_.add(Method::kGet, "/events", on_pool(pool_, [this](Request) {
                  Response response;
                  response.body = stream_;
                  return response;
                }));
  }
  std::shared_ptr<EventStream> stream_ = EventStream::create(100'000);
};

TEST_F(Events, PushesFromAnyThreadArrive) {
  start();
  auto client = connect();
  client.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("text/event-stream"));
  for (int i = 0; i < 100; ++i) {
    std::thread([&] { stream_->push("rows", std::to_string(i)); }).join();
    EXPECT_THAT(client.read_until("\n\n"), HasSubstr("data: " + std::to_string(i) + "\n"));
  }
  stream_->close();
  EXPECT_THAT(client.read_to_end(), HasSubstr("0\r\n\r\n"));
}

TEST_F(Events, SilenceIsFilledWithComments) {
  options_.event_keep_alive_ms = 20;
  start();
  auto client = connect();
  client.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n");
  client.read_until("\r\n\r\n");
  for (int i = 0; i < 3; ++i) EXPECT_NE(client.read_until(": still here\n\n"), "");
}

TEST_F(Events, AClientThatReadsNothingIsResyncedAndOthersDoNotWait) {
  start();
  auto client = connect();
  client.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n");
  client.read_until("\r\n\r\n");
  const std::string data(10'000, 'x');
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(stream_->push("rows", data));
  EXPECT_EQ(connect().request("GET", "/hello").status, 200);
  EXPECT_NE(client.read_until("event: resync\n"), "");
}

TEST_F(Events, TheStreamClosesWhenTheClientLeaves) {
  std::promise<void> closed;
  stream_->on_close([&] { closed.set_value(); });
  start();
  auto client = connect();
  client.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n");
  client.read_until("\r\n\r\n");
  client.close();
  closed.get_future().wait();
  EXPECT_FALSE(stream_->push("rows", "nobody"));
}

TEST_F(Events, StopEndsThem) {
  start();
  auto client = connect();
  client.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n");
  client.read_until("\r\n\r\n");
  EXPECT_TRUE(server_->stop(30'000));
  EXPECT_TRUE(stream_->closed());
  client.read_to_end();
}

TEST_F(ServerTest, StopLetsRequestsInFlightEndAndTakesNoMore) {
  std::promise<void> entered, release;
  router_.add(Method::kGet, "/slow", on_pool(pool_, [&](Request) {
                entered.set_value();
                release.get_future().wait();
                return text_response(200, "done");
              }));
  start();
  auto idle = connect();
  idle.request("GET", "/hello");
  auto client = connect();
  client.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { return server_->stop(30'000); });
  EXPECT_EQ(idle.read_to_end(), "");  // closed at once
  release.set_value();
  const auto reply = client.read_reply();
  EXPECT_EQ(reply.body, "done");
  EXPECT_EQ(reply.headers.get("connection"), "close");
  EXPECT_TRUE(stopped.get());
  EXPECT_FALSE(connect().connected());
}

TEST_F(ServerTest, StopCutsWhatDoesNotEnd) {
  std::promise<void> entered, release;
  auto released = release.get_future().share();
  router_.add(Method::kGet, "/stuck", on_pool(pool_, [&, released](Request) {
                entered.set_value();
                released.wait();
                return text_response(200, "too late");
              }));
  start();
  auto client = connect();
  client.send("GET /stuck HTTP/1.1\r\nHost: t\r\n\r\n");
  entered.get_future().wait();
  EXPECT_FALSE(server_->stop(1));
  server_.reset();
  release.set_value();  // the handler ends after its server, and nothing breaks
  pool_.stop();
}

TEST_F(ServerTest, ABusyPortNamesItsHolder) {
  start();
  options_.port = server_->port();
  const auto second = Server::listen(options_, Router(), pool_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_THAT(second.error().message,
              HasSubstr("process " + std::to_string(::getpid()) + " (net_server_test)"));
}

TEST_F(ServerTest, MoreConnectionsThanAllowedAreTurnedAway) {
  options_.connections_max = 1;
  start();
  auto first = connect();
  EXPECT_EQ(first.request("GET", "/hello").status, 200);
  auto second = connect();
  EXPECT_EQ(second.read_reply().status, 503);
  EXPECT_EQ(first.request("GET", "/hello").status, 200);
}

}  // namespace
}  // namespace runstone::http
