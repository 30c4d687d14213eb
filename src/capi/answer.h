#pragma once

#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/try.h"
#include "capi/types.h"

namespace runstone::capi {

/// How a call ended: a status and, unless all went well, a message for people.
class Answer {
 public:
  Answer() = default;
  Answer(Failure failure);
  Answer(Result<void> result) {
    if (!result) *this = Answer(fail(std::move(result).error()));
  }
  static Answer invalid_handle(const char* what);

  runstone_status status() const { return status_; }
  /// Gives the status, and keeps the message for runstone_last_error().
  runstone_status told() &&;

 private:
  runstone_status status_ = RUNSTONE_OK;
  std::string message_;
};

/// What every function is wrapped in: nothing that is thrown passes into the caller's language.
template <typename Call>
runstone_status answer(const Call& call) noexcept {
  try {
    try {
      return Answer(call()).told();
    } catch (const std::bad_alloc&) {
      return Answer(fail(ErrorCode::kResourceExhausted, "no memory")).told();
    } catch (const std::exception& thrown) {
      return Answer(fail(ErrorCode::kInternal, thrown.what())).told();
    }
  } catch (...) {  // not even the message could be kept
    return RUNSTONE_INTERNAL;
  }
}

/// The same for a call with an object behind a handle.
template <typename T, typename Call>
runstone_status with(const typename HandleOf<T>::Type* handle, const Call& call) noexcept {
  return answer([&]() -> Answer {
    const Pinned<T> pinned(handle);
    if (!pinned) return Answer::invalid_handle(HandleOf<T>::kName);
    return call(*pinned);
  });
}

/// Puts an object behind a handle.
template <typename T>
Answer put(T object, typename HandleOf<T>::Type** handle) {
  *handle = make_handle<T>(std::move(object));
  if (*handle != nullptr) return {};
  return fail(ErrorCode::kResourceExhausted, "too many handles");
}

/// Puts what was made behind a handle, or NULL and why there is nothing.
template <typename T, typename Make>
runstone_status make(typename HandleOf<T>::Type** handle, const Make& make_it) noexcept {
  if (handle != nullptr) *handle = nullptr;
  return answer([&]() -> Answer {
    if (handle == nullptr) {
      return fail(ErrorCode::kInvalidArgument, "there is no place for the handle: it is NULL");
    }
    auto made = make_it();
    if (!made) return fail(std::move(made).error());
    return put<T>(*std::move(made), handle);
  });
}

/// Text that the caller gave and that must not be NULL.
Result<std::string> required(const char* text, const char* name);
/// An array of `size` elements: NULL is one of none.
template <typename T>
Result<Span<const T>> array(const T* data, std::size_t size, const char* name) {
  if (data == nullptr && size > 0) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + " is NULL, but " +
                                                 std::to_string(size) + " are said to be there");
  }
  return Span<const T>(data, size);
}
/// Hands text out, with a NUL behind it. `size` may be null; without a text *out is NULL.
Answer give(const std::optional<std::string>& text, char** out, std::size_t* size);

}  // namespace runstone::capi
