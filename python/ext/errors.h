#pragma once

#include <nanobind/nanobind.h>

#include <utility>

#include "runstone/result.h"

namespace runstone::python {

/// Which family of the specification's errors a code means: plain values, log()'s data, an artifact
/// that is changed, given a reference, read, waited for or asked for an entry, what a run does with
/// artifacts and models; kApi is what a server was asked, kTable a table, whose columns are
/// asserted.
enum class ErrorFamily {
  kGeneral,
  kLogData,
  kDefineMetric,
  kApi,
  kArtifactChange,
  kArtifactReference,
  kArtifact,
  kArtifactWait,
  kArtifactEntry,
  kRunArtifact,
  kModel,
  kTable,
};

/// Raises the Python exception that the error stands for. Needs the GIL.
[[noreturn]] void raise_error(const Error& error, ErrorFamily family = ErrorFamily::kGeneral);

/// The one road from Result to Python: the value, or the exception.
template <typename T>
T value_or_throw(Result<T> result, ErrorFamily family = ErrorFamily::kGeneral) {
  if (!result) raise_error(result.error(), family);
  return *std::move(result);
}
inline void value_or_throw(Result<void> result, ErrorFamily family = ErrorFamily::kGeneral) {
  if (!result) raise_error(result.error(), family);
}

}  // namespace runstone::python
