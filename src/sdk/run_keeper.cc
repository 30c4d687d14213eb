// The run's background thread: what must happen soon, but never while somebody logs.
#include <chrono>
#include <exception>

#include "base/json.h"
#include "base/start_thread.h"
#include "fs/file_system.h"
#include "protocol/run_config.h"
#include "sdk/child_journals.h"
#include "sdk/run_state.h"
#include "sdk/version.h"

namespace runstone {
namespace {
constexpr auto kTick = std::chrono::seconds(1);
constexpr std::size_t kSketchedMetrics = 50;
constexpr std::size_t kSlotsPerRecord = 64;  // so many are written with the lock held
}  // namespace

void RunState::start_keeper() {
  auto thread = start_thread([this] { keep(); });
  if (thread) {
    keeper_ = std::make_unique<std::thread>(*std::move(thread));
  } else {
    terminal_.warn(
        "The run's files, and the summary in its journal, are written at its end only: " +
        thread.error().message);
  }
}

// Callable from append(): neither blocks nor allocates.
void RunState::wake_keeper() {
  if (!keeper_signalled_.exchange(true)) keeper_signal_.release();
}

// What is thrown here, where memory or the table of files is full, would end the training: it is
// told once, and tried again a second later.
template <typename Work>
void RunState::try_to_keep(const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    if (!std::exchange(keeper_trouble_told_, true)) {
      terminal_.warn(std::string("The run's files are behind: ") + error.what());
    }
  }
}

void RunState::keep() {
  try_to_keep([this] { write_config_file(); });
  auto next_tick = std::chrono::steady_clock::now() + kTick;
  while (!keeper_stop_.load()) {
    const bool signalled = keeper_signal_.try_acquire_until(next_tick);
    if (signalled) keeper_signalled_.store(false);
    if (keeper_stop_.load()) return;
    if (signalled && std::chrono::steady_clock::now() < next_tick) {
      try_to_keep([this] {
        if (journal_)
          discard(journal_->prepare(), "append() finds out itself, and counts what is lost");
        write_console_file();
      });
      continue;
    }
    try_to_keep([this] { tick(); });
    next_tick = std::chrono::steady_clock::now() + kTick;
  }
}

void RunState::tick() {
  discard(children_->take_over(*this, false), "the next tick, or finish(), tries again");
  flush_summary(false);
  if (journal_)
    discard(journal_->sync(), "append() meets the same trouble, and counts what is lost");
  write_console_file();
  look_at_tensorboard(false);
  look_at_live_files();
  tell_losses();
  ++sketch_ticks_;
  bool config_changed = false;
  SummaryTable::Number numbers[kSketchedMetrics];
  std::size_t count = 0;
  {  // copies alone: whoever logs waits for this
    const std::scoped_lock lock(mutex_);
    std::swap(config_changed, config_dirty_);
    count = summary_.copy_numbers({numbers, kSketchedMetrics});
    look_at_clock();
  }
  for (std::size_t i = 0; i < count; ++i) sketch_.add(*numbers[i].name, numbers[i].value);
  if (config_changed) write_config_file();
}

// Summary changes as records: removals first, since a reader applies a record's updates before its
// removals. In small portions, so that nobody who logs waits for long.
void RunState::flush_summary(bool with_runtime) {
  for (bool more = true; more;) {
    const std::scoped_lock lock(mutex_);
    protocol::SummaryRecord removed, updated;
    more = summary_.take_changes(
        [&](const KeyPath& path, std::optional<std::string_view> text) {
          if (text) {
            updated.update.push_back({path, protocol::JsonText{std::string(*text)}});
          } else {
            removed.remove.push_back(path);
          }
        },
        kSlotsPerRecord);
    if (!more && (with_runtime || !updated.update.empty())) {
      const auto seconds = static_cast<std::int64_t>(seconds_since_start());
      updated.update.push_back(
          {{"_wandb", "runtime"}, protocol::JsonText{std::to_string(seconds)}});
    }
    if (!removed.remove.empty()) append_record(std::move(removed));
    if (!updated.update.empty()) append_record(std::move(updated));
  }
}

void RunState::tell_losses() {
  std::string reason;
  {
    const std::scoped_lock lock(mutex_);
    if (lost_records_ == 0 || loss_told_) return;
    loss_told_ = true;
    reason = loss_reason_;
  }
  terminal_.error("Recording has stopped (" + reason +
                  "). The training goes on; what it logs from now on is lost.");
}

// --- files ---------------------------------------------------------------------------------------

void RunState::record_files(const std::vector<std::string>& names) {
  protocol::FilesRecord record;
  for (const std::string& name : names) {
    record.files.push_back(
        {name, protocol::FilesRecord::Policy::kNow, protocol::FilesRecord::Type::kWandb});
  }
  const std::scoped_lock lock(mutex_);
  append_record(std::move(record));
}

void RunState::write_config_file() {
  if (plan_.writer.is_secondary) return;
  protocol::RunConfigFacts facts;
  facts.client_version = kVersion;
  facts.python_version = plan_.program.python_version;
  facts.platform = "linux-x86_64";
  Dict config;
  MetricTable metrics;
  {  // the text is made without the lock: a config of thousands of keys takes milliseconds
    const std::scoped_lock lock(mutex_);
    config = config_.values();
    metrics = summary_.metrics();
  }
  const std::string text = to_config_yaml(protocol::full_config(config, metrics, facts));
  discard(fs::replace_file(fs::real_file_system(), directory_.files + "/config.yaml", text),
          "the journal has the config");
}

void RunState::write_summary_file() {
  if (plan_.writer.is_secondary) return;
  Dict summary;
  {
    const std::scoped_lock lock(mutex_);
    summary = summary_.to_dict();
  }
  summary.set("_wandb", Value({{"runtime", static_cast<std::int64_t>(seconds_since_start())}}));
  discard(fs::replace_file(fs::real_file_system(), directory_.files + "/wandb-summary.json",
                           json::to_text(Value(std::move(summary)))),
          "the journal has the summary");
}

}  // namespace runstone
