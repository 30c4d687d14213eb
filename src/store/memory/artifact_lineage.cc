#include "store/memory/artifact_engine.h"

#include <algorithm>

#include "base/try.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

Result<void> MemoryArtifactStore::put_run_artifact(const RunArtifact& row) {
  const std::scoped_lock lock(t_.mutex);
  lineage_.emplace(std::tuple(row.run, row.kind, row.artifact), row);
  return {};
}

Result<std::vector<Artifact>> MemoryArtifactStore::list_run_artifacts(RunId run, Lineage kind,
                                                                      ArtifactId after,
                                                                      std::int64_t limit) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<Artifact> found;
  for (const auto& [key, row] : lineage_) {
    if (row.run != run || row.kind != kind || row.artifact <= after) continue;
    const auto& a = artifacts_.at(row.artifact);
    if (a.state == ArtifactState::kCommitted) found.push_back(shown(a));
  }
  cut(found, limit);
  return found;
}

Result<std::int64_t> MemoryArtifactStore::count_run_artifacts(RunId run, Lineage kind) const {
  RUNSTONE_TRY(const auto all, list_run_artifacts(run, kind, ArtifactId{}, -1));
  return static_cast<std::int64_t>(all.size());
}

Result<std::vector<RunArtifact>> MemoryArtifactStore::runs_of(std::span<const ArtifactId> ids,
                                                              Lineage kind) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<RunArtifact> found;
  for (const auto& [key, row] : lineage_) {
    if (row.kind == kind && contains(ids, row.artifact)) found.push_back(row);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.artifact, a.created_at_us, a.run) <
           std::tie(b.artifact, b.created_at_us, b.run);
  });
  return found;
}

Result<std::vector<RunArtifact>> MemoryArtifactStore::run_rows(RunId run, Lineage kind) const {
  const std::scoped_lock lock(t_.mutex);
  std::vector<RunArtifact> found;
  for (const auto& [key, row] : lineage_) {
    if (row.run == run && row.kind == kind) found.push_back(row);
  }
  return found;
}

}  // namespace runstone::store::memory
