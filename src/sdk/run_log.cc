// The road of a row: merged into the open row, encoded, appended. Nothing here allocates once the
// keys are known, waits for the disk, or fails for a reason that is not the caller's own.
#include <utility>

#include "base/try.h"
#include "fs/fork_generation.h"
#include "model/step.h"
#include "sdk/check_text.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

// step.num says a row's step, but the stock client looks for this item alone: to rows without it,
// its sync gives their place in the file. So each row has it whose step is not its place.
const protocol::EncodedKey kStepKey(std::string_view("_step"));

template <typename FieldAt>
bool has_media(std::size_t size, const FieldAt& field) {
  for (std::size_t i = 0; i < size; ++i) {
    if (field(i).value.is_media()) return true;
  }
  return false;
}

// A step is numbered on from; so far below the largest number, the next ones have one, too.
Result<void> check_step(const LogOptions& options) {
  constexpr std::int64_t kMaxStep = std::int64_t{1} << 62;
  if (!options.step || *options.step <= kMaxStep) return {};
  return fail(ErrorCode::kInvalidArgument,
              "step must be at most 2**62, not " + std::to_string(*options.step));
}

std::string ignored_step_warning(std::int64_t step, std::int64_t current) {
  return "Tried to log to step " + std::to_string(step) + " that is less than the current step " +
         std::to_string(current) + ". Steps only increase, so this data is ignored.";
}

}  // namespace

double RunState::seconds_since_start() const {
  return static_cast<double>(system_clock().monotonic_us() - start_monotonic_us_) / 1e6;
}

bool RunState::was_forked() const { return fs::fork_generation() != birth_generation_; }
bool RunState::in_child() const { return child_ || was_forked(); }

Result<void> RunState::check_recording(const char* method) const {
  if (life_ == Life::kRecording) return {};
  return fail(ErrorCode::kFailedPrecondition, "Run (" + plan_.id + ") is finished. The call to `" +
                                                  method +
                                                  "` will be ignored. Please make sure that you "
                                                  "are using an active run.");
}

// False: the row belongs to the past and is ignored, with a warning.
bool RunState::prepare_step(const LogOptions& options, std::string& warning) {
  if (!options.step) return true;
  if (*options.step == step_ && !ignores_steps()) return true;
  if (child_) {
    warning =
        "step= is ignored in a child process: rows get their steps where the run was made. "
        "Log a step metric of your own instead (define_metric).";
    return true;
  }
  if (ignores_steps()) {
    if (!std::exchange(ignored_step_told_, true)) {
      warning =
          std::string("step= is ignored ") +
          (plan_.writer.is_shared() ? "in shared mode: the server numbers the rows of all writers."
                                    : "with sync_tensorboard: rows come from event files, too.") +
          " Log a step metric of your own instead (define_metric).";
    }
    return true;
  }
  if (*options.step < step_) {
    warning = ignored_step_warning(*options.step, step_);
    return false;
  }
  write_open_row();
  step_ = *options.step;
  return true;
}

void RunState::look_at_clock() {
  wall_minus_monotonic_us_ = system_clock().now_us() - system_clock().monotonic_us();
}

bool RunState::takes_whole_row(const LogOptions& options) const {
  return commits(options) && !open_row_.has_data() && !any_step_sync_ && !json_values_;
}

template <typename FieldAt>
bool RunState::log_known_row(std::size_t size, const FieldAt& field, const LogOptions& options) {
  return !options.step && takes_whole_row(options) && write_known_row(size, field);
}

template <typename FieldAt>
bool RunState::take_fields(std::size_t size, const FieldAt& field, const LogOptions& options) {
  const bool is_whole_row = takes_whole_row(options);
  if (options.step && is_whole_row && write_known_row(size, field)) return true;
  if (has_media(size, field)) return false;
  keys_.begin_row();
  for (std::size_t i = 0; i < size; ++i) open_row_.merge(field(i));
  open_row_.mark_as_having_data();
  open_row_at_us_ = system_clock().monotonic_us();
  if (is_whole_row) shape_.learn(size, field, open_row_);
  if (commits(options)) write_open_row();
  return true;
}

// The short road, for a row of the same keys as the one before. No leaf goes through the open row.
template <typename FieldAt>
bool RunState::write_known_row(std::size_t size, const FieldAt& field) {
  if (!shape_.encode(encoder_, size, field)) return false;
  summary_.observe_columns(shape_.summary());
  open_row_at_us_ = system_clock().monotonic_us();
  end_row();
  return true;
}

Result<void> RunState::log(Span<const Field> fields, const LogOptions& options) {
  std::string warning;
  bool with_media = false;
  {
    const std::scoped_lock lock(mutex_);
    if (plan_.mode == RunMode::kDisabled) {
      log_disabled(fields);
      return {};
    }
    if (life_ != Life::kRecording) return check_recording("log");
    if (was_forked()) become_child();
    const auto field = [&](std::size_t i) -> const Field& { return fields[i]; };
    if (log_known_row(fields.size(), field, options)) return {};
    RUNSTONE_TRY(check_step(options));
    for (const Field& one : fields) RUNSTONE_TRY(check_texts(one));
    if (options.step && has_media(fields.size(), field)) {
      with_media = true;  // a medium that cannot be made must not have moved the step
    } else if (prepare_step(options, warning)) {
      with_media = !take_fields(fields.size(), field, options);
    }
  }
  if (!warning.empty()) terminal_.warn(warning);
  return with_media ? log_media(fields, options) : Result<void>{};
}

Result<void> RunState::log_numbers(Span<const std::string_view> keys, Span<const double> values,
                                   const LogOptions& options) {
  if (keys.size() != values.size()) {
    return fail(ErrorCode::kInvalidArgument, "log_numbers() needs as many values as keys");
  }
  std::string warning;
  {
    const std::scoped_lock lock(mutex_);
    const auto field = [&](std::size_t i) { return Field(keys[i], values[i]); };
    if (plan_.mode == RunMode::kDisabled) {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        const Field one = field(i);
        log_disabled({&one, 1});
      }
      return {};
    }
    if (life_ != Life::kRecording) return check_recording("log");
    if (was_forked()) become_child();
    if (log_known_row(keys.size(), field, options)) return {};
    RUNSTONE_TRY(check_step(options));
    for (const std::string_view key : keys) RUNSTONE_TRY(check_text("a key", key));
    if (prepare_step(options, warning)) take_fields(keys.size(), field, options);
  }
  if (!warning.empty()) terminal_.warn(warning);
  return {};
}

// A disabled run keeps what was logged in its summary, and nothing else.
void RunState::log_disabled(Span<const Field> fields) {
  SummaryTable parsed;  // turns borrowed values into Values by the one rule there is
  for (const Field& field : fields) {
    if (field.key.empty() || field.value.is_media()) continue;
    const KeyPath path =
        field.is_path ? split_key_path(field.key) : KeyPath{std::string(field.key)};
    parsed.observe(parsed.slot(path), field.value);
  }
  for (const auto& [key, value] : parsed.to_dict()) summary_.set({key}, value);
}

void RunState::write_open_row() {
  if (!open_row_.has_data()) return;
  write_row();
  open_row_.clear();
}

// step_sync: a row that holds a metric holds that metric's x, too.
void RunState::add_synced_steps() {
  const std::size_t own_leaves = open_row_.size();
  for (std::size_t i = 0; i < own_leaves; ++i) {
    LoggedKey* key = open_row_[i].key;
    if (key == nullptr) continue;
    if (key->rules_version != rules_version_) {
      key->rules_version = rules_version_;
      summary_.rule(*key->slot);
      const bool synced = key->slot->step_sync && !key->slot->step_metric.empty();
      key->step_metric = synced ? &keys_.of_path(key->slot->step_metric) : nullptr;
    }
    LoggedKey* step_metric = key->step_metric;
    if (step_metric == nullptr || open_row_.contains(*step_metric)) continue;
    open_row_.merge_leaf(*step_metric, summary_.last_of(*step_metric->slot));
  }
}

void RunState::write_row() {
  if (any_step_sync_) add_synced_steps();
  encoder_.begin();
  for (std::size_t i = 0; i < open_row_.size(); ++i) {
    const OpenRow::Leaf& leaf = open_row_[i];
    if (leaf.key == nullptr) continue;
    const ValueRef value = open_row_.value(leaf);
    switch (value.kind()) {
      case ValueRef::Kind::kDouble:
        encoder_.add(leaf.key->encoded, value.as_double());
        break;
      case ValueRef::Kind::kInt:
        encoder_.add(leaf.key->encoded, value.as_int());
        break;
      case ValueRef::Kind::kBool:
        encoder_.add(leaf.key->encoded, value.as_bool());
        break;
      case ValueRef::Kind::kText:
        encoder_.add_text(leaf.key->encoded, value.text());
        break;
      case ValueRef::Kind::kJson:
        encoder_.add_json(leaf.key->encoded, value.text());
        break;
      default:
        encoder_.add_null(leaf.key->encoded);
    }
    summary_.observe(*leaf.key->slot, value);
  }
  end_row();
}

// What each row has of its own accord, then the row is the journal's.
void RunState::end_row() {
  const std::int64_t step = child_ || plan_.writer.is_shared() ? -1 : step_;
  if (!open_row_.has_user_timestamp()) {
    const double timestamp = static_cast<double>(open_row_at_us_ + wall_minus_monotonic_us_) / 1e6;
    encoder_.add(*timestamp_key_, timestamp);
    summary_.observe_beside_columns(*timestamp_slot_, timestamp);
  }
  const double runtime =
      row_runtime_.value_or(static_cast<double>(open_row_at_us_ - start_monotonic_us_) / 1e6);
  encoder_.add(*runtime_key_, runtime);
  summary_.observe_beside_columns(*runtime_slot_, runtime);
  if (step >= 0) {
    const auto place = static_cast<std::int64_t>(rows_written_.load(std::memory_order_relaxed));
    if (json_values_ || step != place) encoder_.add(kStepKey, step);
    summary_.observe_beside_columns(*step_slot_, step);
  }
  const std::uint64_t lost_before = lost_records_;
  append_bytes(encoder_.finish(++record_num_, step), row_marker_);
  if (lost_records_ == lost_before) rows_written_.fetch_add(1, std::memory_order_relaxed);
  step_ = step_after(step_);
}

void RunState::append_record(protocol::RecordBody body) {
  record_bytes_.clear();
  protocol::encode_record(record_bytes_, protocol::Record{++record_num_, std::move(body)});
  append_bytes(record_bytes_);
}

// A body that was encoded before the lock was taken.
void RunState::append_encoded(std::string_view body) {
  record_bytes_.clear();
  protocol::encode_number(record_bytes_, ++record_num_);
  append_bytes(body, record_bytes_);
}

// What the disk refuses is counted and told; it never reaches the training.
void RunState::append_bytes(std::string_view record, std::string_view marker) {
  if (!journal_) {
    ++lost_records_;
    return;
  }
  const std::string_view pieces[] = {marker, record};  // the kind is what stands last
  auto done = marker.empty() ? journal_->append(record)
                             : journal_->append(Span<const std::string_view>(pieces, 2));
  if (done) return;
  ++lost_records_;
  if (loss_reason_.empty()) loss_reason_ = done.error().message;
}

}  // namespace runstone
