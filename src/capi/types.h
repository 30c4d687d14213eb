#pragma once

#include "capi/handles.h"
#include "runstone.h"
#include "runstone/runstone.h"

namespace runstone::capi {

template <>
struct HandleOf<Run> {
  using Type = runstone_run;
  static constexpr HandleKind kKind = HandleKind::kRun;
  static constexpr const char* kName = "a run";
};
template <>
struct HandleOf<Media> {
  using Type = runstone_media;
  static constexpr HandleKind kKind = HandleKind::kMedia;
  static constexpr const char* kName = "a media";
};
template <>
struct HandleOf<Artifact> {
  using Type = runstone_artifact;
  static constexpr HandleKind kKind = HandleKind::kArtifact;
  static constexpr const char* kName = "an artifact";
};

}  // namespace runstone::capi
