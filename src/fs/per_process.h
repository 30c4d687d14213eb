#pragma once

#include <atomic>
#include <memory>

#include "fs/fork_generation.h"

namespace runstone::fs {

/// One T for each process, never destroyed: its threads may outlive main(). A forked child makes
/// one of its own at its first get(), since threads of the parent, which are not in the child, may
/// have left the parent's copy locked or half changed. Without a lock, which a fork could copy
/// while it is held: of two threads that make one at once, one gives its own up again.
template <typename T>
class PerProcess {
 public:
  /// `make` gives a std::unique_ptr<T>.
  template <typename Make>
  T& get(const Make& make) {
    Made* known = current_.load(std::memory_order_acquire);
    if (known != nullptr && known->generation == fork_generation()) return *known->object;
    auto fresh = std::make_unique<Made>(Made{fork_generation(), make().release(), known});
    if (current_.compare_exchange_strong(known, fresh.get())) return *fresh.release()->object;
    delete fresh->object;
    return *known->object;
  }
  T& get() {
    return get([] { return std::make_unique<T>(); });
  }

 private:
  struct Made {
    unsigned generation;
    T* object;
    Made* of_parent;  // kept, so that a search for leaks in a child finds it in use
  };
  std::atomic<Made*> current_{nullptr};
};

}  // namespace runstone::fs
