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

}  // namespace

void raise_error(const Error& error, ErrorFamily family) {
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
