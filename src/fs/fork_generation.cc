#include "fs/fork_generation.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace runstone::fs {

namespace detail {
std::atomic<unsigned> g_fork_generation{0};
}

namespace {

std::mutex& registry_mutex() {
  static auto* const mutex = new std::mutex;  // never destroyed: a fork may come after static ends
  return *mutex;
}
std::vector<int>& registry() {
  static auto* const descriptors = new std::vector<int>;
  return *descriptors;
}

void before_fork() { registry_mutex().lock(); }
void in_parent() { registry_mutex().unlock(); }
void in_child() {
  // Closing the child's copy does not end the parent's lock: that lives until the last copy is
  // closed.
  for (const int descriptor : registry()) ::close(descriptor);
  registry().clear();
  detail::g_fork_generation.fetch_add(1, std::memory_order_relaxed);
  registry_mutex().unlock();
}

}  // namespace

void watch_forks() {
  static const int registered = ::pthread_atfork(&before_fork, &in_parent, &in_child);
  static_cast<void>(registered);  // ENOMEM only; then a child is not told, as with vfork
}

void leave_to_parent(const void* object) {
  struct Left {
    const void* object;
    Left* next;
  };
  static std::atomic<Left*> all{nullptr};
  if (object == nullptr) return;
  auto* const left = new Left{object, all.load()};
  while (!all.compare_exchange_weak(left->next, left)) {
  }
}

void close_in_forked_child(int descriptor) {
  watch_forks();
  const std::scoped_lock lock(registry_mutex());
  registry().push_back(descriptor);
}

void forget_in_forked_child(int descriptor) {
  const std::scoped_lock lock(registry_mutex());
  auto& all = registry();
  all.erase(std::remove(all.begin(), all.end(), descriptor), all.end());
}

}  // namespace runstone::fs
