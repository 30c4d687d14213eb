#include "base/start_thread.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "base/no_threads.h"

namespace runstone {
namespace {

TEST(StartThread, TakesNoSignalOfTheProgramButItsOwnFaults) {
  sigset_t before, inside, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  auto thread = start_thread([&] { pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
  ASSERT_TRUE(thread) << thread.error().message;
  thread->join();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGALRM, SIGCHLD, SIGPIPE}) {
    EXPECT_EQ(sigismember(&inside, signal), 1) << signal;
  }
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    EXPECT_EQ(sigismember(&inside, fault), 0) << fault;
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
  }
}

TEST(StartThread, NoThreadIsAnErrorAndLeavesTheSignalsAlone) {
  const NoThreads none;
  const auto thread = start_thread([] {});
  ASSERT_FALSE(thread);
  EXPECT_EQ(thread.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(thread.error().message.find("no thread"), std::string::npos);
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  EXPECT_EQ(sigismember(&now, SIGINT), 0);
}

}  // namespace
}  // namespace runstone
