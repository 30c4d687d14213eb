#include "base/start_thread.h"

#include <signal.h>

#include <exception>
#include <utility>

namespace runstone {
namespace {

sigset_t signals_of_others() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) {
    sigdelset(&signals, fault);
  }
  return signals;
}

}  // namespace

Result<std::thread> start_thread(std::function<void()> work) {
  const sigset_t blocked = signals_of_others();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);  // a new thread begins with its maker's mask
  Result<std::thread> started = std::thread();
  try {
    *started = std::thread(std::move(work));
  } catch (const std::exception& error) {  // system_error; no memory
    started = fail(ErrorCode::kResourceExhausted, std::string("no thread: ") + error.what());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

}  // namespace runstone
