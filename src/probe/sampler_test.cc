#include "probe/sampler.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <semaphore>
#include <thread>

#include <gmock/gmock.h>

#include "fs/fork_generation.h"
#include "probe/test_machine.h"

namespace runstone::probe {
namespace {

const Gpus& no_gpus() {
  static const auto* const none = new Gpus;
  return *none;
}
MachineOptions plain() {
  MachineOptions options;
  options.gpus = no_gpus;
  return options;
}
std::size_t thread_count() {
  std::size_t count = 0;
  DIR* const dir = ::opendir("/proc/self/task");
  while (const dirent* entry = ::readdir(dir)) count += entry->d_name[0] != '.' ? 1 : 0;
  ::closedir(dir);
  return count;
}
// Before any test; a sanitizer has a thread of its own.
const std::size_t idle_threads = thread_count();

void wait_for_threads(std::size_t count) {
  while (thread_count() != count) std::this_thread::yield();
}

TEST(Sampler, ReadsAtOnceAndThenAtTheInterval) {
  std::counting_semaphore<> seen(0);
  std::vector<Readings> all;
  std::vector<std::int64_t> times_us;
  const auto id = Sampler::of_this_process().add(plain(), 0.1,
                                                 [&](std::int64_t at_us, const Readings& readings) {
                                                   all.push_back(readings);
                                                   times_us.push_back(at_us);
                                                   seen.release();
                                                 });
  ASSERT_TRUE(id);
  for (int i = 0; i < 3; ++i) seen.acquire();
  Sampler::of_this_process().remove(*id);
  EXPECT_FALSE(value_of(all[0], "cpu"));
  EXPECT_TRUE(value_of(all[0], "proc.memory.rssMB"));
  EXPECT_TRUE(value_of(all[1], "cpu"));
  EXPECT_GE(times_us[2] - times_us[0], 150'000);
}

TEST(Sampler, HasOneThreadForAllAndNoneForNobody) {
  const std::size_t before = idle_threads;
  wait_for_threads(before);  // another test's may be ending
  std::counting_semaphore<> seen(0);
  const auto deliver = [&](std::int64_t, const Readings&) { seen.release(); };
  auto& sampler = Sampler::of_this_process();
  const auto one = sampler.add(plain(), 3600, deliver);
  const auto two = sampler.add(plain(), 3600, deliver);
  seen.acquire();
  seen.acquire();
  EXPECT_EQ(thread_count(), before + 1);
  sampler.remove(*one);
  sampler.remove(*two);
  wait_for_threads(before);
  const auto three = sampler.add(plain(), 3600, deliver);  // and again
  seen.acquire();
  sampler.remove(*three);
  wait_for_threads(before);
}

TEST(Sampler, WhoHasLeftIsNotCalledAgain) {
  auto& sampler = Sampler::of_this_process();
  for (int i = 0; i < 50; ++i) {
    std::atomic<bool> gone{false}, called_late{false};
    const auto id = sampler.add(plain(), 0.1, [&](std::int64_t, const Readings&) {
      if (gone) called_late = true;
    });
    std::this_thread::yield();
    sampler.remove(*id);
    gone = true;
    ASSERT_FALSE(called_late);
  }
}

TEST(Sampler, ADiskThatHangsHoldsUpNobodyWhoLeaves) {
  auto& sampler = Sampler::of_this_process();
  const std::size_t before = idle_threads;
  wait_for_threads(before);
  std::promise<void> entered, hang;
  MachineOptions options;
  options.gpus = [&]() -> const Gpus& {
    entered.set_value();
    hang.get_future().wait();
    return no_gpus();
  };
  std::atomic<bool> called{false};
  const auto id = sampler.add(options, 3600, [&](std::int64_t, const Readings&) { called = true; });
  entered.get_future().wait();
  sampler.remove(*id);  // returns while the reading hangs
  hang.set_value();
  wait_for_threads(before);
  EXPECT_FALSE(called);
}

TEST(Sampler, AForkedChildHasNoneUntilItMakesOne) {
  fs::watch_forks();
  std::counting_semaphore<> seen(0);
  auto& sampler = Sampler::of_this_process();
  const auto id = sampler.add(plain(), 0.1, [&](std::int64_t, const Readings&) { seen.release(); });
  seen.acquire();
  const pid_t child = fork();
  if (child == 0) {
    if (thread_count() != idle_threads) ::_exit(1);
    Sampler::of_this_process().remove(*id);  // the parent's: nothing happens
    std::binary_semaphore own(0);
    const auto mine = Sampler::of_this_process().add(
        plain(), 3600, [&](std::int64_t, const Readings&) { own.release(); });
    own.acquire();
    Sampler::of_this_process().remove(*mine);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  while (seen.try_acquire()) {
  }
  seen.acquire();  // the parent's goes on
  sampler.remove(*id);
}

}  // namespace
}  // namespace runstone::probe
