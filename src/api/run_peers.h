#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runstone/result.h"
#include "runstone/value.h"

#include "store/store.h"

namespace runstone::api {

struct Services;

/// The runs of one list of one answer. What one of them is asked for beyond its row is read for all
/// of them, once: however long the page is, it costs the same few statements.
/// Used by the one thread that makes the answer.
class RunPeers {
 public:
  RunPeers(const Services& services, store::Project project, std::vector<store::RunId> runs)
      : services_(services), project_(std::move(project)), runs_(std::move(runs)) {}

  /// The project that all of them are in.
  const store::Project& project() const { return project_; }
  Result<Value> history_keys(store::RunId run);
  Result<std::string> system_metrics(store::RunId run);  ///< "{}" if there are none
  Result<std::int64_t> file_count(store::RunId run);

 private:
  const Services& services_;
  const store::Project project_;
  const std::vector<store::RunId> runs_;
  std::optional<std::map<store::RunId, Value>> history_keys_;
  std::optional<std::map<store::RunId, std::string>> system_metrics_;
  std::optional<std::map<store::RunId, std::int64_t>> file_counts_;
};

}  // namespace runstone::api
