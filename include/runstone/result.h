#pragma once

#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

#include "runstone/error.h"

namespace runstone {

/// Wraps an Error so that it converts to any Result<T>: `return fail(ErrorCode::kNotFound, "...")`.
struct Failure {
  Error error;
};
inline Failure fail(ErrorCode code, std::string message) {
  return Failure{Error(code, std::move(message))};
}
inline Failure fail(Error error) { return Failure{std::move(error)}; }

template <typename T>
class Result;

namespace detail {
template <typename T>
struct IsResult : std::false_type {};
template <typename T>
struct IsResult<Result<T>> : std::true_type {};
}  // namespace detail

/// A value or an Error, with the names of std::expected. Works with -fno-exceptions: value() of an
/// error aborts, so look first.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}
  template <typename U,
            typename = std::enable_if_t<
                std::is_convertible_v<U&&, T> && !detail::IsResult<std::decay_t<U>>::value &&
                !std::is_same_v<std::decay_t<U>, Failure> && !std::is_same_v<std::decay_t<U>, T>>>
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

  template <typename U>
  T value_or(U&& fallback) && {
    return has_value() ? std::move(checked()) : static_cast<T>(std::forward<U>(fallback));
  }
  template <typename F>
  auto and_then(F&& next) && -> decltype(next(std::declval<T&&>())) {
    if (has_value()) return next(std::move(checked()));
    return Failure{std::move(*this).error()};
  }
  template <typename F>
  auto transform(F&& change) && -> Result<std::decay_t<decltype(change(std::declval<T&&>()))>> {
    if (has_value()) return change(std::move(checked()));
    return Failure{std::move(*this).error()};
  }
  template <typename F>
  Result transform_error(F&& change) && {
    if (has_value()) return std::move(*this);
    return Failure{change(std::move(*this).error())};
  }

 private:
  T& checked() {
    if (!has_value()) std::abort();
    return *std::get_if<0>(&state_);
  }
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error: `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Failure failure) : failed_(true), error_(std::move(failure.error)) {}

  bool has_value() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return !failed_; }
  void value() const {
    if (failed_) std::abort();
  }
  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }

  template <typename F>
  auto and_then(F&& next) && -> decltype(next()) {
    if (!failed_) return next();
    return Failure{std::move(error_)};
  }
  template <typename F>
  Result transform_error(F&& change) && {
    if (!failed_) return {};
    return Failure{change(std::move(error_))};
  }

 private:
  bool failed_ = false;
  Error error_;
};

/// The one way to ignore a Result on purpose; `why` is for the reader of the code.
template <typename T>
void discard(const Result<T>&, const char* /*why*/) noexcept {}

}  // namespace runstone
