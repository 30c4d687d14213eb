#pragma once

#include <atomic>

namespace runstone::fs {

namespace detail {
extern std::atomic<unsigned> g_fork_generation;
}

/// A number that differs between a process and its forked children, as cheap as a load: who kept
/// the number of his birth and sees another one is a copy in a child and must leave files alone.
/// (getpid() is a system call, too slow for each record.) Counted from the first call of
/// watch_forks() on; vfork and posix_spawn do not count, their child only executes a program.
inline unsigned fork_generation() noexcept {
  return detail::g_fork_generation.load(std::memory_order_relaxed);
}
/// Begins to count. Idempotent.
void watch_forks();

/// For what a forked child has of its parent and must neither use nor destroy, such as the object
/// of a thread that is not there. It is kept, so that a search for leaks finds it in use.
void leave_to_parent(const void* object);

/// For files that hold a lock: descriptors that a forked child closes at once, before any of its
/// own code runs, so that the lock's life is the parent's alone.
void close_in_forked_child(int descriptor);
void forget_in_forked_child(int descriptor);

}  // namespace runstone::fs
