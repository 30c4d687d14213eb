#pragma once

#include <cstddef>
#include <functional>

#include "runstone/result.h"

namespace runstone::artifact {

/// Calls `work(index, worker)` for each index below `count`, on up to `workers` threads; `worker`
/// says which, so that each can have a connection of its own. After the first error no further work
/// is begun, and that error is the answer.
Result<void> in_parallel(
    std::size_t count, std::size_t workers,
    const std::function<Result<void>(std::size_t index, std::size_t worker)>& work);

/// Asked ten times a second by the thread that called, while the others work; an error ends the
/// work as one of `work` does.
Result<void> in_parallel(
    std::size_t count, std::size_t workers,
    const std::function<Result<void>(std::size_t index, std::size_t worker)>& work,
    const std::function<Result<void>()>& watch);

}  // namespace runstone::artifact
