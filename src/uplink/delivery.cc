#include "uplink/delivery.h"

#include <algorithm>

#include "base/json.h"
#include "base/random_id.h"
#include "base/try.h"
#include "model/config_rules.h"
#include "uplink/console_file.h"

namespace runstone::uplink {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr int kRecordsPerTurn = 4096;
/// How often a journal is looked at when there was nothing new: what a live chart waits at most
/// here.
constexpr std::int64_t kPollUs = 100'000;
/// Between updates of config and the like.
constexpr std::int64_t kUpsertIntervalUs = kSecondUs;
constexpr std::int64_t kHurriedWaitMaxUs = 2 * kSecondUs;
constexpr std::int64_t kSlowedIntervalMaxUs = 15 * kSecondUs;
/// A refused key is tried again, but not as often as a server that is away.
constexpr std::int64_t kUnauthorizedWaitUs = 30 * kSecondUs;

std::uint32_t random_seed() {
  const std::string bytes = random_bytes(sizeof(std::uint32_t));
  std::uint32_t seed = 1;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&seed));
  return seed;
}

const std::string& first_of(const std::string& wanted, const std::string& recorded) {
  return wanted.empty() ? recorded : wanted;
}

}  // namespace

Delivery::Delivery(fs::FileSystem& disk, const Clock& clock, net::HttpTransport& transport,
                   Target target, DeliveryOptions options)
    : disk_(disk),
      clock_(clock),
      options_(std::move(options)),
      api_(transport, clock, std::move(target)),
      files_(disk, files_directory()),
      identity_(options_.identity),
      stream_lane_{Backoff(options_.first_wait_us, options_.max_wait_us, random_seed())},
      graphql_lane_{Backoff(options_.first_wait_us, options_.max_wait_us, random_seed())},
      file_lane_{Backoff(options_.first_wait_us, options_.max_wait_us, random_seed())},
      artifact_lane_{Backoff(options_.first_wait_us, options_.max_wait_us, random_seed())},
      interval_us_(options_.send_interval_us) {
  for (auto* sender : {&file_sender_, &artifact_sender_}) {
    if (options_.make_file_transport) {
      *sender = std::make_unique<FilePool>(
          api_.target(), clock_, options_.make_file_transport, options_.wake,
          sender == &artifact_sender_ ? FilePool::kThreadsOfArtifacts
                                      : FilePool::kThreadsOfRunFiles);
    } else {
      *sender = std::make_unique<InlineFileSender>(api_);
    }
  }
  replay_.start_history_at(options_.first_history_line);
  const std::int64_t now_us = clock_.monotonic_us();
  last_success_us_ = now_us;
  last_upsert_us_ = identity_ ? now_us : 0;
}

void Delivery::hurry() {
  hurried_ = true;
  next_read_us_ = 0;
  for (Lane* lane : {&stream_lane_, &graphql_lane_, &file_lane_, &artifact_lane_}) {
    lane->blocked_until_us = lane->server_wish_us;
    lane->backoff.reset();
  }
}

Delivery::Turn Delivery::turn() {
  if (phase_ == Phase::kEnded || refused_) return {Turn::Kind::kEnded};
  if (read_journal()) return {Turn::Kind::kAgain};
  // Rows first; but what they need to be understood (the run itself) before them.
  for (auto step : {&Delivery::register_run, &Delivery::update_run, &Delivery::send_stream,
                    &Delivery::send_alert, &Delivery::send_files, &Delivery::send_artifacts,
                    &Delivery::next_phase}) {
    if (auto turn = (this->*step)()) return *turn;
  }
  return wait_turn();
}

// --- the journal ---------------------------------------------------------------------------------

Result<bool> Delivery::open_journal() {
  const bool live = options_.journal_end == JournalEnd::kExitRecord || writer_is_alive();
  RUNSTONE_TRY(auto reader, journal::JournalReader::open(disk_, options_.journal, {.live = live}));
  reader_.emplace(std::move(reader));
  return true;
}

bool Delivery::writer_is_alive() {
  const auto locked = journal::is_locked(disk_, options_.journal);
  if (locked && *locked) return true;
  return options_.has_foreign_writer && options_.has_foreign_writer();
}

bool Delivery::read_journal() {
  const std::int64_t now_us = clock_.monotonic_us();
  if (end_seen_ || !outbox_.empty() || now_us < next_read_us_) return false;
  if (!identity_ && replay_.run())
    return false;  // its lines' numbers depend on the server's answer
  if (!reader_) {
    if (const auto opened = open_journal(); !opened) {
      last_error_ = opened.error().message;
      next_read_us_ = now_us + kSecondUs;
      if (hurried_ || options_.journal_end == JournalEnd::kWriterGone) {
        refuse({.kind = TroubleKind::kRefused, .message = last_error_});
      }
      return false;
    }
  }
  bool progress = false;
  for (int i = 0; i < kRecordsPerTurn && !end_seen_; ++i) {
    if (batch_.size_bytes() + replay_.console().changed_bytes() >= options_.batch_bytes) break;
    std::string_view bytes;
    const auto outcome = reader_->next(bytes);
    if (!outcome) {
      say(MessageLevel::kError, "the journal cannot be read");
      refuse({.kind = TroubleKind::kRefused, .message = outcome.error().message});
      return false;
    }
    if (*outcome != journal::ReadOutcome::kRecord) {
      if (!is_end_now(*outcome)) break;
      progress = end_seen_ = true;
      break;
    }
    progress = true;
    const auto record = protocol::decode_record(bytes);
    if (!record) {  // its checksum was right, so these are the bytes that were written
      ++unreadable_records_;
      continue;
    }
    replay_.apply(*record, batch_);
    // In a dead writer's journal rows of children that outlived the run may follow its exit record.
    end_seen_ =
        replay_.exit() && (options_.journal_end == JournalEnd::kExitRecord || writer_is_alive());
    if (!identity_ && replay_.run()) break;
  }
  if (replay_.run() && replay_.run()->writer) {
    const protocol::WriterRecord& writer = *replay_.run()->writer;
    if (!shared_ && writer.is_shared()) become_shared(writer);
    files_.ignore(writer.ignored_files);
  }
  if (replay_.take_run_changed()) run_changed_ = true;
  if (replay_.take_preempting()) batch_.preempting = true;
  files_.add(replay_.take_files());
  for (auto& alert : replay_.take_alerts()) alerts_.push_back(std::move(alert));
  for (auto& artifact : replay_.take_artifacts()) artifacts_.add(std::move(artifact));
  return progress;
}

void Delivery::become_shared(const protocol::WriterRecord& writer) {
  shared_ = writer;
  api_.set_shared_writer(writer.shared_id);
  files_.share(writer.console_name(), !writer.is_secondary);
}

bool Delivery::is_end_now(journal::ReadOutcome outcome) {
  if (options_.journal_end == JournalEnd::kExitRecord) {
    if (hurried_) return true;
  } else if (outcome == journal::ReadOutcome::kEnd) {
    return true;
  } else if (!writer_is_alive()) {
    reader_->set_live(
        false);  // it may have written between our last look and its death: look again
    return false;
  }
  next_read_us_ = clock_.monotonic_us() + kPollUs;
  return false;
}

// --- the run -------------------------------------------------------------------------------------

protocol::UpsertBucket Delivery::upsert_of_run(bool whole) const {
  const RunRequest& wanted = options_.request;
  const protocol::RunRecord recorded = replay_.run() ? *replay_.run() : protocol::RunRecord{};
  protocol::UpsertBucket upsert;
  if (whole) {
    upsert.name = first_of(wanted.run_id, recorded.run_id);
    upsert.project = first_of(wanted.project, recorded.project);
    upsert.entity = first_of(wanted.entity, recorded.entity);
    upsert.host = first_of(wanted.host, recorded.host);
    upsert.sweep = first_of(wanted.sweep_id, recorded.sweep_id);
  } else {
    upsert.id = identity_->storage_id;
  }
  // A name set during the run is newer than the one that it was created with.
  upsert.display_name = first_of(recorded.display_name, wanted.display_name);
  upsert.notes = first_of(recorded.notes, wanted.notes);
  upsert.group = first_of(wanted.group, recorded.run_group);
  upsert.job_type = first_of(wanted.job_type, recorded.job_type);
  upsert.commit = first_of(wanted.git_commit, recorded.git_commit);
  upsert.repo = first_of(wanted.git_remote, recorded.git_remote_url);
  const Value* program = replay_.metadata().find("program");
  upsert.program = first_of(wanted.program, program ? std::string(program->string_or("")) : "");
  std::vector<std::string> tags = recorded.tags;
  if (tags.empty() && wanted.tags) tags = *wanted.tags;
  for (auto& tag : tags) {
    for (const auto& [from, to] : options_.replace_tags) {
      if (tag == from) tag = to;
    }
  }
  if (!tags.empty()) upsert.tags = std::move(tags);
  if (replay_.run()) {
    upsert.config_json = json::to_text(replay_.full_config());
  } else if (const Dict* config = wanted.config.if_dict()) {
    upsert.config_json = json::to_text(wrap_config(*config));
  }
  return upsert;
}

std::optional<Delivery::Turn> Delivery::register_run() {
  if (identity_) return std::nullopt;
  if (!replay_.run() && !end_seen_ && batch_.empty()) return std::nullopt;  // still to be read
  if (!ready(graphql_lane_)) return wait_turn();
  if (const auto from = wanted_origin(); from.rule != StartFrom::Rule::kNew && !origin_known_) {
    return go_on_from(from);
  }
  run_changed_ = false;
  auto identity = api_.upsert(upsert_of_run(true), options_.request_timeout_us);
  if (!identity) return failed(graphql_lane_, identity.trouble());
  if (const auto from = wanted_origin(); from.rule == StartFrom::Rule::kFork) {
    auto copied = find_fork(api_, from, *identity, options_.request_timeout_us);
    if (!copied) return failed(graphql_lane_, copied.trouble());
    go_on_behind(*std::move(copied->stored));
  }
  succeeded(graphql_lane_);
  identity_ = std::move(*identity);
  last_upsert_us_ = clock_.monotonic_us();
  start_from_sync_state();
  if (options_.on_identity) options_.on_identity(*identity_);
  return Turn{Turn::Kind::kAgain};
}

/// What init() asked for while no server was there. An online run has asked the server itself.
StartFrom Delivery::wanted_origin() const {
  using Rule = StartFrom::Rule;
  if (!replay_.run()) return {};
  const protocol::RunRecord& run = *replay_.run();
  if (!run.storage_id.empty() || run.starting_step != 0) return {};
  if (run.branch_point) {
    const bool own = run.branch_point->run == run.run_id;
    return {own ? Rule::kRewind : Rule::kFork, run.branch_point->run,
            static_cast<std::int64_t>(run.branch_point->value)};
  }
  return {run.resume ? Rule::kAllow : Rule::kNew, "", 0};
}

/// Finds (or makes, by rewinding) what the journal's rows follow.
std::optional<Delivery::Turn> Delivery::go_on_from(const StartFrom& from) {
  RunRequest request = options_.request;
  request.run_id = first_of(request.run_id, replay_.run()->run_id);
  request.project = first_of(request.project, replay_.run()->project);
  request.entity = first_of(request.entity, replay_.run()->entity);
  const auto state = load_sync_state(disk_, options_.journal);
  if (state && state->base_url == api_.target().base_url && state->run_id == request.run_id) {
    began_behind_ = state->began_behind;
  }
  // The run itself comes first, whatever the rule: it may have rows of this journal already, and
  // what was rewound for them must not be rewound again.
  const StartFrom look{StartFrom::Rule::kAllow, "", 0};
  auto found = find_origin(api_, look, request, options_.request_timeout_us);
  if (!found) return failed(graphql_lane_, found.trouble());
  if (!began_behind_ && found->stored) {
    began_behind_ = noted_origin(*found->stored, replay_.run()->start_time_us);
  }
  const bool rewinds = from.rule == StartFrom::Rule::kRewind && !began_behind_;
  if (rewinds || from.rule == StartFrom::Rule::kFork) {
    found = find_origin(api_, from, request, options_.request_timeout_us);
    if (!found) return failed(graphql_lane_, found.trouble());
  }
  succeeded(graphql_lane_);
  if (found->refusal) {
    refuse({.kind = TroubleKind::kRefused, .message = found->refusal->message});
    return Turn{Turn::Kind::kEnded};
  }
  origin_known_ = true;
  if (found->stored) {
    go_on_behind(*std::move(found->stored));
  } else if (from.rule == StartFrom::Rule::kAllow) {
    go_on_behind({});  // the next time there is a run, and its rows are these
  }
  return Turn{Turn::Kind::kAgain};
}

/// Once, for good: where the rows went is kept beside the journal and in the run's config, so that
/// sending it again puts them in the same places.
void Delivery::go_on_behind(protocol::StoredRun stored) {
  if (began_behind_) {
    stored.next_step = began_behind_->next_step;
    stored.runtime_secs = began_behind_->runtime_secs;
    stored.history_lines = began_behind_->history_lines;
    stored.event_lines = began_behind_->event_lines;
    stored.console_lines = began_behind_->console_lines;
  }
  began_behind_ = SyncState::Before{stored.next_step, stored.runtime_secs, stored.history_lines,
                                    stored.event_lines, stored.console_lines};
  note_origin(stored, replay_.run()->start_time_us, *began_behind_);
  replay_.continue_from(stored);
}

void Delivery::start_from_sync_state() {
  // A server that made the run anew has nothing of it, whatever the file says.
  if (began_behind_) save_state(true);  // before the first line is sent
  if (identity_->inserted || replay_.own_rows() > 0) return;
  if (!options_.use_sync_state && !shared_) return;
  const auto state = load_sync_state(disk_, options_.journal);
  if (!state || state->base_url != api_.target().base_url || state->entity != identity_->entity ||
      state->project != identity_->project || state->run_id != identity_->run_id) {
    return;
  }
  in_flight_ = state->in_flight;
  acked_ = {state->history_lines, state->event_lines, state->console_lines};
  replay_.skip(acked_);
}

std::optional<Delivery::Turn> Delivery::update_run() {
  if (!identity_ || !run_changed_ || !ready(graphql_lane_)) return std::nullopt;
  const bool due =
      hurried_ || end_seen_ || clock_.monotonic_us() >= last_upsert_us_ + kUpsertIntervalUs;
  // With a backlog to read the config is still changing: once, when all of it is known.
  if (!due || (end_seen_ && phase_ < Phase::kLastUpsert)) return std::nullopt;
  auto answer = api_.upsert(upsert_of_run(false), options_.request_timeout_us);
  last_upsert_us_ = clock_.monotonic_us();
  if (!answer) {
    if (answer.trouble().kind != TroubleKind::kRefused) {
      return failed(graphql_lane_, answer.trouble());
    }
    // The rows are worth more than the config: go on, and say so.
    ++failed_upserts_;
    run_changed_ = false;
    last_error_ = answer.trouble().message;
    say(MessageLevel::kWarning, last_error_);
    return Turn{Turn::Kind::kAgain};
  }
  run_changed_ = false;
  succeeded(graphql_lane_);
  return Turn{Turn::Kind::kAgain};
}

std::optional<Delivery::Turn> Delivery::send_alert() {
  if (!identity_ || alerts_.empty() || !ready(graphql_lane_)) return std::nullopt;
  const auto& alert = alerts_.front();
  auto sent = api_.notify_alert(*identity_, alert.title, alert.text, alert.level,
                                alert.wait_duration_ms, options_.request_timeout_us);
  if (!sent && sent.trouble().kind != TroubleKind::kRefused) {
    return failed(graphql_lane_, sent.trouble());
  }
  if (!sent) {
    ++refused_alerts_;
    say(MessageLevel::kWarning, "alert \"" + alert.title + "\": " + sent.trouble().message);
  }
  if (sent) succeeded(graphql_lane_);
  alerts_.erase(alerts_.begin());
  return Turn{Turn::Kind::kAgain};
}

// --- files and the end ---------------------------------------------------------------------------

std::optional<Delivery::Turn> Delivery::send_files() {
  if (!identity_) return std::nullopt;
  const auto collected = files_.collect(*file_sender_);
  auto trouble = collected.trouble;
  const bool start =
      !trouble && files_.has_startable() && file_sender_->has_room() && ready(file_lane_);
  if (start) {
    trouble = files_.start_one(api_, *identity_, *file_sender_, options_.request_timeout_us,
                               options_.file_timeout_us);
  }
  for (const auto& complaint : files_.take_complaints()) say(MessageLevel::kWarning, complaint);
  if (trouble) return failed(file_lane_, *trouble);
  if (collected.count > 0) succeeded(file_lane_);
  if (!start && collected.count == 0) return std::nullopt;
  return Turn{Turn::Kind::kAgain};
}

std::optional<Delivery::Turn> Delivery::send_artifacts() {
  if (!identity_ || !artifacts_.has_work() || !ready(artifact_lane_)) return std::nullopt;
  const auto step = artifacts_.step(api_, *identity_, *artifact_sender_,
                                    options_.request_timeout_us, options_.file_timeout_us);
  for (const ArtifactOutcome& outcome : artifacts_.take_outcomes()) {
    if (!outcome.error.empty()) say(MessageLevel::kError, outcome.error);
    if (options_.on_artifact) options_.on_artifact(outcome);
  }
  if (step.trouble) return failed(artifact_lane_, *step.trouble);
  if (!step.progress) return std::nullopt;
  succeeded(artifact_lane_);
  return Turn{Turn::Kind::kAgain};
}

std::optional<Delivery::Turn> Delivery::next_phase() {
  if (!end_seen_ || !identity_ || !outbox_.empty()) return std::nullopt;
  if (phase_ == Phase::kStreaming) {
    if (!batch_.empty() || has_console_lines()) return std::nullopt;
    const bool disk_may_be_old = !replay_.exit() || replay_.goes_on_from_stored();
    files_.end_run(disk_may_be_old, [this](const std::string& name) -> std::optional<std::string> {
      if (name == "config.yaml") return to_config_yaml(replay_.full_config());
      if (name == "wandb-summary.json") return replay_.summary_json() + "\n";
      if (name == "wandb-metadata.json" && !replay_.metadata().empty()) {
        return json::to_pretty_text(replay_.metadata()) + "\n";
      }
      if ((name == "output.log" || (shared_ && name == shared_->console_name())) &&
          options_.journal_end == JournalEnd::kWriterGone) {
        // A file that the dead writer left may lack what its last second printed.
        discard(renew_console_file(disk_, options_.journal, files_directory() / name),
                "the console is on the server as lines, whatever becomes of the file");
      }
      return std::nullopt;
    });
    phase_ = Phase::kFiles;
  } else if (phase_ == Phase::kFiles) {
    if (files_.has_work() || artifacts_.has_work()) return std::nullopt;
    phase_ = Phase::kLastUpsert;
  } else if (phase_ == Phase::kLastUpsert) {
    if (run_changed_ || !alerts_.empty()) return std::nullopt;
    phase_ = Phase::kComplete;
    const bool completes = replay_.exit() && !(shared_ && shared_->leaves_state);
    if (completes || files_.has_uploaded() || replay_.summary_changed()) seal(completes);
  } else if (options_.journal_end == JournalEnd::kWriterGone && !replay_.exit() &&
             !(shared_ && shared_->leaves_state)) {
    if (!ready(graphql_lane_)) return std::nullopt;
    auto upsert = upsert_of_run(true);
    upsert.entity = identity_->entity;
    upsert.project = identity_->project;
    upsert.name = identity_->run_id;
    upsert.state = "crashed";
    auto answer = api_.upsert(upsert, options_.request_timeout_us);
    if (!answer) return failed(graphql_lane_, answer.trouble());
    succeeded(graphql_lane_);
    phase_ = Phase::kEnded;
  } else {
    phase_ = Phase::kEnded;
  }
  return Turn{Turn::Kind::kAgain};
}

// --- waits and troubles --------------------------------------------------------------------------

bool Delivery::ready(const Lane& lane) const {
  return clock_.monotonic_us() >= std::max(lane.blocked_until_us, api_.not_before_us());
}

Delivery::Turn Delivery::wait_turn() const {
  const std::int64_t now_us = clock_.monotonic_us();
  std::int64_t wake_us = now_us + kSecondUs;
  for (const Lane* lane : {&stream_lane_, &graphql_lane_, &file_lane_, &artifact_lane_}) {
    if (lane->blocked_until_us > now_us) wake_us = std::min(wake_us, lane->blocked_until_us);
  }
  if (next_read_us_ > now_us) wake_us = std::min(wake_us, next_read_us_);
  if (const auto send_us = last_stream_us_ + interval_us_; !batch_.empty() && send_us > now_us) {
    wake_us = std::min(wake_us, send_us);
  }
  return {Turn::Kind::kWait, wake_us};
}

Delivery::Turn Delivery::failed(Lane& lane, const Trouble& trouble) {
  last_error_ = trouble.message;
  if (trouble.kind == TroubleKind::kCancelled) return {Turn::Kind::kEnded};
  const bool ending = hurried_ || options_.journal_end == JournalEnd::kWriterGone;
  if (trouble.kind == TroubleKind::kRefused ||
      (trouble.kind == TroubleKind::kUnauthorized && ending)) {
    refuse(trouble);
    return {Turn::Kind::kEnded};
  }
  const std::int64_t now_us = clock_.monotonic_us();
  std::int64_t wait_us = lane.backoff.next_wait_us();
  if (trouble.kind == TroubleKind::kUnauthorized) wait_us = std::max(wait_us, kUnauthorizedWaitUs);
  if (hurried_) wait_us = std::min(wait_us, kHurriedWaitMaxUs);
  if (trouble.status == 429) {
    interval_us_ = std::clamp(interval_us_ * 2, kSecondUs, kSlowedIntervalMaxUs);
  }
  // Waiting no less than the server asks, and no more than it asks if it says so.
  lane.server_wish_us = trouble.retry_after_us > 0 ? now_us + trouble.retry_after_us : 0;
  lane.blocked_until_us = trouble.retry_after_us > 0 ? lane.server_wish_us : now_us + wait_us;
  lane.failing = true;
  if (!outage_told_) {
    outage_told_ = true;
    say(MessageLevel::kWarning, trouble.message + "; the run goes on, its data is in " +
                                    options_.journal.parent_path().string() +
                                    " and is sent when the server takes it");
  }
  return {Turn::Kind::kAgain};
}

void Delivery::succeeded(Lane& lane) {
  lane.backoff.reset();
  lane.blocked_until_us = lane.server_wish_us = 0;
  lane.failing = false;
  last_success_us_ = clock_.monotonic_us();
  if (outage_told_ && !stream_lane_.failing && !graphql_lane_.failing && !file_lane_.failing &&
      !artifact_lane_.failing) {
    outage_told_ = false;
    last_error_.clear();
    say(MessageLevel::kInfo, api_.target().base_url + " takes data again");
  }
  if (&lane == &stream_lane_) {
    interval_us_ = std::max(options_.send_interval_us, interval_us_ - interval_us_ / 16);
  }
}

void Delivery::refuse(const Trouble& trouble) {
  refused_ = true;
  last_error_ = trouble.message;
  say(MessageLevel::kError, trouble.message + "; nothing more is sent, the run's data stays in " +
                                options_.journal.parent_path().string());
  // Who is finishing has ended already.
  if (options_.stop_on_fatal_error && !hurried_) tell_stop();
}

void Delivery::tell_stop() {
  if (std::exchange(stop_told_, true) || !options_.on_stop) return;
  options_.on_stop();
}

void Delivery::say(MessageLevel level, const std::string& text) const {
  if (options_.on_message) options_.on_message(level, text);
}

DeliveryReport Delivery::report(std::optional<std::uint64_t> rows_written) const {
  const std::uint64_t acked = acked_rows_;
  const std::uint64_t known = std::max(replay_.own_rows(), acked);
  const std::uint64_t total = std::max(rows_written.value_or(0), known);
  DeliveryReport report{.complete = complete(),
                        .acked_rows = acked - std::min(acked, refused_rows_),
                        .left_rows = total - acked,
                        .dropped_lines = replay_.dropped_lines() + refused_lines_,
                        .failed_files = files_.failed(),
                        .unreadable_records = unreadable_records_,
                        .refused_alerts = refused_alerts_,
                        .artifacts_not_sent = artifacts_.failed() + artifacts_.count(),
                        .stopped_by_server = refused_,
                        .error = last_error_};
  // Rows that were too long were written, too, but have no line number.
  if (rows_written) report.left_rows -= std::min(report.left_rows, replay_.dropped_lines());
  if (report.complete && report.failed_files == 0 && failed_upserts_ == 0) report.error.clear();
  return report;
}

}  // namespace runstone::uplink
