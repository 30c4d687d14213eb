#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "runstone/result.h"

namespace runstone::probe {

/// How another program is run.
struct ProgramRequest {
  std::vector<std::string> arguments;    ///< the first is the program, looked for in PATH
  std::string directory;                 ///< where it runs
  std::vector<std::string> environment;  ///< "NAME=value"
  std::size_t output_bytes_max = std::size_t{1} << 20;
  std::int64_t timeout_us = 10'000'000;
  const std::atomic<bool>* cancelled = nullptr;  ///< looked at ten times a second; may be null
};

/// This process's variables. Copied by whoever may not change them meanwhile: on a background
/// thread they can be gone while they are read.
std::vector<std::string> environment_now();

/// Runs it without input and gives what it wrote to its standard output. It and what it started is
/// killed when the time is up, when it is cancelled, or when it writes too much.
/// Errors: kNotFound (no such program), kFailedPrecondition (it failed: the message has the first
/// line of its standard error), kResourceExhausted (too much output), kUnavailable (time is up, or
/// cancelled), kIo.
Result<std::string> run_program(const ProgramRequest& request);

}  // namespace runstone::probe
