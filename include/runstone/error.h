#pragma once

#include <string>
#include <utility>

namespace runstone {

/// What the caller can do about an error; the message says what was wrong.
enum class ErrorCode {
  kInvalidArgument,     ///< the caller's input is wrong: correct it
  kInvalidType,         ///< a value of a type that cannot be taken here (Python: TypeError)
  kNotFound,            ///< the thing named does not exist
  kConflict,            ///< it exists already, or somebody else holds it
  kOutOfRange,          ///< a number past what its field can hold
  kFailedPrecondition,  ///< not in this state (a finished run, a locked file): wrong use
  kConfigLocked,        ///< a config value would change without permission
  kUnauthenticated,     ///< no key, or a wrong one
  kPermissionDenied,    ///< a key that may not do this
  kResourceExhausted,   ///< a bound was reached: body too large, queue full; retry later or with
                        ///< less
  kUnavailable,         ///< the other side cannot be reached now: retry
  kDeadlineExceeded,    ///< the time given ran out
  kNotImplemented,      ///< a feature this version does not have yet; the message names it
  kCorrupt,             ///< bytes read back are not what was written
  kIo,                  ///< disk or network trouble
  kInternal,            ///< a bug in Runstone
};

/// The enumerator's name without its k, in snake_case: "not_found".
const char* to_string(ErrorCode code) noexcept;

/// An expected failure: a code to act on, and a message for a person.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  Error() = default;
  Error(ErrorCode c, std::string m) : code(c), message(std::move(m)) {}

  /// Puts what only the caller knows in front: "run e/p/abc: no such file".
  Error with_context(const std::string& context) && {
    message = context + ": " + message;
    return std::move(*this);
  }
  friend bool operator==(const Error& a, const Error& b) {
    return a.code == b.code && a.message == b.message;
  }
  friend bool operator!=(const Error& a, const Error& b) { return !(a == b); }
};

}  // namespace runstone
