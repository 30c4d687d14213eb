#include "sdk/artifacts_under_way.h"

#include <utility>

#include "artifact/draft.h"

namespace runstone {

void ArtifactsUnderWay::add(std::shared_ptr<artifact::Draft> draft) {
  const std::scoped_lock lock(mutex_);
  const std::string id = draft->client_id;
  drafts_.emplace(id, std::move(draft));
}

void ArtifactsUnderWay::settle(const std::string& client_id, const Result<std::string>& server_id) {
  std::shared_ptr<artifact::Draft> draft;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = drafts_.find(client_id);
    if (found == drafts_.end()) return;
    draft = std::move(found->second);
    drafts_.erase(found);
  }
  draft->settle(server_id);
}

void ArtifactsUnderWay::settle_all(const std::string& reason) {
  decltype(drafts_) drafts;
  {
    const std::scoped_lock lock(mutex_);
    drafts = std::exchange(drafts_, {});
  }
  for (const auto& [id, draft] : drafts) {
    draft->settle(fail(ErrorCode::kUnavailable, "artifact '" + draft->name + "': " + reason));
  }
}

}  // namespace runstone
