#pragma once

#include <nanobind/nanobind.h>

#include "runstone/artifact.h"

namespace runstone::python {

/// What a Python Artifact holds.
struct ArtifactHandle {
  Artifact artifact;
};

/// Lets Ctrl-C through a wait: an error of the code kInternal, with the exception set.
Result<void> look_for_signals();

}  // namespace runstone::python
