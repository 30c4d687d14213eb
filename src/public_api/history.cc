#include "public_api/history.h"

#include <algorithm>
#include <limits>
#include <system_error>

#include "base/json.h"
#include "base/try.h"
#include "protocol/public_documents.h"
#include "public_api/history_answer.h"
#include "public_api/json_node.h"

namespace runstone::public_api {
namespace {

constexpr std::size_t kAnswerMaxBytes = 64u << 20;
// A page that is sparse and small may be followed by one of more steps.
constexpr std::size_t kSmallAnswerBytes = 4u << 20;
constexpr std::int64_t kWindowMaxSteps = std::int64_t{1} << 40;
constexpr std::int64_t kSamplesMax = 1'000'000;

Result<Value> history_keys(const RunRecord& run, Session& session) {
  RUNSTONE_TRY(auto data,
               session.ask("RunHistoryKeys", protocol::kHistoryKeysDocument, run.variables()));
  RUNSTONE_TRY(const Value* node, run.run_in(data));
  const Value* keys = node->get("historyKeys");
  return keys != nullptr ? *keys : Value();
}

Result<std::vector<Dict>> sampled_rows(const RunRecord& run, Session& session, const Dict& spec,
                                       std::size_t* answer_bytes) {
  Dict variables = run.variables();
  variables.set("specs", List{Value(json::to_text(spec))});
  RUNSTONE_TRY(const auto text,
               session.ask_text("RunSampledHistory", protocol::kSampledHistoryDocument, variables,
                                kAnswerMaxBytes));
  if (answer_bytes != nullptr) *answer_bytes = text.size();
  RUNSTONE_TRY(auto rows, rows_of_objects(text, run));
  if (may_hide_numbers(rows)) {
    RUNSTONE_TRY(const auto keys, history_keys(run, session));
    restore_numbers(rows, keys);
  }
  return rows;
}

}  // namespace

Result<std::int64_t> last_history_step(const RunRecord& run) {
  RUNSTONE_TRY(const auto keys, history_keys(run, run.session()));
  return int_at(&keys, "lastStep", -1);
}

Result<std::vector<Dict>> sampled_history(const RunRecord& run, const HistoryOptions& options) {
  const bool is_system = options.stream == "system";
  if (!is_system && options.stream != "default") {
    return fail(ErrorCode::kInvalidArgument,
                "stream must be \"default\" or \"system\", not \"" + options.stream + "\"");
  }
  if (options.samples < 1 || options.samples > kSamplesMax) {
    return fail(ErrorCode::kInvalidArgument, "samples must be 1 to " + std::to_string(kSamplesMax) +
                                                 ", not " + std::to_string(options.samples));
  }
  if (!options.keys.empty()) {
    if (is_system) {
      return fail(ErrorCode::kInvalidArgument, "stream must be default when keys are given");
    }
    List keys{Value(options.x_axis)};
    for (const auto& key : options.keys) {
      if (key != options.x_axis) keys.emplace_back(key);
    }
    return sampled_rows(run, run.session(), {{"keys", keys}, {"samples", options.samples}},
                        nullptr);
  }
  Dict variables = run.variables();
  variables.set("samples", options.samples);
  RUNSTONE_TRY(const auto text, run.session().ask_text("RunFullHistory",
                                                       is_system ? protocol::kFullEventsDocument
                                                                 : protocol::kFullHistoryDocument,
                                                       variables, kAnswerMaxBytes));
  return rows_of_texts(text, is_system ? "events" : "history", run);
}

ScanState::ScanState(std::shared_ptr<RunRecord> run, const ScanOptions& options,
                     std::int64_t end_step)
    : run_(std::move(run)),
      session_(run_->session().another()),
      options_(options),
      end_step_(end_step),
      position_(options.min_step),
      window_steps_(options.page_size) {}

Result<std::unique_ptr<ScanState>> ScanState::start(std::shared_ptr<RunRecord> run,
                                                    const ScanOptions& options) {
  if (options.page_size < 1) {
    return fail(ErrorCode::kInvalidArgument,
                "page_size must be at least 1, not " + std::to_string(options.page_size));
  }
  RUNSTONE_TRY(const std::int64_t last, last_history_step(*run));
  std::int64_t end = last < std::numeric_limits<std::int64_t>::max() ? last + 1 : last;
  if (options.max_step) end = std::min(end, *options.max_step);
  return std::unique_ptr<ScanState>(new ScanState(std::move(run), options, end));
}

ScanState::~ScanState() {
  session_->cancel();
  if (ahead_.valid()) ahead_.wait();
}

Result<std::vector<Dict>> ScanState::next() {
  auto page = ahead_.valid() ? ahead_.get() : fetch();
  if (page && !page->empty() && position_ < end_step_) {
    try {
      ahead_ = std::async(std::launch::async, [this] { return fetch(); });
    } catch (const std::system_error&) {
      ahead_ = {};  // no thread: the next call fetches, as the first did
    }
  }
  return page;
}

Result<std::vector<Dict>> ScanState::fetch() {
  while (position_ < end_step_) {
    const std::int64_t end =
        window_steps_ < end_step_ - position_ ? position_ + window_steps_ : end_step_;
    auto page = fetch_range(position_, end);
    if (!page) {
      if (page.error().code != ErrorCode::kResourceExhausted || end - position_ <= 1) {
        return fail(
            std::move(page).error().with_context("steps from " + std::to_string(position_)));
      }
      window_steps_ = std::max<std::int64_t>(1, (end - position_) / 4);
      continue;
    }
    position_ = end;
    fit_window(*page);
    if (!page->rows.empty()) return std::move(page->rows);
  }
  return std::vector<Dict>();
}

// Steps may lie far apart (step = number of samples): a run of few rows must not cost a request for
// each thousand steps.
void ScanState::fit_window(const Fetched& page) {
  const auto rows = static_cast<std::int64_t>(page.rows.size());
  if (rows * 4 < options_.page_size && page.answer_bytes < kSmallAnswerBytes) {
    // A sample of more rows than were asked for would leave some out.
    const std::int64_t most = options_.keys.empty() ? kWindowMaxSteps : kSamplesMax;
    window_steps_ = std::max(window_steps_, std::min(window_steps_ * 4, most));
  } else if (rows > options_.page_size) {
    window_steps_ = std::max(options_.page_size, window_steps_ / (rows / options_.page_size + 1));
  }
}

Result<ScanState::Fetched> ScanState::fetch_range(std::int64_t begin, std::int64_t end) {
  Fetched page;
  if (options_.keys.empty()) {
    Dict variables = run_->variables();
    variables.set("minStep", begin);
    variables.set("maxStep", end);
    variables.set("pageSize", end - begin < options_.page_size * 4 ? end - begin : kSamplesMax);
    RUNSTONE_TRY(const auto text, session_->ask_text("HistoryPage", protocol::kHistoryPageDocument,
                                                     variables, kAnswerMaxBytes));
    page.answer_bytes = text.size();
    RUNSTONE_TRY(page.rows, rows_of_texts(text, "history", *run_));
    return page;
  }
  List keys{Value("_step")};  // by which the range is meant
  for (const auto& key : options_.keys) {
    if (key != "_step") keys.emplace_back(key);
  }
  const Dict spec{{"keys", std::move(keys)},
                  {"minStep", begin},
                  {"maxStep", end - 1},  // inclusive here
                  {"samples", std::min(end - begin, kSamplesMax)}};
  RUNSTONE_TRY(page.rows, sampled_rows(*run_, *session_, spec, &page.answer_bytes));
  return page;
}

}  // namespace runstone::public_api

namespace runstone {

HistoryScan::HistoryScan(std::unique_ptr<public_api::ScanState> state) : state_(std::move(state)) {}
HistoryScan::HistoryScan(HistoryScan&&) noexcept = default;
HistoryScan& HistoryScan::operator=(HistoryScan&&) noexcept = default;
HistoryScan::~HistoryScan() = default;

Result<std::vector<Dict>> HistoryScan::next() { return state_->next(); }

Result<std::vector<Dict>> HistoryScan::rest() {
  std::vector<Dict> all;
  for (;;) {
    RUNSTONE_TRY(auto page, state_->next());
    if (page.empty()) return all;
    all.insert(all.end(), std::make_move_iterator(page.begin()),
               std::make_move_iterator(page.end()));
  }
}

Result<std::vector<HistoryColumn>> HistoryScan::columns() {
  RUNSTONE_TRY(const auto rows, rest());
  return to_columns(rows);
}

Result<std::int64_t> PublicRun::last_history_step() const {
  return public_api::last_history_step(*record_);
}
Result<std::vector<Dict>> PublicRun::history(const HistoryOptions& options) const {
  return public_api::sampled_history(*record_, options);
}
Result<HistoryScan> PublicRun::scan_history(const ScanOptions& options) const {
  RUNSTONE_TRY(auto state, public_api::ScanState::start(record_, options));
  return HistoryScan(std::move(state));
}

}  // namespace runstone
