#include "sdk/stalled_disk.h"

#include <dlfcn.h>
#include <sys/types.h>

#include <condition_variable>
#include <mutex>

namespace {

std::mutex mutex;
std::condition_variable changed;
bool stalled = false;
int hanging = 0;

void hang_while_stalled() {
  std::unique_lock lock(mutex);
  if (!stalled) return;
  ++hanging;
  changed.notify_all();
  changed.wait(lock, [] { return !stalled; });
  --hanging;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {
int fsync(int descriptor) {
  static const auto real = next<int (*)(int)>("fsync");
  hang_while_stalled();
  return real(descriptor);
}
int fdatasync(int descriptor) {
  static const auto real = next<int (*)(int)>("fdatasync");
  hang_while_stalled();
  return real(descriptor);
}
int fallocate(int descriptor, int mode, off_t offset, off_t size) {
  static const auto real = next<int (*)(int, int, off_t, off_t)>("fallocate");
  hang_while_stalled();
  return real(descriptor, mode, offset, size);
}
int ftruncate(int descriptor, off_t size) noexcept {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  hang_while_stalled();
  return real(descriptor, size);
}
}

namespace runstone::testing_support {

StalledDisk::StalledDisk() {
  const std::scoped_lock lock(mutex);
  stalled = true;
}

StalledDisk::~StalledDisk() {
  const std::scoped_lock lock(mutex);
  stalled = false;
  changed.notify_all();
}

void StalledDisk::wait_until_somebody_hangs() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [] { return hanging > 0; });
}

int StalledDisk::hanging_count() {
  const std::scoped_lock lock(mutex);
  return hanging;
}

}  // namespace runstone::testing_support
