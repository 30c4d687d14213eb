#pragma once

#include <string_view>

namespace runstone::protocol {

// The GraphQL documents by which programs read and change what a server has: those of the field's
// public API, by the fields and variables that its servers know.

extern const std::string_view kGetViewerDocument;
extern const std::string_view kDefaultEntityDocument;
extern const std::string_view kServerFeaturesDocument;

/// One run with everything that a run object shows; a list leaves the large fields out where
/// `$lazy`.
extern const std::string_view kRunDocument;
extern const std::string_view kRunsDocument;
extern const std::string_view kRunStateDocument;
extern const std::string_view kUpdateRunDocument;
extern const std::string_view kUpdateRunStateDocument;
extern const std::string_view kDeleteRunDocument;
extern const std::string_view kStopRunDocument;

extern const std::string_view kHistoryKeysDocument;
extern const std::string_view kFullHistoryDocument;
extern const std::string_view kFullEventsDocument;
extern const std::string_view kSampledHistoryDocument;
extern const std::string_view kHistoryPageDocument;

extern const std::string_view kRunFilesDocument;
extern const std::string_view kDeleteFilesDocument;
extern const std::string_view kMarkRunFilesUploadedDocument;

extern const std::string_view kGetProjectsDocument;
extern const std::string_view kCreateProjectDocument;
extern const std::string_view kGetSweepDocument;

}  // namespace runstone::protocol
