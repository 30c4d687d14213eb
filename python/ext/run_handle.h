#pragma once

#include <nanobind/nanobind.h>

#include <optional>

#include "errors.h"
#include "runstone/run.h"

namespace runstone::python {

/// What a Python Run owns. Empty once finish_at_exit() has taken the run.
struct RunHandle {
  std::optional<Run> run;

  Run& get() {
    if (!run)
      raise_error(Error(ErrorCode::kFailedPrecondition, "the interpreter is shutting down"));
    return *run;
  }
};

/// The members of a run that take and give artifacts.
void bind_run_artifacts(nanobind::class_<RunHandle>& run);

}  // namespace runstone::python
