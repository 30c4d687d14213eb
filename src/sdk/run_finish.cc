// The end of a run: everything into the journal, then as much to the server as time allows.
#include <algorithm>
#include <exception>
#include <limits>

#include "base/encoding.h"
#include "base/seconds.h"
#include "sdk/child_journals.h"
#include "sdk/resume_file.h"
#include "sdk/run_state.h"

namespace runstone {

FinishReport RunState::finish(std::optional<int> exit_code) {
  const std::scoped_lock one_at_a_time(finish_mutex_);
  FinishReport report;
  // What they find is recorded while the run still takes records.
  if (!is_child()) {
    stop_redirect();
    stop_surroundings();
    look_at_tensorboard(true);
  }
  {
    const std::scoped_lock lock(mutex_);
    if (life_ != Life::kRecording) return report;
    if (was_forked() && plan_.mode != RunMode::kDisabled) {  // a child that has never logged
      leave_parent();
      life_ = Life::kFinished;
      report.first_call = true;
      return report;
    }
    report.first_call = true;
    life_ = Life::kFinishing;
    if (plan_.mode == RunMode::kDisabled) {
      life_ = Life::kFinished;
      return report;
    }
    write_open_row();
    if (child_) {  // its rows are safe; the run goes on without it
      life_ = Life::kFinished;
      report.rows = row_count();
      report.lost_records = lost_records_;
      journal_.reset();
      return report;
    }
  }
  stop_sampler();
  stop_keeper();
  const auto joined = children_->take_over(*this, true);
  if (!plan_.writer.is_secondary) {
    // Rows bring the summary's time; a run without any has the time it took, as by the stock
    // client.
    const std::scoped_lock lock(mutex_);
    if (!summary_.get({"_runtime"})) {
      summary_.set({"_runtime"}, static_cast<std::int64_t>(seconds_since_start()));
    }
  }
  flush_summary(true);
  const std::string console_losses = end_console_files();
  write_config_file();
  write_summary_file();
  record_files({"config.yaml", "wandb-summary.json"});
  {
    const std::scoped_lock lock(mutex_);
    protocol::ExitRecord exit;
    exit.exit_code = exit_code.value_or(0);
    exit.runtime_secs = static_cast<std::int32_t>(seconds_since_start());
    append_record(exit);
    report.rows = row_count();
  }
  // Closed before the network is waited for: on the disk it is safe whatever happens now.
  auto closed = journal_ ? std::move(*journal_).close() : Result<void>();
  deliver(report);
  {
    const std::scoped_lock lock(mutex_);
    life_ = Life::kFinished;
    journal_.reset();
    report.lost_records = lost_records_;
    report.lost_media = lost_media_;
    std::string losses;  // before what the user can do, which ends the message
    if (lost_records_ > 0) {
      losses += std::to_string(lost_records_) + " records could not be written (" + loss_reason_ +
                ") and are lost. ";
    }
    if (lost_media_ > 0) {
      losses += std::to_string(lost_media_) + " media could not be stored (" + media_loss_reason_ +
                ") and are lost. ";
    }
    losses += console_losses;
    if (!joined) {
      losses += "Rows of forked processes could not be read: " + joined.error().message +
                "; they stay in " + directory_.path + "/children. ";
    }
    if (!closed) losses += "The journal could not be flushed: " + closed.error().message + ". ";
    report.message.insert(0, losses);
  }
  // Any other end leaves it, so that the next resume="auto" goes on with this run.
  if (exit_code.value_or(0) == 0) forget_resumable_run(directory_.parent + kResumeFileName);
  tell_how_it_went(directory_.journal);
  internal_log_.note("INFO", "finished with exit code " + std::to_string(exit_code.value_or(0)) +
                                 ", " + std::to_string(report.rows) + " rows, " +
                                 std::to_string(report.left_records) + " not delivered");
  if (!report.message.empty()) terminal_.warn(report.message);
  if (plan_.mode == RunMode::kOffline) {
    terminal_.info("This run is offline. To send it: runstone sync " + directory_.path);
  } else if (report.delivered) {
    terminal_.info("View the run at " + url_of("runs/" + percent_encode(plan_.id, "=+&$@")));
  }
  return report;
}

// Ten metrics as they went and as they ended: what people look at first.
void RunState::tell_how_it_went(const std::string& journal_path) {
  if (!terminal_.shows_info() || row_count() == 0) return;
  const auto count = [&](const char* setting) {
    return static_cast<std::size_t>(std::max(plan_.settings.number(setting), 0.0));
  };
  const auto tell = [&](const char* title, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    terminal_.info(title);
    for (const std::string& line : lines) terminal_.info(line);
  };
  constexpr std::uint64_t kTicksEnough = 30;
  if (sketch_ticks_ < kTicksEnough) {
    MetricSketch whole = sketch_of_journal(journal_path);
    if (whole.size() > 0) sketch_ = std::move(whole);
  }
  tell("Run history:", sketch_.lines(count("max_end_of_run_history_metrics")));
  const std::size_t summary_count = count("max_end_of_run_summary_metrics");
  tell("Run summary:", summary_lines(summary_values(), summary_count));
}

void RunState::stop_keeper() {
  if (!keeper_) return;
  keeper_stop_.store(true);
  wake_keeper();
  keeper_->join();
  keeper_.reset();
}

void RunState::deliver(FinishReport& report) {
  if (plan_.mode != RunMode::kOnline) return;
  if (!journal_) {  // nothing was recorded that could be delivered
    report.delivered = false;
    return;
  }
  if (!uplink_) {
    report.delivered = false;
    report.left_records = report.rows;
  } else {
    const double seconds = plan_.settings.number("finish_timeout");
    const std::int64_t timeout_us =
        seconds > 0 ? us_of_seconds(seconds) : std::numeric_limits<std::int64_t>::max();
    const auto delivery = uplink_->finish(timeout_us, report.rows);
    uplink_.reset();
    artifacts_.settle_all("the run has ended before it was sent; `runstone sync` sends it");
    report.delivered = delivery.complete;
    report.left_records = delivery.left_rows;
    if (!delivery.error.empty()) report.message = delivery.error + ". ";
    const auto add = [&](std::uint64_t count, const char* what) {
      if (count > 0) report.message += std::to_string(count) + what;
    };
    add(delivery.failed_files, " files were not sent. ");
    add(delivery.refused_alerts, " alerts were refused by the server. ");
    add(delivery.dropped_lines,
        " rows or lines are too long for the server; the journal has them. ");
    add(delivery.unreadable_records, " records of the journal could not be read. ");
    add(delivery.artifacts_not_sent, " artifacts were not sent. ");
  }
  if (report.delivered) {
    while (!report.message.empty() && report.message.back() == ' ') report.message.pop_back();
    return;
  }
  const bool rows_left = report.left_records > 0;
  if (rows_left) {
    report.message += std::to_string(report.left_records) + " of " + std::to_string(report.rows) +
                      " rows are not on the server yet; they are kept";
  } else {
    report.message += "The end of the run is not on the server yet; it is kept";
  }
  report.message += std::string(" in the run's directory. To send ") + (rows_left ? "them" : "it") +
                    ": runstone sync " + directory_.path;
}

bool RunState::finished() const {
  const std::scoped_lock lock(mutex_);
  return life_ != Life::kRecording;
}

bool RunState::is_child() const {
  const std::scoped_lock lock(mutex_);
  return in_child();
}

std::int64_t RunState::step() const {
  const std::scoped_lock lock(mutex_);
  return step_;
}

}  // namespace runstone
