#pragma once

#include <string>

namespace runstone::artifact {

// The folders of artifacts on this machine. Each is named by RUNSTONE_X_DIR, else WANDB_X_DIR, read
// at each call, as the stock client does.

/// Where copies of files wait until they are sent: <data dir>/artifacts/staging.
std::string staging_directory();
/// Content that was downloaded or sent, by its digest: <cache dir>/artifacts.
std::string cache_directory();
/// Where download() puts an artifact by default: <artifact dir>, ./artifacts if none is named.
std::string download_directory();

}  // namespace runstone::artifact
