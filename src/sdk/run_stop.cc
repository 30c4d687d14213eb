// Somebody pressed stop: what the program is told, and how.
#include <signal.h>
#include <unistd.h>

#include <exception>

#include "sdk/run_state.h"

namespace runstone {

bool RunState::should_stop() const {
  asks_to_stop_.store(true, std::memory_order_relaxed);
  return should_stop_.load(std::memory_order_relaxed);
}

// On the uplink's thread, once.
void RunState::stop_program() {
  {
    const std::scoped_lock lock(mutex_);
    if (life_ != Life::kRecording) return;  // it is ending anyway
  }
  should_stop_.store(true);
  if (plan_.stop_fn) {
    try {
      plan_.stop_fn();
    } catch (const std::exception& thrown) {
      terminal_.error(std::string("stop_fn has failed: ") + thrown.what());
    } catch (...) {
      terminal_.error("stop_fn has failed");
    }
    return;
  }
  if (asks_to_stop_.load()) return;
  terminal_.info("The run was asked to stop: interrupting the program");
  ::kill(::getpid(), SIGINT);  // our own threads block it, so one of the program's gets it
}

}  // namespace runstone
