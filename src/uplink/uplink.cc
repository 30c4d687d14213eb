#include "uplink/uplink.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/start_thread.h"
#include "base/try.h"
#include "net/client/http_client.h"
#include "uplink/delivery.h"

namespace runstone::uplink {
namespace {

/// "No bound" comes as the largest number there is, which a clock cannot add to the time now.
constexpr std::int64_t kLongestWaitUs = std::int64_t{365} * 24 * 3600 * 1'000'000;

constexpr std::int64_t kConnectTimeoutUs = 5'000'000;

/// One thread around a Delivery: it sleeps when turn() says so, and ends when all is delivered.
class ThreadedUplink final : public Uplink {
 public:
  explicit ThreadedUplink(UplinkOptions options)
      : journal_(options.journal_path),
        target_(options.target),
        transport_(make_transport()),
        delivery_(fs::real_file_system(), system_clock(), *transport_, options.target,
                  delivery_options(options)) {
    if (options.identity) identity_ = *options.identity;
  }

  ~ThreadedUplink() override { finish(0, std::nullopt); }

  Result<void> begin() {
    RUNSTONE_TRY(thread_, start_thread([this] { work(); }));
    return {};
  }

  DeliveryReport finish(std::int64_t timeout_us,
                        std::optional<std::uint64_t> rows_written) override {
    if (thread_.joinable()) {
      std::unique_lock lock(mutex_);
      hurry_ = true;
      wake_.notify_all();
      const auto bounded_us = std::clamp<std::int64_t>(timeout_us, 0, kLongestWaitUs);
      ended_signal_.wait_for(lock, std::chrono::microseconds(bounded_us),
                             [&] { return ended_.load(); });
      stop_ = true;
      wake_.notify_all();
      lock.unlock();
      if (!ended_) {
        transport_->cancel();
        delivery_.cancel_files();
      }
      thread_.join();
    }
    DeliveryReport report = delivery_.report(rows_written);
    if (!broken_.empty()) {
      report.complete = false;
      report.error = broken_;
    }
    if (report.complete && report.failed_files == 0 && report.artifacts_not_sent == 0) {
      mark_synced(journal_);
    }
    return report;
  }

  RunIdentity identity() const override {
    const std::scoped_lock lock(mutex_);
    return identity_;
  }

  std::uint64_t acked_rows() const override { return delivery_.acked_rows(); }
  std::int64_t last_ack_us() const override { return delivery_.last_ack_us(); }

 private:
  DeliveryOptions delivery_options(UplinkOptions& options) {
    DeliveryOptions made = usual_options(options);
    if (options.heartbeat_us > 0) made.heartbeat_us = options.heartbeat_us;
    if (options.request_timeout_us > 0) made.request_timeout_us = options.request_timeout_us;
    if (options.file_timeout_us > 0) made.file_timeout_us = options.file_timeout_us;
    return made;
  }
  DeliveryOptions usual_options(UplinkOptions& options) {
    return {.journal = options.journal_path,
            .request = std::move(options.request),
            .identity = options.identity,
            .outage_told = options.outage_told,
            .on_identity =
                [this, told = std::move(options.on_identity)](const RunIdentity& identity) {
                  {
                    const std::scoped_lock lock(mutex_);
                    identity_ = identity;
                  }
                  if (told) told(identity);
                },
            .on_stop = std::move(options.on_stop),
            .stop_on_fatal_error = options.stop_on_fatal_error,
            .on_artifact =
                [told = std::move(options.on_artifact)](const ArtifactOutcome& outcome) {
                  if (!told) return;
                  if (outcome.error.empty()) return told(outcome.client_id, outcome.server_id);
                  told(outcome.client_id, fail(ErrorCode::kInvalidArgument, outcome.error));
                },
            .on_message = std::move(options.on_message),
            .make_file_transport = [this] { return make_transport(); },
            .wake =
                [this] {
                  const std::scoped_lock lock(mutex_);
                  woken_ = true;
                  wake_.notify_all();
                }};
  }

  /// What is thrown here (no memory, a full table of files) must not end the training. What was
  /// under way is not known then, so it is not gone on with: the journal has it, for `sync`.
  void work() {
    try {
      deliver();
    } catch (const std::exception& error) {
      broken_ = std::string("sending has stopped: ") + error.what();
    }
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    ended_signal_.notify_all();
  }

  void deliver() {
    bool hurried = false;
    while (true) {
      {
        const std::scoped_lock lock(mutex_);
        if (stop_) break;
        if (hurry_ && !std::exchange(hurried, true)) delivery_.hurry();
      }
      const Delivery::Turn turn = delivery_.turn();
      if (turn.kind == Delivery::Turn::Kind::kEnded) break;
      if (turn.kind == Delivery::Turn::Kind::kAgain) continue;
      const auto left_us = turn.wake_at_us - system_clock().monotonic_us();
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, std::chrono::microseconds(std::max<std::int64_t>(left_us, 0)),
                     [&] { return stop_ || woken_ || (hurry_ && !hurried); });
      woken_ = false;
    }
  }

  std::unique_ptr<net::HttpTransport> make_transport() const {
    return net::make_http_client({.proxy = target_.proxy,
                                  .verify_tls = target_.verify_tls,
                                  .ca_file = target_.ca_file,
                                  .connect_timeout_us = kConnectTimeoutUs});
  }

  const fs::Path journal_;
  const Target target_;
  std::unique_ptr<net::HttpTransport> transport_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, ended_signal_;
  RunIdentity identity_;
  bool hurry_ = false, stop_ = false, woken_ = false;
  std::atomic<bool> ended_ = false;
  std::string broken_;  // of the thread, until it is joined
  Delivery delivery_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Uplink>> Uplink::start(UplinkOptions options) {
  if (options.target.base_url.empty()) {
    return fail(ErrorCode::kInvalidArgument, "no server to send to");
  }
  auto uplink = std::make_unique<ThreadedUplink>(std::move(options));
  RUNSTONE_TRY(uplink->begin());
  return std::unique_ptr<Uplink>(std::move(uplink));
}

}  // namespace runstone::uplink
