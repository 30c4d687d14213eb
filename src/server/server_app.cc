#include "server/server_app.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <optional>
#include <thread>
#include <utility>

#include "alerts/alerts.h"
#include "api/graphql_route.h"
#include "api/routes.h"
#include "artifacts/artifacts.h"
#include "artifacts/expiry.h"
#include "auth/accounts.h"
#include "auth/auth.h"
#include "auth/url_signer.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/thread_pool.h"
#include "base/try.h"
#include "ingest/ingest.h"
#include "net/server/server.h"
#include "objects/object_store.h"
#include "query/query.h"
#include "server/client_file.h"
#include "server/data_folder.h"
#include "server/web_pages.h"
#include "store/sqlite/sqlite_store.h"
#include "sweeps/sweeps.h"

namespace runstone::server {
namespace {

constexpr std::size_t kPoolQueueMax = 512;

std::size_t pool_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 4, 16);
}

// The account's name as a user and entity: what may stand in a URL without escapes.
std::string local_user_name() {
  const auto* account = ::getpwuid(::getuid());
  std::string name = account && account->pw_name ? account->pw_name : "";
  for (auto& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.') c = '-';
  }
  return auth::check_account_name(name) ? name : "local";
}

// Members in the order in which they are made; each borrows from those above it.
class App final : public ServerApp {
 public:
  App(AppOptions options, DataFolder folder)
      : options_(std::move(options)),
        folder_(std::move(folder)),
        pool_(pool_threads(), kPoolQueueMax) {}
  ~App() override { stop(0); }

  Result<void> open();
  Result<void> serve();

  std::string url() const override { return http_->url(); }
  std::uint16_t port() const override { return http_->port(); }
  Result<std::string> signin_link() override;
  bool stop(int grace_ms) override;

 private:
  Result<void> ensure_local_key();
  Result<http::Router> make_router();

  const AppOptions options_;
  DataFolder folder_;
  ThreadPool pool_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<objects::ObjectStore> objects_;
  std::unique_ptr<ingest::Ingest> ingest_;
  std::unique_ptr<query::Query> query_;
  std::unique_ptr<auth::Auth> auth_;
  std::unique_ptr<artifacts::Artifacts> artifacts_;
  std::unique_ptr<artifacts::Expiry> expiry_;
  std::unique_ptr<sweeps::Sweeps> sweeps_;
  std::unique_ptr<alerts::Alerts> alerts_;
  std::optional<auth::UrlSigner> signer_;
  std::unique_ptr<api::Services> services_;
  store::User local_user_;
  std::string local_key_;
  std::unique_ptr<http::Server> http_;
  std::thread preparing_;  // lists of runs, after the start
  std::atomic<bool> stopping_ = false;
  bool stopped_ = false;
};

Result<void> App::open() {
  const auto& clock = system_clock();
  RUNSTONE_TRY(store_, store::sqlite::open_store(folder_.database()));
  RUNSTONE_TRY(objects_, objects::open_folder_store(folder_.objects()));
  ingest::IngestOptions ingest_options;
  ingest_options.crash_after_secs = options_.crash_after_secs;
  RUNSTONE_TRY(ingest_, ingest::Ingest::create(*store_, *objects_, clock, pool_, ingest_options));
  query_ = std::make_unique<query::Query>(*store_, *objects_);
  auth_ = std::make_unique<auth::Auth>(*store_, clock);
  RUNSTONE_TRY(artifacts_, artifacts::Artifacts::create(*store_, *objects_, clock));
  expiry_ = std::make_unique<artifacts::Expiry>(*artifacts_);
  RUNSTONE_TRY(sweeps_, sweeps::Sweeps::create(*store_, *ingest_, *query_, clock));
  RUNSTONE_TRY(alerts_, alerts::Alerts::create(*store_, clock));
  RUNSTONE_TRY(auto signer, auth::UrlSigner::create(*store_, clock));
  signer_.emplace(std::move(signer));
  return ensure_local_key();
}

// The key outlives restarts: it is the one in client.json as long as the store knows it.
Result<void> App::ensure_local_key() {
  RUNSTONE_TRY(local_user_, auth_->ensure_local_user(local_user_name()));
  if (const auto file = read_client_file(folder_.client_file())) {
    const auto owner = auth_->authenticate_key(file->api_key);
    if (owner && owner->user == local_user_.id) {
      local_key_ = file->api_key;
      return {};
    }
  }
  RUNSTONE_TRY(local_key_, auth_->create_key(local_user_.id, "this machine"));
  return {};
}

Result<http::Router> App::make_router() {
  services_.reset(new api::Services{
      .store = *store_,
      .objects = *objects_,
      .ingest = *ingest_,
      .query = *query_,
      .auth = *auth_,
      .artifacts = *artifacts_,
      .sweeps = *sweeps_,
      .alerts = *alerts_,
      .signer = *signer_,
      .clock = system_clock(),
      .pool = pool_,
      .version = version(),
      .started_at_us = system_clock().now_us(),
      .http_counters = [this] { return http_ ? http_->counters() : http::ServerCounters{}; },
      .public_base_url = options_.public_url});
  http::Router router;
  api::add_graphql_route(router, *services_);
  api::add_file_stream_route(router, *services_);
  api::add_file_routes(router, *services_);
  api::add_artifact_routes(router, *services_);
  api::add_run_routes(router, *services_);
  api::add_series_route(router, *services_);
  api::add_events_route(router, *services_);
  api::add_signin_routes(router, *services_);
  api::add_health_routes(router, *services_);
  api::add_pages(router, web_pages(), options_.notebook_origins);
  return router;
}

Result<void> App::serve() {
  RUNSTONE_TRY(auto router, make_router());
  http::ServerOptions options;
  options.host = options_.host;
  options.port = options_.port;
  options.spool_dir = objects_->spool_folder().string();
  RUNSTONE_TRY(http_, http::Server::listen(std::move(options), std::move(router), pool_));
  // Last: who reads the file finds a server that answers.
  RUNSTONE_TRY(write_client_file(folder_.client_file(), {http_->url(), local_key_}));
  alerts_->start(options_.public_url.empty() ? http_->url() : options_.public_url);
  preparing_ = std::thread([this] {
    if (const auto done = query_->prepare_lists(stopping_); !done) {
      log_warning("lists of runs are made when they are asked for: " + done.error().message);
    }
  });
  return {};
}

Result<std::string> App::signin_link() {
  RUNSTONE_TRY(const auto token, auth_->create_signin_token(local_user_.id));
  const auto& base = options_.public_url.empty() ? http_->url() : options_.public_url;
  return base + "/signin?token=" + percent_encode(token);
}

bool App::stop(int grace_ms) {
  if (std::exchange(stopped_, true)) return true;
  stopping_ = true;
  const bool clean = !http_ || http_->stop(grace_ms);
  if (alerts_) alerts_->stop();
  if (sweeps_) sweeps_->stop();
  if (expiry_) expiry_->stop();
  if (artifacts_) artifacts_->stop();
  if (ingest_) ingest_->stop();
  pool_.stop();
  if (preparing_.joinable()) preparing_.join();
  return clean;
}

}  // namespace

const char* version() { return RUNSTONE_VERSION; }

Result<std::unique_ptr<ServerApp>> ServerApp::start(AppOptions options) {
  RUNSTONE_TRY(auto folder, DataFolder::open(options.data_folder));
  auto app = std::make_unique<App>(std::move(options), std::move(folder));
  RUNSTONE_TRY(app->open());
  RUNSTONE_TRY(app->serve());
  return std::unique_ptr<ServerApp>(std::move(app));
}

}  // namespace runstone::server
