#include "errors.h"

#include <cerrno>
#include <string>

namespace runstone::python {
namespace nb = nanobind;
namespace {

[[noreturn]] void raise_named(const char* name, const std::string& message) {
  const nb::object type = nb::module_::import_("runstone.errors").attr(name);
  PyErr_SetString(type.ptr(), message.c_str());
  throw nb::python_error();
}

[[noreturn]] void raise_builtin(PyObject* type, const std::string& message) {
  PyErr_SetString(type, message.c_str());
  throw nb::python_error();
}

// Those of the public API that have another class than elsewhere.
void raise_api_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      raise_named("NotFoundError", error.message);
    case ErrorCode::kConflict:
      raise_builtin(PyExc_ValueError, error.message);
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kCorrupt:
      raise_named("CommError", error.message);
    case ErrorCode::kIo:
      raise_builtin(PyExc_OSError, error.message);
    default:
      return;
  }
}

[[noreturn]] void raise_os(const std::string& message, int number) {
  PyErr_SetObject(PyExc_OSError, nb::make_tuple(number, nb::str(message.c_str(), message.size()))
                                     .ptr());  // by number: its class
  throw nb::python_error();
}

/// Of a draft: everything is on this machine.
void raise_artifact_change(const Error& error) {
  switch (error.code) {
    case ErrorCode::kFailedPrecondition:
      raise_named("ArtifactFinalizedError", error.message);
    case ErrorCode::kNotFound:
      raise_os(error.message, ENOENT);
    case ErrorCode::kPermissionDenied:
      raise_os(error.message, EACCES);
    case ErrorCode::kResourceExhausted:
      raise_os(error.message, ENOSPC);
    case ErrorCode::kIo:
      raise_os(error.message, EIO);
    default:
      return;
  }
}

/// Of a version on a server, and of its content on this machine.
void raise_artifact(const Error& error, ErrorFamily family) {
  switch (error.code) {
    case ErrorCode::kFailedPrecondition:
      if (family == ErrorFamily::kRunArtifact) return;  // the run is finished
      raise_named("ArtifactNotLoggedError", error.message);
    case ErrorCode::kDeadlineExceeded:
      if (family == ErrorFamily::kArtifactWait) raise_named("WaitTimeoutError", error.message);
      return;
    case ErrorCode::kUnavailable:
      if (family == ErrorFamily::kArtifactWait) raise_builtin(PyExc_ValueError, error.message);
      return;
    case ErrorCode::kNotFound:
      if (family == ErrorFamily::kArtifactEntry) raise_builtin(PyExc_KeyError, error.message);
      raise_named("NotFoundError", error.message);
    case ErrorCode::kCorrupt:
      raise_builtin(PyExc_ValueError, error.message);
    case ErrorCode::kResourceExhausted:
      raise_os(error.message, ENOSPC);
    case ErrorCode::kIo:
      raise_os(error.message, EIO);
    case ErrorCode::kConflict:
      raise_named("CommError", error.message);
    default:
      return;
  }
}

void raise_by_family(const Error& error, ErrorFamily family) {
  switch (family) {
    case ErrorFamily::kApi:
      return raise_api_error(error);
    case ErrorFamily::kArtifactChange:
      return raise_artifact_change(error);
    case ErrorFamily::kArtifactReference:  // what is not found is not on this machine
      if (error.code == ErrorCode::kNotFound) raise_named("NotFoundError", error.message);
      if (error.code == ErrorCode::kConflict) raise_named("CommError", error.message);
      return raise_artifact_change(error);
    case ErrorFamily::kArtifact:
    case ErrorFamily::kArtifactWait:
    case ErrorFamily::kArtifactEntry:
    case ErrorFamily::kRunArtifact:
      return raise_artifact(error, family);
    case ErrorFamily::kModel:  // a thing that is no model: an assertion in the reference
      if (error.code == ErrorCode::kInvalidType) raise_builtin(PyExc_AssertionError, error.message);
      return raise_artifact(error, ErrorFamily::kRunArtifact);
    default:
      return;
  }
}

}  // namespace

void raise_error(const Error& error, ErrorFamily family) {
  raise_by_family(error, family);
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      if (family == ErrorFamily::kLogData) raise_named("InvalidDataError", error.message);
      if (family == ErrorFamily::kDefineMetric) raise_named("Error", error.message);
      raise_builtin(PyExc_ValueError, error.message);
    case ErrorCode::kInvalidType:
      if (family == ErrorFamily::kLogData) raise_named("InvalidDataError", error.message);
      if (family == ErrorFamily::kDefineMetric) raise_named("Error", error.message);
      raise_builtin(PyExc_TypeError, error.message);
    case ErrorCode::kOutOfRange:
      if (family == ErrorFamily::kTable) raise_builtin(PyExc_AssertionError, error.message);
      raise_builtin(PyExc_ValueError, error.message);
    case ErrorCode::kFailedPrecondition:
      if (family == ErrorFamily::kTable) raise_named("Error", error.message);
      raise_named("UsageError", error.message);
    case ErrorCode::kConfigLocked:
      raise_named("ConfigError", error.message);
    case ErrorCode::kUnauthenticated:
      raise_named("AuthenticationError", error.message);
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      raise_named("CommError", error.message);
    case ErrorCode::kNotImplemented:
      raise_builtin(PyExc_NotImplementedError, error.message);
    default:
      raise_named("Error", error.message);
  }
}

}  // namespace runstone::python
