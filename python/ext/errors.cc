#include "errors.h"

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

}  // namespace

void raise_error(const Error& error, ErrorFamily family) {
  if (family == ErrorFamily::kApi) raise_api_error(error);
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
      raise_builtin(PyExc_ValueError, error.message);
    case ErrorCode::kFailedPrecondition:
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
