#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/result.h"

namespace runstone::probe {

/// Sees everything that is written to file descriptors 1 and 2: by this program in any language, by
/// libraries, by child processes. What is written goes on to where it went before, read by one
/// thread of its own from a pipe (a pseudo-terminal if a terminal was there, so that programs go on
/// finding one).
///
/// While nobody listens, the descriptors are what they were. Child processes that still have ours
/// are served until they end. In the last moments of a process that is killed or crashes, what it
/// wrote may not have been read yet.
class ConsoleRedirect {
 public:
  /// Called on the reader's thread with whatever came, in pieces of any size; must not throw.
  using Take = std::function<void(bool is_stderr, std::string_view bytes)>;

  static ConsoleRedirect& of_this_process();

  /// Errors: kIo and kResourceExhausted if the system gives no pipe or thread; then nothing has
  /// changed.
  Result<std::uint64_t> add(Take take);
  /// On return, `take` has seen what was written before (unless the terminal takes nothing for
  /// kDrainPatience) and runs no more; after the last one the descriptors are what they were.
  void remove(std::uint64_t id);

 private:
  struct Channel;
  struct Reader;
  Result<void> redirect();
  void restore();

  std::mutex mutex_;
  std::condition_variable drained_;
  std::vector<std::pair<std::uint64_t, Take>> listeners_;
  std::uint64_t last_id_ = 0;
  std::shared_ptr<Reader> reader_;  // shared with its thread, which may outlive the redirection
};

}  // namespace runstone::probe
