#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <vector>

#include "public_api/run_record.h"
#include "runstone/public_run.h"

namespace runstone::public_api {

/// Sampled rows; see PublicRun::history().
Result<std::vector<Dict>> sampled_history(const RunRecord& run, const HistoryOptions& options);
/// The last step with a row; -1 if there is none.
Result<std::int64_t> last_history_step(const RunRecord& run);

/// Goes through a run's rows by ranges of steps. The next page is fetched and parsed on a thread of
/// its own, over a connection of its own, while the caller works on this one.
class ScanState {
 public:
  /// Asks for the last step.
  static Result<std::unique_ptr<ScanState>> start(std::shared_ptr<RunRecord> run,
                                                  const ScanOptions& options);
  ~ScanState();
  ScanState(const ScanState&) = delete;
  ScanState& operator=(const ScanState&) = delete;

  /// Empty: the scan is over. After an error the same page can be asked for again.
  Result<std::vector<Dict>> next();

 private:
  ScanState(std::shared_ptr<RunRecord> run, const ScanOptions& options, std::int64_t end_step);
  struct Fetched {
    std::vector<Dict> rows;
    std::size_t answer_bytes = 0;
  };
  Result<std::vector<Dict>> fetch();
  Result<Fetched> fetch_range(std::int64_t begin, std::int64_t end);
  void fit_window(const Fetched& page);

  const std::shared_ptr<RunRecord> run_;
  const std::shared_ptr<Session> session_;  // this scan's own
  const ScanOptions options_;
  const std::int64_t end_step_;  // exclusive
  // Of the fetching thread; the caller touches them only while none runs.
  std::int64_t position_;      // the next step to ask for
  std::int64_t window_steps_;  // how many steps the next request covers
  std::future<Result<std::vector<Dict>>> ahead_;
};

}  // namespace runstone::public_api
