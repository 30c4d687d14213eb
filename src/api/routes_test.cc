#include "api/routes.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <future>
#include <mutex>

#include "alerts/alerts.h"
#include "artifacts/artifacts.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/random_id.h"
#include "net/server/compress.h"
#include "net/server/event_stream.h"
#include "store/memory/memory_store.h"
#include "sweeps/sweeps.h"

namespace runstone::api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
namespace stdfs = std::filesystem;

std::string bytes_of(const http::Response& response) {
  const auto* source = std::get_if<std::shared_ptr<http::ByteSource>>(&response.body);
  if (!source) return std::string(response.text());
  std::string bytes((*source)->size_bytes(), '\0');
  EXPECT_EQ((*source)->read(0, Span<char>(bytes.data(), bytes.size())).value(), bytes.size());
  return bytes;
}

// All routes over real parts: the memory store, a folder of objects, ingest and query.
class RoutesTest : public testing::Test {
 protected:
  RoutesTest() {
    stdfs::create_directories(folder_);
    objects_ = objects::open_folder_store(folder_).value();
    ingest_ = ingest::Ingest::create(*store_, *objects_, clock_, pool_).value();
    query_ = std::make_unique<query::Query>(*store_, *objects_);
    artifacts_ = artifacts::Artifacts::create(*store_, *objects_, clock_).value();
    sweeps_ = sweeps::Sweeps::create(*store_, *ingest_, *query_, clock_).value();
    alerts_ = alerts::Alerts::create(*store_, clock_).value();
    const auto user = auth_.ensure_local_user("alice").value();
    key_ = auth_.create_key(user.id, "test").value();
    services_.reset(new Services{*store_,
                                 *objects_,
                                 *ingest_,
                                 *query_,
                                 auth_,
                                 *artifacts_,
                                 *sweeps_,
                                 *alerts_,
                                 signer_,
                                 clock_,
                                 pool_,
                                 "1.2.3",
                                 clock_.now_us(),
                                 {}});
    add_file_stream_route(router_, *services_);
    add_file_routes(router_, *services_);
    add_run_routes(router_, *services_);
    add_series_route(router_, *services_);
    add_events_route(router_, *services_);
    add_signin_routes(router_, *services_);
    add_health_routes(router_, *services_);
    ingest::UpsertRun run;
    run.entity = "alice";
    run.project = "digits";
    run.name = "r1";
    run.config_json = R"({"lr":{"value":0.1},"_wandb":{"value":{"m":[{"1":"epoch","6":[3]},)"
                      R"({"2":"val/*","5":1,"6":[1,2,3],"7":[2,3],"8":2}]}}})";
    run_ = ingest_->upsert_run(run).value().run;
  }
  ~RoutesTest() override {
    ingest_->stop();
    pool_.stop();
    ingest_.reset();
    stdfs::remove_all(folder_);
  }

  http::Request request_for(http::Method method, std::string_view target, std::string body = "") {
    http::Request request;
    request.method = method;
    EXPECT_TRUE(http::parse_target(target, request));
    request.headers.add("Host", "127.0.0.1:1");
    request.body = std::move(body);
    return request;
  }
  http::Request with_key(http::Request request) {
    request.headers.add("Authorization", "Basic " + to_base64("api:" + key_));
    return request;
  }
  http::Response send(http::Request request) {
    auto match = router_.match(request.method, request.path);
    if (!match.route) return http::message_response(match.path_exists ? 405 : 404, "no route");
    request.parameters = std::move(match.parameters);
    if (match.route->options.admit) {
      if (auto refusal = match.route->options.admit(request)) return std::move(*refusal);
    }
    if (match.route->options.spool) {
      request.body_file = http::SpooledFile::create(objects_->spool_folder().string()).value();
      EXPECT_TRUE(request.body_file->append(request.body));
      request.body.clear();
    }
    auto response = wait_for(match.route->handler(std::move(request)));
    return response;
  }
  http::Response get(std::string_view target) {
    return send(with_key(request_for(http::Method::kGet, target)));
  }
  http::Response post(std::string_view target, std::string body) {
    return send(with_key(request_for(http::Method::kPost, target, std::move(body))));
  }
  http::Response stream(std::string body) {
    return post("/files/alice/digits/r1/file_stream", std::move(body));
  }
  Value json_of(const http::Response& response) { return json::parse(response.text()).value(); }

  const Clock& clock_ = system_clock();
  stdfs::path folder_ = stdfs::temp_directory_path() / ("api_routes_" + random_id());
  ThreadPool pool_{2, 64};
  std::unique_ptr<store::Store> store_ = store::memory::make_store();
  std::unique_ptr<objects::ObjectStore> objects_;
  std::unique_ptr<ingest::Ingest> ingest_;
  std::unique_ptr<query::Query> query_;
  std::unique_ptr<artifacts::Artifacts> artifacts_;
  std::unique_ptr<sweeps::Sweeps> sweeps_;
  std::unique_ptr<alerts::Alerts> alerts_;
  auth::Auth auth_{*store_, clock_};
  auth::UrlSigner signer_{"secret", clock_};
  std::unique_ptr<Services> services_;
  http::Router router_;
  std::string key_;
  store::RunInfo run_;
};

constexpr const char* kThreeRows =
    R"({"files":{"wandb-history.jsonl":{"offset":0,"content":[)"
    R"("{\"loss\":1.5,\"_step\":0}","{\"loss\":NaN,\"_step\":1}","{\"loss\":0.5,\"_step\":2}"]},)"
    R"("output.log":{"offset":0,"content":["2026-11-23T13:26:40.096407 hello"]}}})";

TEST_F(RoutesTest, WithoutAKeyNothingIsReadOrWritten) {
  const std::pair<http::Method, const char*> kRoutes[] = {
      {http::Method::kPost, "/files/alice/digits/r1/file_stream"},
      {http::Method::kGet, "/files/alice/digits/r1/config.yaml"},
      {http::Method::kPost, "/api/series"},
      {http::Method::kGet, "/api/events?run=alice/digits/r1"},
      {http::Method::kGet, "/api/runs/alice/digits/r1/console"},
      {http::Method::kGet, "/api/runs/alice/digits/r1/keys"},
      {http::Method::kGet, "/api/metrics"},
      {http::Method::kPost, "/api/signin_links"},
      {http::Method::kPost, "/api/signout"},
  };
  for (const auto& [method, target] : kRoutes) {
    const auto response = send(request_for(method, target, kThreeRows));
    EXPECT_EQ(response.status, 401) << target;
    EXPECT_EQ(response.text(),
              R"({"errors":[{"message":"user is not logged in"}],"data":{"viewer":null}})");
  }
  EXPECT_EQ(store_->get_run(run_.id).value().history_lines, 0);
}

TEST_F(RoutesTest, FileStreamAnswersAsTheStockClientExpects) {
  const auto response = stream(kThreeRows);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.text(), R"({"exitcode":null,"limits":{},"stopped":false})");
  EXPECT_EQ(store_->get_run(run_.id).value().history_lines, 3);
  EXPECT_EQ(stream("{}").status, 200);  // a heartbeat
}

TEST_F(RoutesTest, FileStreamTellsAStopRequest) {
  ASSERT_TRUE(ingest_->request_stop(run_.id));
  EXPECT_THAT(std::string(stream("{}").text()), HasSubstr("\"stopped\":true"));
}

TEST_F(RoutesTest, FileStreamTakesGzip) {
  auto request = with_key(request_for(http::Method::kPost, "/files/alice/digits/r1/file_stream",
                                      http::gzip(kThreeRows)));
  request.headers.add("Content-Encoding", "gzip");
  EXPECT_EQ(send(std::move(request)).status, 200);
  EXPECT_EQ(store_->get_run(run_.id).value().history_lines, 3);
}

TEST_F(RoutesTest, FileStreamRefusesOnlyWhatItMeansTo) {
  EXPECT_EQ(stream("{\"files\":").status, 400);
  EXPECT_EQ(post("/files/alice/digits/gone/file_stream", "{}").status, 404);
  EXPECT_EQ(
      stream(R"({"files":{"wandb-history.jsonl":{"offset":100,"content":["{\"a\":1}"]}}})").status,
      200);  // a gap is counted, not refused
  EXPECT_EQ(store_->get_run(run_.id).value().gaps, 100);
}

TEST_F(RoutesTest, AKeyDoesNotReachAnothersEntity) {
  store::User bob;
  bob.name = "bob";
  const auto user = store_->create_user(bob).value();
  key_ = auth_.create_key(user.id, "bob's").value();
  EXPECT_EQ(stream(kThreeRows).status, 404);
  EXPECT_EQ(get("/api/runs/alice/digits/r1/keys").status, 404);
  EXPECT_EQ(get("/api/events?project=alice/digits").status, 404);
  EXPECT_EQ(get("/files/alice/digits/r1/config.yaml").status, 404);
}

TEST_F(RoutesTest, FilesGoInBySignatureAndComeBack) {
  const auto put = [&](std::string target, std::string body) {
    return send(request_for(http::Method::kPut, target, std::move(body)));
  };
  const auth::FileGrant grant{"PUT", "alice", "digits", "r1", "media/a b.html"};
  const auto url = signer_.sign(grant, auth::kUploadGrantLifetimeUs);
  EXPECT_EQ(put("/files/alice/digits/r1/media/a%20b.html", "x").status, 403);
  EXPECT_EQ(put(url + "x", "x").status, 403);
  EXPECT_EQ(put(url, "<b>first</b>").status, 200);
  EXPECT_EQ(put(url, "<b>second</b>").status, 200);
  const auto response = get("/files/alice/digits/r1/media/a%20b.html");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(bytes_of(response), "<b>second</b>");
  EXPECT_THAT(std::string(response.headers.get("content-security-policy")),
              AllOf(HasSubstr("sandbox"), HasSubstr("default-src 'none'")));
  EXPECT_EQ(response.headers.get("x-content-type-options"), "nosniff");
  EXPECT_EQ(get("/files/alice/digits/r1/nothing.txt").status, 404);
  // For those who have no key, for as long as it lasts.
  const auth::FileGrant read{"GET", "alice", "digits", "r1", "media/a b.html"};
  const auto signed_read =
      request_for(http::Method::kGet, signer_.sign(read, auth::kDownloadGrantLifetimeUs));
  EXPECT_EQ(bytes_of(send(signed_read)), "<b>second</b>");
  EXPECT_EQ(send(request_for(http::Method::kGet, url)).status, 403);  // an upload's address
}

TEST_F(RoutesTest, AnUploadWithTheWrongMd5IsRefused) {
  const auth::FileGrant grant{"PUT", "alice", "digits", "r1", "x.txt"};
  auto request =
      request_for(http::Method::kPut, signer_.sign(grant, auth::kUploadGrantLifetimeUs), "hello");
  request.headers.add("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==");
  EXPECT_EQ(send(std::move(request)).status, 400);
  EXPECT_EQ(get("/files/alice/digits/r1/x.txt").status, 404);
}

TEST_F(RoutesTest, KeysComeWithTheirDefinitions) {
  ASSERT_EQ(stream(kThreeRows).status, 200);
  const auto value = json_of(get("/api/runs/alice/digits/r1/keys"));
  bool found = false;
  for (const auto& key : *value.get("keys")->if_list()) {
    if (key.get("name")->string_or("") != "loss") continue;
    found = true;
    EXPECT_EQ(*key.get("type"), Value("number"));
    EXPECT_EQ(*key.get("count"), Value(3));
    EXPECT_EQ(*key.get("last_step"), Value(2));
  }
  EXPECT_TRUE(found);
  const Value wanted = Dict{{"name", "val/*"},   {"glob", true},   {"step_metric", "epoch"},
                            {"step_sync", true}, {"hidden", true}, {"summary", List{"max", "mean"}},
                            {"goal", "maximize"}};
  EXPECT_EQ(value.get("metrics")->if_list()->at(1), wanted);
}

TEST_F(RoutesTest, ConsoleGivesLinesByNumber) {
  ASSERT_EQ(stream(kThreeRows).status, 200);
  const auto value = json_of(get("/api/runs/alice/digits/r1/console?first=-5&count=5"));
  EXPECT_EQ(*value.get("total"), Value(1));
  ASSERT_EQ(value.get("lines")->if_list()->size(), 1u);
  const auto& line = *value.get("lines")->if_list()->at(0).if_list();
  EXPECT_EQ(line[0], Value(0));
  EXPECT_THAT(std::string(line[1].string_or("")), HasSubstr("hello"));
  EXPECT_EQ(get("/api/runs/alice/digits/r1/console?first=x").status, 400);
  EXPECT_EQ(get("/api/runs/alice/digits/r1/console?count=10001").status, 400);
}

TEST_F(RoutesTest, SeriesAnswersEachQueryByItself) {
  ASSERT_EQ(stream(kThreeRows).status, 200);
  const auto response = post("/api/series", R"({"queries":[{"run":"alice/digits/r1","key":"loss"},
      {"run":"alice/digits/none","key":"loss"},{"run":"bad","key":"loss"}]})");
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("content-type"), "application/vnd.runstone.series");
  const auto bytes = std::string(response.text());
  std::uint32_t length = 0;
  ASSERT_GE(bytes.size(), sizeof(length));
  std::copy_n(bytes.data(), sizeof(length), reinterpret_cast<char*>(&length));
  const auto header = json::parse(std::string_view(bytes).substr(4, length)).value();
  const auto& series = *header.get("series")->if_list();
  ASSERT_EQ(series.size(), 3u);
  EXPECT_EQ(*series[0].get("count"), Value(3));
  EXPECT_EQ(*series[0].get("error"), Value(nullptr));
  EXPECT_TRUE(series[1].get("error")->is_string());
  EXPECT_TRUE(series[2].get("error")->is_string());
  EXPECT_EQ(post("/api/series", "{\"queries\":5}").status, 400);
  EXPECT_EQ(post("/api/series", "nonsense").status, 400);
}

TEST_F(RoutesTest, EventsBeginWithHelloAndFollowTheRun) {
  const auto response = get("/api/events?run=alice/digits/r1");
  ASSERT_EQ(response.status, 200);
  const auto stream_of = std::get<std::shared_ptr<http::EventStream>>(response.body);
  EXPECT_THAT(stream_of->take(), StartsWith("id: 1\nevent: hello\ndata: {\"server\":\"1.2.3\"}"));
  std::promise<void> woken;
  std::once_flag once;
  stream_of->set_wake([&] { std::call_once(once, [&] { woken.set_value(); }); });
  ASSERT_EQ(stream(kThreeRows).status, 200);
  woken.get_future().wait();
  EXPECT_THAT(stream_of->take(), HasSubstr("event: "));
  stream_of->set_wake(nullptr);
  stream_of->close();
  EXPECT_EQ(get("/api/events").status, 400);
  EXPECT_EQ(get("/api/events?run=alice/digits").status, 400);
  EXPECT_EQ(get("/api/events?project=alice/digits/r1").status, 400);
  EXPECT_EQ(get("/api/events?run=alice/digits/none").status, 404);
}

TEST_F(RoutesTest, ASigninLinkOpensABrowsersSessionOnce) {
  const auto link = json_of(post("/api/signin_links", ""));
  const std::string url(link.get("url")->string_or(""));
  ASSERT_THAT(url, StartsWith("http://127.0.0.1:1/signin?token="));
  const auto target = url.substr(std::string("http://127.0.0.1:1").size());
  // A link preview asks with HEAD and must not use it up.
  const auto preview = send(request_for(http::Method::kHead, target));
  EXPECT_EQ(preview.status, 303);
  EXPECT_TRUE(preview.headers.get("set-cookie").empty());
  const auto opened = send(request_for(http::Method::kGet, target));
  EXPECT_EQ(opened.status, 303);
  EXPECT_EQ(opened.headers.get("location"), "/");
  const std::string cookie(opened.headers.get("set-cookie"));
  EXPECT_THAT(cookie,
              AllOf(HasSubstr("HttpOnly"), HasSubstr("SameSite=Strict"), HasSubstr("Path=/")));
  EXPECT_EQ(send(request_for(http::Method::kGet, target)).status, 403);

  const auto with_cookie = [&](http::Method method, std::string_view address, bool from_page) {
    auto request = request_for(method, address, "{\"queries\":[]}");
    request.headers.add("Cookie", cookie.substr(0, cookie.find(';')));
    if (from_page) request.headers.add("X-Runstone-Request", "1");
    return send(std::move(request)).status;
  };
  EXPECT_EQ(with_cookie(http::Method::kGet, "/api/runs/alice/digits/r1/keys", false), 200);
  EXPECT_EQ(with_cookie(http::Method::kPost, "/api/series", false), 403);
  EXPECT_EQ(with_cookie(http::Method::kPost, "/api/series", true), 200);
  EXPECT_EQ(with_cookie(http::Method::kPost, "/api/signout", true), 200);
  EXPECT_EQ(with_cookie(http::Method::kGet, "/api/runs/alice/digits/r1/keys", false), 401);
}

TEST_F(RoutesTest, ALinkInAnotherSitesPageMovesOnByItself) {
  const std::string url(json_of(post("/api/signin_links", "")).get("url")->string_or(""));
  auto request =
      request_for(http::Method::kGet, url.substr(std::string("http://127.0.0.1:1").size()));
  request.headers.add("Sec-Fetch-Site", "cross-site");
  const auto response = send(std::move(request));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(std::string(response.text()), HasSubstr("refresh"));
  EXPECT_FALSE(response.headers.get("set-cookie").empty());
}

TEST_F(RoutesTest, HealthIsOpenMetricsAreNot) {
  const auto health = send(request_for(http::Method::kGet, "/api/health"));
  EXPECT_EQ(health.text(), R"({"status":"ok","version":"1.2.3"})");
  ASSERT_EQ(stream(kThreeRows).status, 200);
  EXPECT_THAT(std::string(get("/api/metrics").text()),
              HasSubstr("\nrunstone_ingest_lines_total 4\n"));
}

}  // namespace
}  // namespace runstone::api
