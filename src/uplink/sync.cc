#include "uplink/sync.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "net/client/http_client.h"
#include "uplink/delivery.h"
#include "uplink/foreign_writer.h"

namespace runstone::uplink {
namespace {

namespace stdfs = std::filesystem;

constexpr int kHeadRecords = 16;  // the run record is among the first few
constexpr std::int64_t kProgressUs = 1'000'000;
constexpr std::int64_t kLookForWriterUs = 1'000'000;
constexpr std::int64_t kConnectTimeoutUs = 5'000'000;

/// run-<id>.wandb: the id; nothing for another name.
std::optional<std::string> run_id_of(const std::string& file_name) {
  constexpr std::string_view kPrefix = "run-", kSuffix = ".wandb";
  if (file_name.size() <= kPrefix.size() + kSuffix.size()) return std::nullopt;
  if (file_name.compare(0, kPrefix.size(), kPrefix) != 0) return std::nullopt;
  const auto suffix_at = file_name.size() - kSuffix.size();
  if (file_name.compare(suffix_at, kSuffix.size(), kSuffix) != 0) return std::nullopt;
  return file_name.substr(kPrefix.size(), suffix_at - kPrefix.size());
}

std::optional<SyncCandidate> candidate_of(const stdfs::path& journal) {
  auto run_id = run_id_of(journal.filename().string());
  if (!run_id) return std::nullopt;
  const stdfs::path directory = journal.parent_path();
  SyncCandidate found{.directory = directory.string(),
                      .journal = journal.string(),
                      .run_id = std::move(*run_id),
                      .online = directory.filename().string().rfind("offline-", 0) != 0,
                      .synced = fs::real_file_system().info(synced_mark_path(journal)).has_value()};
  return found;
}

void add_runs_in(const stdfs::path& directory, std::vector<SyncCandidate>& out) {
  const auto names = fs::real_file_system().list(directory);
  if (!names) return;  // nothing that could be sent is found there, which is said
  std::error_code ignored;
  for (const std::string& name : *names) {
    const stdfs::path path = directory / name;
    if (stdfs::is_regular_file(path, ignored)) {
      if (auto found = candidate_of(path)) out.push_back(std::move(*found));
    }
  }
}

/// What decides the order in which runs of one id are sent.
struct Head {
  std::string run_id;
  std::int64_t start_time_us = 0;
  bool continues = false;  ///< its rows follow those of an earlier journal
  bool ours = false;       ///< written by this product: it locks its journal while it writes
};

Head read_head(const SyncCandidate& run) {
  Head head{.run_id = run.run_id};
  auto reader = journal::JournalReader::open(fs::real_file_system(), run.journal, {.live = true});
  std::string_view bytes;
  for (int i = 0; reader && i < kHeadRecords; ++i) {
    const auto outcome = reader->next(bytes);
    if (!outcome || *outcome != journal::ReadOutcome::kRecord) break;
    const auto record = protocol::decode_record(bytes);
    const auto* header = record ? std::get_if<protocol::HeaderRecord>(&record->body) : nullptr;
    if (header != nullptr) head.ours = header->producer.rfind("runstone", 0) == 0;
    const auto* facts = record ? std::get_if<protocol::RunRecord>(&record->body) : nullptr;
    if (facts == nullptr) continue;
    if (!facts->run_id.empty()) head.run_id = facts->run_id;
    head.start_time_us = facts->start_time_us;
    head.continues = facts->resumed || facts->starting_step > 0;
    break;
  }
  return head;
}

/// Sends one run after another, with one connection.
class Syncer {
 public:
  explicit Syncer(const SyncOptions& options) : options_(options), transport_(make_transport()) {}

  bool sync(const SyncCandidate& run, const Head& head) {
    if (!prepare(run, head)) return false;
    next_progress_us_ = system_clock().monotonic_us() + kProgressUs;
    const std::string run_id = options_.run_id.empty() ? head.run_id : options_.run_id;
    std::uint64_t& sent_lines = lines_of_run_[run_id];
    Delivery delivery(
        fs::real_file_system(), system_clock(), *transport_, options_.target,
        {.journal = run.journal,
         .request = {.run_id = run_id,
                     .entity = options_.entity,
                     .project = options_.project,
                     .job_type = options_.job_type},
         .journal_end = JournalEnd::kWriterGone,
         .use_sync_state = !options_.include_synced,
         .first_history_line = head.continues ? sent_lines : 0,
         .replace_tags = options_.replace_tags,
         .on_message = [&](MessageLevel level, const std::string& text) { say(level, text); },
         .make_file_transport = [this] { return make_transport(); },
         .wake = [this] { wake(); },
         .has_foreign_writer =
             [&, look_again_us = std::int64_t{0}, seen = false]() mutable {
               if (head.ours) return false;
               const auto now_us = system_clock().monotonic_us();
               if (now_us < look_again_us) return seen;
               look_again_us = now_us + kLookForWriterUs;
               return seen = is_open_for_writing(run.journal);
             }});
    deliver(run, delivery);
    sent_lines = delivery.replay().history_lines();
    return conclude(run, delivery);
  }

 private:
  bool prepare(const SyncCandidate& run, const Head& head) {
    fs::FileSystem& disk = fs::real_file_system();
    const auto locked = journal::is_locked(disk, run.journal);
    if ((locked && *locked) || (!head.ours && is_open_for_writing(run.journal))) {
      say(MessageLevel::kInfo,
          run.directory + ": a process is writing it; following until it ends");
      return true;
    }
    if (!head.ours) return true;  // who takes no lock may still write: its file is only read
    const auto trimmed = journal::trim_torn_tail(disk, run.journal);
    if (!trimmed && trimmed.error().code == ErrorCode::kConflict)
      return true;  // a writer after all
    if (!trimmed) tell(run.directory + ": the end is not tidied: " + trimmed.error().message);
    if (!options_.merge_children) return true;
    const auto merged = options_.merge_children(run.directory, run.journal);
    if (!merged) {
      say(MessageLevel::kError, run.directory + ": rows of forked processes could not be joined: " +
                                    merged.error().message);
    }
    return merged.has_value();
  }

  void deliver(const SyncCandidate& run, Delivery& delivery) {
    while (true) {
      const auto turn = delivery.turn();
      if (turn.kind == Delivery::Turn::Kind::kEnded) return;
      const std::int64_t now_us = system_clock().monotonic_us();
      if (now_us - delivery.last_success_us() > options_.patience_us) return;
      if (now_us >= next_progress_us_) {
        next_progress_us_ = now_us + kProgressUs;
        tell(run.directory + ": " + std::to_string(delivery.acked_rows()) + " rows so far");
      }
      if (turn.kind != Delivery::Turn::Kind::kWait) continue;
      std::unique_lock lock(mutex_);
      wake_signal_.wait_for(
          lock, std::chrono::microseconds(std::max<std::int64_t>(turn.wake_at_us - now_us, 0)),
          [&] { return woken_; });
      woken_ = false;
    }
  }

  void wake() {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
    wake_signal_.notify_one();
  }

  std::unique_ptr<net::HttpTransport> make_transport() const {
    return net::make_http_client({.proxy = options_.target.proxy,
                                  .verify_tls = options_.target.verify_tls,
                                  .ca_file = options_.target.ca_file,
                                  .connect_timeout_us = kConnectTimeoutUs});
  }

  bool conclude(const SyncCandidate& run, const Delivery& delivery) {
    const DeliveryReport report = delivery.report(std::nullopt);
    if (const auto* reader = delivery.reader()) {
      if (reader->loss_count() > 0) {
        say(MessageLevel::kWarning, run.journal + ": " + std::to_string(reader->loss_count()) +
                                        " damaged places; the records in them are lost");
      }
      if (reader->torn_tail_bytes() > 0) {
        say(MessageLevel::kInfo, run.journal + ": ends in " +
                                     std::to_string(reader->torn_tail_bytes()) +
                                     " bytes of a record that was never finished");
      }
    }
    const auto warn = [&](std::uint64_t count, const std::string& what) {
      if (count == 0) return;
      say(MessageLevel::kWarning, run.directory + ": " + std::to_string(count) + what);
    };
    warn(report.dropped_lines,
         " rows or lines are too long for the server; they stay in the journal");
    warn(report.unreadable_records, " records are of a form that this version cannot read");
    warn(report.artifacts_not_sent,
         " artifacts were not sent. The run is not "
         "marked as sent, so that a later sync can do it");
    warn(report.failed_files, " files were not sent");
    warn(report.refused_alerts, " alerts were refused by the server");
    const bool all = report.complete && report.failed_files == 0 && report.error.empty();
    if (all) {
      if (report.artifacts_not_sent == 0) mark_synced(run.journal);
      const auto& identity = *delivery.identity();
      say(MessageLevel::kInfo, run.directory + ": sent " + std::to_string(report.acked_rows) +
                                   " rows as " + identity.entity + "/" + identity.project + "/" +
                                   identity.run_id +
                                   (delivery.crashed() ? " (it has no end: marked crashed)" : ""));
    } else {
      say(MessageLevel::kError, run.directory + ": not all was delivered" +
                                    (report.error.empty() ? "" : ": " + report.error));
    }
    return all;
  }

  void say(MessageLevel level, const std::string& text) const {
    if (options_.on_message) options_.on_message(level, text);
  }
  void tell(const std::string& text) const {
    if (options_.verbose) say(MessageLevel::kInfo, text);
  }

  const SyncOptions& options_;
  std::unique_ptr<net::HttpTransport> transport_;
  std::map<std::string, std::uint64_t> lines_of_run_;
  std::int64_t next_progress_us_ = 0;
  std::mutex mutex_;  // of what the file threads say
  std::condition_variable wake_signal_;
  bool woken_ = false;
};

}  // namespace

Result<std::vector<SyncCandidate>> find_runs(const std::vector<std::string>& paths) {
  std::vector<SyncCandidate> found;
  std::error_code ignored;
  for (const std::string& text : paths) {
    const stdfs::path path = stdfs::path(text).lexically_normal();
    const std::size_t before = found.size();
    if (stdfs::is_regular_file(path, ignored)) {
      if (auto run = candidate_of(stdfs::absolute(path))) found.push_back(std::move(*run));
    } else if (stdfs::is_directory(path, ignored)) {
      stdfs::path directory = stdfs::absolute(path);
      if (!directory.has_filename()) directory = directory.parent_path();  // "run-x/"
      add_runs_in(directory, found);
      if (found.size() == before) {  // a folder of run directories
        const auto names = fs::real_file_system().list(directory);
        for (const std::string& name : names ? *names : std::vector<std::string>()) {
          const stdfs::path inside = directory / name;
          if (stdfs::is_directory(stdfs::symlink_status(inside, ignored))) {
            add_runs_in(inside, found);
          }
        }
        // One that exists and holds no runs is no error: nothing to send.
        continue;
      }
    }
    if (found.size() == before) {
      return fail(ErrorCode::kNotFound, text + " is no run directory and no run-<id>.wandb file");
    }
  }
  std::sort(found.begin(), found.end(),
            [](const SyncCandidate& a, const SyncCandidate& b) { return a.journal < b.journal; });
  const auto same = [](const SyncCandidate& a, const SyncCandidate& b) {
    return a.journal == b.journal;
  };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

SyncReport sync_runs(const std::vector<SyncCandidate>& runs, const SyncOptions& options) {
  SyncReport report;
  std::vector<std::pair<Head, const SyncCandidate*>> todo;
  for (const SyncCandidate& run : runs) {
    if ((run.synced && !options.include_synced) || (run.online && !options.include_online)) {
      ++report.skipped;
      continue;
    }
    todo.emplace_back(read_head(run), &run);
  }
  std::stable_sort(todo.begin(), todo.end(), [](const auto& a, const auto& b) {
    return a.first.start_time_us < b.first.start_time_us;
  });
  Syncer syncer(options);
  for (const auto& [head, run] : todo) {
    if (options.dry_run) {
      if (options.on_message) {
        options.on_message(MessageLevel::kInfo, "would send " + run->directory);
      }
      continue;
    }
    ++(syncer.sync(*run, head) ? report.sent : report.failed);
  }
  return report;
}

}  // namespace runstone::uplink
