#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/json.h"
#include "base/start_thread.h"
#include "uplink/api.h"
#include "uplink/backoff.h"
#include "uplink/origin.h"
#include "uplink/uplink.h"

namespace runstone::uplink {
namespace {

constexpr std::int64_t kFirstWaitUs = 250'000, kLongestWaitUs = 5'000'000;
constexpr auto kLookForInterrupt = std::chrono::milliseconds(50);

protocol::UpsertBucket upsert_of(const RunRequest& request, const std::string& storage_id) {
  protocol::UpsertBucket upsert{.id = storage_id,
                                .name = request.run_id,
                                .project = request.project,
                                .entity = request.entity,
                                .group = request.group,
                                .display_name = request.display_name,
                                .notes = request.notes,
                                .commit = request.git_commit,
                                .host = request.host,
                                .program = request.program,
                                .repo = request.git_remote,
                                .job_type = request.job_type,
                                .sweep = request.sweep_id,
                                .tags = request.tags};
  if (const Dict* config = request.config.if_dict()) {
    const auto whole = protocol::full_config(*config, MetricTable(), request.facts);
    upsert.config_json = json::to_text(whole);
  }
  return upsert;
}

/// What was not given is as the server has it.
void fill_up(RunRequest& request, const protocol::StoredRun& stored) {
  for (const auto& [own, there] :
       {std::pair(&RunRequest::display_name, &stored.display_name),
        std::pair(&RunRequest::notes, &stored.notes), std::pair(&RunRequest::group, &stored.group),
        std::pair(&RunRequest::job_type, &stored.job_type)}) {
    if ((request.*own).empty()) request.*own = *there;
  }
  if (!request.tags && !stored.tags.empty()) request.tags = stored.tags;
  const Dict given = request.config.is_dict() ? *request.config.if_dict() : Dict();
  request.config = merged_config(stored.config, given);
}

Origin origin_of(const protocol::StoredRun& stored, bool resumed) {
  return {.resumed = resumed,
          .next_step = stored.next_step,
          .runtime_secs = stored.runtime_secs,
          .created_at_us = stored.created_at_us,
          .lines = {.first_history_line = stored.history_lines,
                    .first_event_line = stored.event_lines,
                    .first_console_line = stored.console_lines},
          .summary = stored.summary};
}

Error error_of(const Trouble& trouble) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (trouble.kind == TroubleKind::kRefused) code = ErrorCode::kInvalidArgument;
  if (trouble.kind == TroubleKind::kUnauthorized) {
    code = trouble.status == 403 ? ErrorCode::kPermissionDenied : ErrorCode::kUnauthenticated;
  }
  if (code != ErrorCode::kUnauthenticated) return Error(code, trouble.message);
  return Error(code, trouble.message +
                         ": it does not know the API key; set RUNSTONE_API_KEY (`runstone key` on "
                         "the server prints it)");
}

/// One try, from looking for the stored run to the run as it is made.
class Attempt {
 public:
  Attempt(ApiClient& api, const StartFrom& from, const RunRequest& request, std::int64_t timeout_us)
      : api_(api), from_(from), made_{.request = request}, timeout_us_(timeout_us) {}

  std::optional<Trouble> run() {
    auto found = find_origin(api_, from_, made_.request, timeout_us_);
    if (!found) return found.trouble();
    if ((refusal_ = found->refusal)) return std::nullopt;
    std::string storage_id;
    if (const auto& stored = found->stored) {
      made_.origin = origin_of(*stored, from_.rule != StartFrom::Rule::kFork);
      storage_id = stored->id;
      fill_up(made_.request, *stored);
    }
    if (from_.rule == StartFrom::Rule::kRewind || from_.rule == StartFrom::Rule::kFork) {
      if (!made_.request.config.is_dict()) made_.request.config = Dict();
      set_branch_point(*made_.request.config.if_dict(), from_);
    }
    auto identity = api_.upsert(upsert_of(made_.request, storage_id), timeout_us_);
    if (!identity) return identity.trouble();
    made_.identity = std::move(*identity);
    if (from_.rule != StartFrom::Rule::kFork) return std::nullopt;
    auto copied = find_fork(api_, from_, made_.identity, timeout_us_);
    if (!copied) return copied.trouble();
    made_.origin = origin_of(*copied->stored, false);
    fill_up(made_.request, *copied->stored);
    return std::nullopt;
  }

  Result<Contacted> take() {
    if (refusal_) return fail(*refusal_);
    return std::move(made_);
  }

 private:
  ApiClient& api_;
  const StartFrom& from_;
  Contacted made_;
  const std::int64_t timeout_us_;
  std::optional<Error> refusal_;
};

/// Asks on a thread of its own, so that the caller can look for Ctrl-C meanwhile.
class Asking {
 public:
  Asking(const Target& target, const RunRequest& request, const StartFrom& from,
         const ContactOptions& options)
      : request_(request),
        from_(from),
        options_(options),
        deadline_us_(system_clock().monotonic_us() + options.timeout_us),
        transport_(net::make_http_client({.proxy = target.proxy,
                                          .verify_tls = target.verify_tls,
                                          .ca_file = target.ca_file,
                                          .connect_timeout_us = options.timeout_us})),
        api_(*transport_, system_clock(), target) {}

  Result<Contacted> run() {
    if (!options_.keeps_asking) {
      ask();
      return *std::move(answer_);
    }
    auto asking = start_thread([this] { ask(); });
    if (!asking) ask();  // then Ctrl-C waits for the answer
    {
      std::unique_lock lock(mutex_);
      while (!answered_) {
        signal_.wait_for(lock, kLookForInterrupt);
        if (answered_ || !options_.is_interrupted) continue;
        lock.unlock();
        const bool interrupted = options_.is_interrupted();
        lock.lock();
        if (!interrupted || stop_) continue;
        stop_ = true;
        signal_.notify_all();
        transport_->cancel();
      }
    }
    if (asking) asking->join();
    return *std::move(answer_);
  }

 private:
  std::int64_t left_us() const { return deadline_us_ - system_clock().monotonic_us(); }

  void ask() {
    Backoff backoff(kFirstWaitUs, kLongestWaitUs, 1);
    std::optional<Result<Contacted>> answer;
    while (!answer) {
      Attempt attempt(api_, from_, request_, std::max<std::int64_t>(left_us(), 1));
      const auto trouble = attempt.run();
      if (!trouble) {
        answer = attempt.take();
        break;
      }
      const auto wait_us = std::max(backoff.next_wait_us(), trouble->retry_after_us);
      const bool again = options_.keeps_asking && trouble->kind == TroubleKind::kRetry &&
                         left_us() > wait_us && !wait(wait_us);
      if (!again) answer = fail(error_of(*trouble));
    }
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
    answered_ = true;
    signal_.notify_all();
  }

  /// True if the caller does not want to wait any more.
  bool wait(std::int64_t wait_us) {
    std::unique_lock lock(mutex_);
    return signal_.wait_for(lock, std::chrono::microseconds(wait_us), [&] { return stop_; });
  }

  const RunRequest& request_;
  const StartFrom& from_;
  const ContactOptions& options_;
  const std::int64_t deadline_us_;
  std::unique_ptr<net::HttpTransport> transport_;
  ApiClient api_;
  std::mutex mutex_;
  std::condition_variable signal_;
  bool answered_ = false, stop_ = false;
  std::optional<Result<Contacted>> answer_;
};

}  // namespace

Result<Contacted> contact(const Target& target, const RunRequest& request, const StartFrom& from,
                          const ContactOptions& options) {
  return Asking(target, request, from, options).run();
}

}  // namespace runstone::uplink
