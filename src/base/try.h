#pragma once

#include "runstone/result.h"

// RUNSTONE_TRY(expr): returns the error of a Result<void> (or ignores the value).
// RUNSTONE_TRY(const auto x, expr): the value, or returns the error.
// RUNSTONE_CO_TRY: the same in a coroutine.
#define RUNSTONE_TRY_CONCAT_(a, b) a##b
#define RUNSTONE_TRY_NAME_(a, b) RUNSTONE_TRY_CONCAT_(a, b)
#define RUNSTONE_TRY_PICK_(_1, _2, NAME, ...) NAME
#define RUNSTONE_TRY_1_(ret, tmp, expr) \
  if (auto tmp = (expr); !tmp) ret ::runstone::fail(std::move(tmp).error())
#define RUNSTONE_TRY_2_(ret, tmp, decl, expr)             \
  auto tmp = (expr);                                      \
  if (!tmp) ret ::runstone::fail(std::move(tmp).error()); \
  decl = *std::move(tmp)

#define RUNSTONE_TRY_R1_(expr) RUNSTONE_TRY_1_(return, RUNSTONE_TRY_NAME_(try_, __COUNTER__), expr)
#define RUNSTONE_TRY_R2_(decl, expr) \
  RUNSTONE_TRY_2_(return, RUNSTONE_TRY_NAME_(try_, __COUNTER__), decl, expr)
#define RUNSTONE_TRY(...) \
  RUNSTONE_TRY_PICK_(__VA_ARGS__, RUNSTONE_TRY_R2_, RUNSTONE_TRY_R1_)(__VA_ARGS__)

#define RUNSTONE_TRY_C1_(expr) \
  RUNSTONE_TRY_1_(co_return, RUNSTONE_TRY_NAME_(try_, __COUNTER__), expr)
#define RUNSTONE_TRY_C2_(decl, expr) \
  RUNSTONE_TRY_2_(co_return, RUNSTONE_TRY_NAME_(try_, __COUNTER__), decl, expr)
#define RUNSTONE_CO_TRY(...) \
  RUNSTONE_TRY_PICK_(__VA_ARGS__, RUNSTONE_TRY_C2_, RUNSTONE_TRY_C1_)(__VA_ARGS__)
