#pragma once

#include <functional>
#include <thread>

#include "runstone/result.h"

namespace runstone {

/// A thread that never takes a signal from the program's own threads: Ctrl-C, timers and a closed
/// pipe are theirs. Only the signals that say the program itself is broken stay open, so that a
/// handler for those can still report. kResourceExhausted, and the caller's mask of signals as it
/// was, if the system gives no more threads; whoever calls this says what happens then.
Result<std::thread> start_thread(std::function<void()> work);

}  // namespace runstone
