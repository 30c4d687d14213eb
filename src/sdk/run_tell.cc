// What a run tells people and schedulers: alerts, preemption, how far delivery is.
#include <cmath>

#include "base/try.h"
#include "base/utf8.h"
#include "sdk/check_text.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

constexpr std::size_t kMaxShownTitle = 64;
constexpr double kDefaultWaitSecs = 60;

}  // namespace

Result<void> RunState::alert(std::string_view title, std::string_view text,
                             const AlertOptions& options) {
  RUNSTONE_TRY(check_text("the title of an alert", title));
  RUNSTONE_TRY(check_text("the text of an alert", text));
  if (options.level != "INFO" && options.level != "WARN" && options.level != "ERROR") {
    return fail(ErrorCode::kInvalidArgument,
                "level must be one of INFO, WARN and ERROR, not '" + options.level + "'");
  }
  if (!(options.wait_duration_secs >= 0) || options.wait_duration_secs > 1e12) {
    return fail(ErrorCode::kInvalidArgument, "wait_duration must be a number of seconds from 0 on");
  }
  const double wait =
      options.wait_duration_secs == 0 ? kDefaultWaitSecs : options.wait_duration_secs;
  {
    const std::scoped_lock lock(mutex_);
    if (plan_.mode == RunMode::kDisabled) return {};
    RUNSTONE_TRY(check_recording("alert"));
    if (was_forked()) become_child();
    append_record(protocol::AlertRecord{std::string(title), std::string(text), options.level,
                                        static_cast<std::int64_t>(wait * 1000)});
  }
  if (count_characters(title) > kMaxShownTitle) {
    terminal_.warn("The title of an alert is shown up to 64 characters: '" +
                   std::string(title.substr(0, kMaxShownTitle)) + "...'");
  }
  return {};
}

Result<void> RunState::mark_preempting() {
  const std::scoped_lock lock(mutex_);
  if (plan_.mode == RunMode::kDisabled) return {};
  RUNSTONE_TRY(check_recording("mark_preempting"));
  if (was_forked()) become_child();
  append_record(protocol::PreemptingRecord{});
  return {};
}

Result<RunStatus> RunState::status() const {
  const std::scoped_lock lock(mutex_);
  RunStatus status;
  if (plan_.mode == RunMode::kDisabled) return status;
  RUNSTONE_TRY(check_recording("status"));
  if (!uplink_ || was_forked()) return status;
  const std::uint64_t rows = row_count();
  status.sync_items_total = rows;
  status.sync_items_pending = rows - std::min(rows, uplink_->acked_rows());
  if (const std::int64_t at_us = uplink_->last_ack_us(); at_us != 0) {
    status.sync_time = static_cast<double>(at_us) / 1e6;
  }
  return status;
}

}  // namespace runstone
