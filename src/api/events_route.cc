#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "api/identify.h"
#include "api/routes.h"
#include "base/json.h"
#include "net/server/event_stream.h"

// GET /api/events: what changes in a run or a project, as server-sent events.
namespace runstone::api {
namespace {

/// Whether who opened a stream may still read there: a stream outlives its request, and must not
/// outlive the key, the session or the membership that it was opened with. Asks at most once a
/// second. One thread at a time.
class Permission {
 public:
  Permission(const Services& services, http::Request request, const ingest::LiveFilter& filter)
      : services_(services),
        request_(std::move(request)),
        entity_(filter.entity),
        project_(filter.project),
        asked_at_us_(services.clock.monotonic_us()) {}

  bool holds() {
    const auto now = services_.clock.monotonic_us();
    if (!holds_ || now - asked_at_us_ < kAskEachUs) return holds_;
    asked_at_us_ = now;
    const auto principal = identify(services_, request_);
    holds_ = principal && auth::authorize(*principal, auth::Action::kRead, {entity_, project_});
    return holds_;
  }

 private:
  static constexpr std::int64_t kAskEachUs = 1'000'000;

  const Services& services_;
  const http::Request request_;
  const std::string entity_, project_;
  std::int64_t asked_at_us_;
  bool holds_ = true;
};

// Carries events from a subscription to a stream. Owned by the stream's on_close call and by the
// subscription's on_ready call; both let go when the stream closes.
class Feed : public std::enable_shared_from_this<Feed> {
 public:
  Feed(const Services& services, std::shared_ptr<http::EventStream> stream, Permission permission)
      : services_(services), stream_(std::move(stream)), permission_(std::move(permission)) {}

  void begin(ingest::LiveEvents& live, ingest::LiveFilter filter) {
    const std::weak_ptr<Feed> weak = weak_from_this();
    auto subscription = live.subscribe(std::move(filter), [weak] {
      if (const auto self = weak.lock()) self->pump();
    });
    {
      const std::scoped_lock lock(mutex_);
      subscription_ = std::move(subscription);
    }
    stream_->on_close([self = shared_from_this()] { self->end(); });
    pump();  // what came before the subscription was in its place
  }

 private:
  void pump() {
    const std::scoped_lock lock(mutex_);
    if (!subscription_) return;
    if (!permission_.holds()) {
      // Closing waits for this call to end. If the pool is full, the next event comes here again.
      services_.pool.try_post([stream = stream_] { stream->close(); });
      return;
    }
    for (const auto& event : subscription_->take()) stream_->push(event.type, event.data);
  }
  void end() {
    std::unique_ptr<ingest::LiveSubscription> ended;
    {
      const std::scoped_lock lock(mutex_);
      ended = std::move(subscription_);
    }
    ended.reset();  // outside the lock: it may wait for a call of on_ready that is under way
  }

  const Services& services_;
  const std::shared_ptr<http::EventStream> stream_;
  std::mutex mutex_;
  Permission permission_;
  std::unique_ptr<ingest::LiveSubscription> subscription_;
};

Result<ingest::LiveFilter> parse_filter(const http::Request& request) {
  const auto* run = request.query("run");
  const auto* project = request.query("project");
  if ((run == nullptr) == (project == nullptr)) {
    return fail(ErrorCode::kInvalidArgument,
                "give run=entity/project/run or project=entity/project");
  }
  const std::string& path = run ? *run : *project;
  const auto first = path.find('/');
  const auto second = first == std::string::npos ? first : path.find('/', first + 1);
  if (first == std::string::npos || (second == std::string::npos) == (run != nullptr)) {
    return fail(ErrorCode::kInvalidArgument,
                run ? "a run is named entity/project/run" : "a project is named entity/project");
  }
  ingest::LiveFilter filter;
  filter.entity = path.substr(0, first);
  filter.project = path.substr(first + 1, run ? second - first - 1 : std::string::npos);
  if (run) filter.run = path.substr(second + 1);
  return filter;
}

http::Response get_events(const Services& services, const auth::Principal& principal,
                          http::Request request) {
  auto filter = parse_filter(request);
  if (!filter) return failure_response(filter.error());
  if (!auth::authorize(principal, auth::Action::kRead, {filter->entity, filter->project})) {
    return http::message_response(404, "there is no such run or project");
  }
  if (!filter->run.empty()) {
    const auto run =
        services.store.find_run(filter->entity, filter->project, filter->run, {false, false});
    if (!run) return failure_response(run.error());
  }
  const auto stream = http::EventStream::create();
  const auto feed =
      std::make_shared<Feed>(services, stream, Permission(services, std::move(request), *filter));
  stream->push("hello", json::to_text(Dict{{"server", services.version}}));
  feed->begin(services.ingest.live(), std::move(*filter));
  http::Response response;
  response.body = stream;
  return response;
}

}  // namespace

void add_events_route(http::Router& router, const Services& services) {
  router.add(
      http::Method::kGet, "/api/events",
      for_principal(services, [&services](const auth::Principal& principal, http::Request request) {
        return get_events(services, principal, std::move(request));
      }));
}

}  // namespace runstone::api
