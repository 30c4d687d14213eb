#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "runstone/result.h"

namespace runstone {

namespace artifact {
class Draft;
}

/// Artifacts that a run has given to its uplink and not heard of yet. Any thread.
class ArtifactsUnderWay {
 public:
  void add(std::shared_ptr<artifact::Draft> draft);
  void settle(const std::string& client_id, const Result<std::string>& server_id);
  /// None of them will be sent by this run: for this reason.
  void settle_all(const std::string& reason);

 private:
  std::mutex mutex_;
  std::multimap<std::string, std::shared_ptr<artifact::Draft>> drafts_;  // by client id
};

}  // namespace runstone
