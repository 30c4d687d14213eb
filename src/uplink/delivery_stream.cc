// Rows, metrics, console lines and the summary on their way: gathered into requests, sent, made
// smaller where a server finds them too large, and acknowledged.
#include "uplink/delivery.h"

#include <algorithm>

namespace runstone::uplink {
namespace {

constexpr int kTooLarge = 413;  // of HTTP
constexpr std::int64_t kSaveIntervalUs = 1'000'000;
/// A summary is sent whole each time: one of 1 MB at most each 10 s.
constexpr std::int64_t kSummaryWaitUsPerByte = 10;
constexpr std::int64_t kSummaryWaitMaxUs = 15'000'000;

}  // namespace

bool Delivery::stream_is_due() const {
  const std::int64_t now_us = clock_.monotonic_us();
  auto& replay = const_cast<RunReplay&>(replay_);
  const std::size_t waiting_bytes = batch_.size_bytes() + replay.console().changed_bytes();
  if (waiting_bytes >= options_.batch_bytes || batch_.preempting) return true;
  const bool something = !batch_.empty() || has_console_lines() ||
                         (replay_.summary_changed() && now_us >= next_summary_us_) ||
                         files_.has_uploaded();
  if (!something) return !end_seen_ && now_us >= last_stream_us_ + options_.heartbeat_us;
  return hurried_ || end_seen_ || now_us >= last_stream_us_ + interval_us_;
}

bool Delivery::has_console_lines() const {
  auto& console = const_cast<RunReplay&>(replay_).console();
  return shared_ ? console.has_settled(end_seen_) : console.has_changes();
}

void Delivery::seal(bool completes) {
  const std::int64_t now_us = clock_.monotonic_us();
  if (shared_) {
    replay_.console().take_settled(batch_.console, options_.batch_bytes, end_seen_);
  } else {
    replay_.console().take_changes(batch_.console, options_.batch_bytes);
  }
  if (replay_.summary_changed() && (completes || end_seen_ || now_us >= next_summary_us_)) {
    batch_.summary = replay_.summary_json();
    replay_.clear_summary_changed();
    next_summary_us_ =
        now_us + std::min<std::int64_t>(
                     static_cast<std::int64_t>(batch_.summary->size()) * kSummaryWaitUsPerByte,
                     kSummaryWaitMaxUs);
  }
  batch_.uploaded = files_.take_uploaded();
  if (completes) batch_.exit_code = replay_.exit()->exit_code;
  if (shared_) return seal_shared(completes);
  outbox_.push_back({.request = std::exchange(batch_, {}),
                     .covers = {replay_.history_lines(), replay_.event_lines(),
                                replay_.console().settled_lines()},
                     .completes = completes});
}

/// One stream a request, so that its lines alone make its bytes: a server of a shared run knows a
/// retry by its bytes, also one by a later process. What has no lines may be said twice.
void Delivery::seal_shared(bool completes) {
  RunReplay::Delivered covers = acked_;
  const auto push = [&](protocol::JsonLines protocol::FileStreamRequest::*stream,
                        std::uint64_t RunReplay::Delivered::*covered, std::string_view name) {
    protocol::JsonLines& lines = batch_.*stream;
    while (!lines.empty()) {
      const bool again =
          in_flight_ && in_flight_->stream == name && in_flight_->first_line == lines.first_line();
      protocol::FileStreamRequest request;
      request.*stream = lines.take_front(again ? in_flight_->count : lines.count());
      const auto& sent = request.*stream;
      covers.*covered = sent.first_line() + sent.count();
      outbox_.push_back({.request = std::move(request), .covers = covers});
      if (again) in_flight_.reset();
    }
  };
  using Request = protocol::FileStreamRequest;
  push(&Request::history, &RunReplay::Delivered::history, protocol::kHistoryStream);
  push(&Request::events, &RunReplay::Delivered::events, protocol::kEventsStream);
  push(&Request::console, &RunReplay::Delivered::console, protocol::kConsoleStream);
  batch_.history.clear();
  batch_.events.clear();
  batch_.console.clear();
  const bool something = !batch_.empty() || outbox_.empty();  // else a heartbeat
  if (something) {
    outbox_.push_back(
        {.request = std::exchange(batch_, {}), .covers = covers, .completes = completes});
  }
}

/// Before it goes: after a crash nobody else knows which lines the last request had.
void Delivery::note_in_flight() {
  const auto& request = outbox_.front().request;
  const auto note = [&](const protocol::JsonLines& lines, std::string_view name) {
    if (lines.empty()) return;
    const SyncState::InFlight now{std::string(name), lines.first_line(), lines.count()};
    if (in_flight_ && in_flight_->stream == now.stream &&
        in_flight_->first_line == now.first_line && in_flight_->count == now.count) {
      return;  // a retry
    }
    in_flight_ = now;
    save_state(true);
  };
  note(request.history, protocol::kHistoryStream);
  note(request.events, protocol::kEventsStream);
  note(request.console, protocol::kConsoleStream);
}

std::optional<Delivery::Turn> Delivery::send_stream() {
  if (!identity_) return std::nullopt;
  if (outbox_.empty()) {
    if (phase_ > Phase::kStreaming || !stream_is_due() || !ready(stream_lane_)) return std::nullopt;
    seal(false);
  }
  if (!ready(stream_lane_)) return std::nullopt;
  if (shared_) note_in_flight();
  auto answer = api_.post_file_stream(*identity_, outbox_.front().request.to_body(),
                                      options_.request_timeout_us);
  last_stream_us_ = clock_.monotonic_us();
  if (!answer) {
    if (answer.trouble().status == kTooLarge && make_smaller(answer.trouble())) {
      return Turn{Turn::Kind::kAgain};
    }
    return failed(stream_lane_, answer.trouble());
  }
  const Sealed done = std::move(outbox_.front());
  outbox_.pop_front();
  succeeded(stream_lane_);
  acknowledged(done.covers);
  if (done.completes) phase_ = Phase::kEnded;
  if (answer->stopped) tell_stop();
  return Turn{Turn::Kind::kAgain};
}

/// After a 413: halves of the lines go one after the other; what cannot be halved is left out and
/// counted. False if nothing is left that could be the reason.
bool Delivery::make_smaller(const Trouble& trouble) {
  Sealed& large = outbox_.front();
  protocol::FileStreamRequest& request = large.request;
  const auto lines = request.line_count();
  if (lines > 1 || (lines == 1 && request.summary)) {
    // The rest keeps what comes after lines: the summary, the end, and what it all covers.
    auto front = request.take_front((lines + 1) / 2);
    outbox_.push_front({.request = std::move(front)});
    return true;
  }
  if (lines == 0 && !request.summary) return false;
  const auto size_bytes = request.size_bytes();
  const char* what = request.summary ? "the summary" : "a console line";
  if (!request.history.empty()) {
    what = "a row";
    ++refused_rows_;
  }
  ++refused_lines_;
  request.summary.reset();
  request.take_front(lines);
  say(MessageLevel::kWarning,
      std::string(what) + " of " + std::to_string(size_bytes) +
          " bytes is left out, it stays in the journal: " + trouble.message);
  if (request.empty()) {
    acknowledged(large.covers);
    outbox_.pop_front();
  }
  return true;
}

void Delivery::acknowledged(const RunReplay::Delivered& covers) {
  acked_.history = std::max(acked_.history, covers.history);
  acked_.events = std::max(acked_.events, covers.events);
  acked_.console = std::max(acked_.console, covers.console);
  acked_rows_ = acked_.history - replay_.first_history_line();
  last_ack_us_ = clock_.now_us();
  save_state(end_seen_);
}

void Delivery::save_state(bool now) {
  const std::int64_t now_us = clock_.monotonic_us();
  if (!now && now_us < last_save_us_ + kSaveIntervalUs) return;
  last_save_us_ = now_us;
  SyncState state{.base_url = api_.target().base_url,
                  .entity = identity_->entity,
                  .project = identity_->project,
                  .run_id = identity_->run_id,
                  .history_lines = acked_.history,
                  .event_lines = acked_.events,
                  .console_lines = acked_.console};
  state.began_behind = began_behind_;
  state.in_flight = in_flight_;
  discard(save_sync_state(disk_, options_.journal, state), "it only spares work at the next sync");
}

}  // namespace runstone::uplink
