#include "server/server_app.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/encoding.h"
#include "base/json.h"
#include "base/random_id.h"
#include "net/server/test_client.h"
#include "server/client_file.h"

namespace runstone::server {
namespace {

using testing::HasSubstr;
namespace stdfs = std::filesystem;

class ServerAppTest : public testing::Test {
 protected:
  ServerAppTest() : root_(stdfs::temp_directory_path() / ("server_app_" + random_id())) {}
  ~ServerAppTest() override {
    app_.reset();
    stdfs::remove_all(root_);
  }
  void start() {
    auto app = ServerApp::start({.data_folder = root_, .port = 0});
    ASSERT_TRUE(app) << app.error().message;
    app_ = std::move(*app);
    key_ = read_client_file(root_ / "client.json").value().api_key;
  }
  std::string key_header() { return "Authorization: Basic " + to_base64("api:" + key_) + "\r\n"; }
  http::Reply send(std::string_view method, std::string_view target, std::string_view body = "") {
    http::TestClient client(app_->port());
    return client.request(method, target, body, key_header());
  }
  Value graphql(std::string query, Value variables) {
    const auto reply =
        send("POST", "/graphql", json::to_text(Dict{{"query", query}, {"variables", variables}}));
    EXPECT_EQ(reply.status, 200) << reply.body;
    return json::parse(reply.body).value();
  }

  stdfs::path root_;
  std::unique_ptr<ServerApp> app_;
  std::string key_;
};

TEST_F(ServerAppTest, ClientFileLeadsToAServerThatAnswers) {
  start();
  const auto file = read_client_file(root_ / "client.json").value();
  EXPECT_EQ(file.base_url, app_->url());
  const auto reply = send("GET", "/api/health");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(version()));
  const auto viewer = graphql("query Viewer { viewer { entity } }", Dict{});
  EXPECT_FALSE(viewer.get("data")->get("viewer")->get("entity")->string_or("").empty());
}

TEST_F(ServerAppTest, RowsSurviveARestartAndTheKeyStays) {
  start();
  const auto made = graphql(
      "mutation UpsertBucket($project: String, $name: String) { upsertBucket(input: {modelName: "
      "$project, name: $name}) { bucket { project { entity { name } } } inserted } }",
      Dict{{"project", "p"}, {"name", "r1"}});
  const auto* bucket = made.get("data")->get("upsertBucket")->get("bucket");
  const std::string entity(bucket->get("project")->get("entity")->get("name")->string_or(""));
  const auto rows =
      R"({"files":{"wandb-history.jsonl":{"offset":0,"content":["{\"loss\":1,\"_step\":0}"]}}})";
  const auto stored = send("POST", "/files/" + entity + "/p/r1/file_stream", rows);
  EXPECT_EQ(stored.status, 200) << stored.body;
  const auto key = key_;
  EXPECT_TRUE(app_->stop(10'000));
  app_.reset();

  start();
  EXPECT_EQ(key_, key);
  const auto keys = send("GET", "/api/runs/" + entity + "/p/r1/keys");
  EXPECT_THAT(keys.body, HasSubstr(R"("name":"loss")"));
}

TEST_F(ServerAppTest, ASecondServerOnTheFolderIsRefused) {
  start();
  const auto second = ServerApp::start({.data_folder = root_, .port = 0});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
}

TEST_F(ServerAppTest, ABusyPortNamesItsHolder) {
  start();
  const auto second = ServerApp::start({.data_folder = root_ / "other", .port = app_->port()});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message,
              HasSubstr("process " + std::to_string(::getpid()) + " (server_test)"));
}

TEST_F(ServerAppTest, TheSigninLinkOpensAndTelemetryIs404) {
  start();
  const auto link = app_->signin_link().value();
  const auto reply = send("GET", link.substr(app_->url().size()));
  EXPECT_EQ(reply.status, 303);
  EXPECT_EQ(send("POST", "/sdk/otel/v1/metrics", std::string(5000, 'x')).status, 404);
}

TEST_F(ServerAppTest, ABodyOver64MiBIs413) {
  start();
  http::TestClient client(app_->port());
  client.send("POST /files/e/p/r/file_stream HTTP/1.1\r\nHost: t\r\n" + key_header() +
              "Content-Length: " + std::to_string((64 << 20) + 1) + "\r\n\r\n");
  const auto reply = client.read_reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_THAT(reply.body, HasSubstr("larger than 67108864 bytes"));
}

TEST_F(ServerAppTest, StoppingTwiceIsStoppingOnce) {
  start();
  EXPECT_TRUE(app_->stop(10'000));
  EXPECT_TRUE(app_->stop(10'000));
  EXPECT_FALSE(http::TestClient(app_->port()).connected());
}

}  // namespace
}  // namespace runstone::server
