#include <pthread.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

#include "fs/fork_generation.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

// The one global of the SDK, since pthread_atfork() knows no argument. Never destroyed: a process
// may fork while it exits.
struct Registry {
  std::mutex mutex;
  std::vector<RunState*> runs;
};
Registry& registry() {
  static auto* const instance = new Registry;
  return *instance;
}

void before_fork() {
  registry().mutex.lock();
  for (RunState* run : registry().runs) run->lock_for_fork();
}
void in_parent() {
  for (RunState* run : registry().runs) run->unlock_after_fork();
  registry().mutex.unlock();
}
void in_child() {
  for (RunState* run : registry().runs) run->unlock_in_child();
  registry().mutex.unlock();
}

}  // namespace

// The run's other locks may be held, that of finish() for minutes, by threads that are not here to
// let go of them. The child begins with new ones, and leaves what the old ones guarded to the
// parent: no destructor runs over what another thread was changing.
void RunState::unlock_in_child() {
  new (&finish_mutex_) std::mutex;
  new (&artifacts_) ArtifactsUnderWay;
  new (&live_files_) LiveFiles;
  new (&tensorboard_) TensorboardSync;
  mutex_.unlock();
}

void register_for_fork(RunState& run) {
  static std::once_flag once;
  std::call_once(once, [] {
    fs::watch_forks();
    pthread_atfork(before_fork, in_parent, in_child);
  });
  const std::scoped_lock lock(registry().mutex);
  registry().runs.push_back(&run);
}

void unregister_for_fork(RunState& run) {
  const std::scoped_lock lock(registry().mutex);
  auto& runs = registry().runs;
  runs.erase(std::remove(runs.begin(), runs.end(), &run), runs.end());
}

}  // namespace runstone
