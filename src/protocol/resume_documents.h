#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/value.h"

namespace runstone::protocol {

// What is asked before a run goes on: the documents and their answers.

extern const std::string_view kRunResumeStatusDocument;
extern const std::string_view kRewindRunDocument;

/// A run as a server has it.
struct StoredRun {
  std::string id, name, display_name, notes, group, job_type, entity, project;
  std::vector<std::string> tags;
  /// A process has written to it. A run that waits in a sweep's queue exists, but was not started.
  bool started = false;
  std::int64_t history_lines = 0, event_lines = 0, console_lines = 0;
  std::int64_t next_step = 0;  ///< behind the last stored one; 0 without history
  double runtime_secs = 0;     ///< as far as the run's own time has come
  std::int64_t created_at_us = 0;
  Dict config;   ///< key to value, `_wandb` included
  Dict summary;  ///< as stored
};

Value run_resume_status_variables(std::string_view entity, std::string_view project,
                                  std::string_view run);
/// Nothing if there is no such run.
std::optional<StoredRun> parse_run_resume_status(const Value& data);

Value rewind_run_variables(std::string_view entity, std::string_view project, std::string_view run,
                           std::int64_t step);
/// The history lines that are left; nothing if the answer does not say.
std::optional<std::int64_t> parse_rewind_run(const Value& data);

}  // namespace runstone::protocol
