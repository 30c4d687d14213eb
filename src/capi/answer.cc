#include "capi/answer.h"

#include <cstdlib>
#include <cstring>

namespace runstone::capi {
namespace {

thread_local std::string last_error;

runstone_status status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return RUNSTONE_INVALID_ARGUMENT;
    case ErrorCode::kInvalidType:
      return RUNSTONE_INVALID_TYPE;
    case ErrorCode::kNotFound:
      return RUNSTONE_NOT_FOUND;
    case ErrorCode::kConflict:
      return RUNSTONE_CONFLICT;
    case ErrorCode::kOutOfRange:
      return RUNSTONE_OUT_OF_RANGE;
    case ErrorCode::kFailedPrecondition:
      return RUNSTONE_FAILED_PRECONDITION;
    case ErrorCode::kConfigLocked:
      return RUNSTONE_CONFIG_LOCKED;
    case ErrorCode::kUnauthenticated:
      return RUNSTONE_UNAUTHENTICATED;
    case ErrorCode::kPermissionDenied:
      return RUNSTONE_PERMISSION_DENIED;
    case ErrorCode::kResourceExhausted:
      return RUNSTONE_RESOURCE_EXHAUSTED;
    case ErrorCode::kUnavailable:
      return RUNSTONE_UNAVAILABLE;
    case ErrorCode::kDeadlineExceeded:
      return RUNSTONE_DEADLINE_EXCEEDED;
    case ErrorCode::kNotImplemented:
      return RUNSTONE_NOT_IMPLEMENTED;
    case ErrorCode::kCorrupt:
      return RUNSTONE_CORRUPT;
    case ErrorCode::kIo:
      return RUNSTONE_IO;
    case ErrorCode::kInternal:
      break;
  }
  return RUNSTONE_INTERNAL;
}

}  // namespace

Answer::Answer(Failure failure)
    : status_(status_of(failure.error.code)), message_(std::move(failure.error.message)) {}

Answer Answer::invalid_handle(const char* what) {
  Answer answer;
  answer.status_ = RUNSTONE_INVALID_HANDLE;
  answer.message_ = std::string("not a handle of ") + what +
                    ": it is NULL, was freed, or belongs to something else";
  return answer;
}

runstone_status Answer::told() && {
  if (status_ != RUNSTONE_OK) last_error = std::move(message_);
  return status_;
}

Result<std::string> required(const char* text, const char* name) {
  if (text == nullptr) return fail(ErrorCode::kInvalidArgument, std::string(name) + " is NULL");
  return std::string(text);
}

Answer give(const std::optional<std::string>& text, char** out, std::size_t* size) {
  if (size != nullptr) *size = 0;
  *out = nullptr;
  if (!text) return {};
  char* copy = static_cast<char*>(std::malloc(text->size() + 1));
  if (copy == nullptr) return fail(ErrorCode::kResourceExhausted, "no memory");
  std::memcpy(copy, text->c_str(), text->size() + 1);
  *out = copy;
  if (size != nullptr) *size = text->size();
  return {};
}

}  // namespace runstone::capi

using runstone::ErrorCode;
namespace capi = runstone::capi;

static_assert(static_cast<int>(ErrorCode::kInternal) + 1 == RUNSTONE_INTERNAL,
              "an error code was added: give it a status at the end of runstone_status");

const char* runstone_last_error(void) { return capi::last_error.c_str(); }

const char* runstone_status_name(runstone_status status) {
  if (status == RUNSTONE_OK) return "ok";
  if (status == RUNSTONE_INVALID_HANDLE) return "invalid_handle";
  if (status < RUNSTONE_OK || status > RUNSTONE_INVALID_HANDLE) return "unknown";
  return runstone::to_string(static_cast<ErrorCode>(status - 1));
}

void runstone_free(char* text) { std::free(text); }

uint32_t runstone_version(void) {
  return RUNSTONE_VERSION_MAJOR * 10000 + RUNSTONE_VERSION_MINOR * 100 + RUNSTONE_VERSION_PATCH;
}
const char* runstone_version_text(void) { return RUNSTONE_VERSION; }
