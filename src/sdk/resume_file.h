#pragma once

#include <string>

#include "runstone/result.h"

namespace runstone {

/// `wandb-resume.json` beside the runs' directories: the id of the run that a process with
/// resume="auto" began and has not finished well.
inline constexpr const char* kResumeFileName = "/wandb-resume.json";

/// The id; "" if there is no file. Errors: kCorrupt for a file that is none of these.
Result<std::string> load_resumable_run(const std::string& path);
Result<void> save_resumable_run(const std::string& path, const std::string& run_id);
/// Nothing happens if there is no file.
void forget_resumable_run(const std::string& path);

}  // namespace runstone
