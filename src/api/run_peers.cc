#include "api/run_peers.h"

#include "api/services.h"
#include "base/try.h"

namespace runstone::api {

Result<Value> RunPeers::history_keys(store::RunId run) {
  if (!history_keys_) {
    RUNSTONE_TRY(history_keys_, services_.query.history_keys(runs_));
  }
  const auto found = history_keys_->find(run);
  return found == history_keys_->end() ? Value() : found->second;
}

Result<std::string> RunPeers::system_metrics(store::RunId run) {
  if (!system_metrics_) {
    RUNSTONE_TRY(system_metrics_, services_.query.system_metrics(runs_));
  }
  const auto found = system_metrics_->find(run);
  return found == system_metrics_->end() ? std::string("{}") : found->second;
}

Result<std::int64_t> RunPeers::file_count(store::RunId run) {
  if (!file_counts_) {
    RUNSTONE_TRY(const auto counts, services_.store.count_files(runs_));
    file_counts_.emplace();
    for (const auto& [of, count] : counts) (*file_counts_)[of] = count;
  }
  const auto found = file_counts_->find(run);
  return found == file_counts_->end() ? 0 : found->second;
}

}  // namespace runstone::api
