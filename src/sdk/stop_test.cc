// What a program hears when somebody presses stop, from a server on a socket.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "net/client/scripted_server.h"
#include "sdk/test_run.h"
#include "uplink/fake_tracker.h"

namespace runstone {
namespace {

using net::ScriptedAnswer;
using net::ScriptedRequest;
using testing::HasSubstr;
using testing_support::Workplace;

constexpr auto kPatience = std::chrono::seconds(30);

std::atomic<int> interrupts{0};

/// A run of a server that can be told to stop runs, or to know them no more. SIGINT is counted.
class Stopping : public testing::Test {
 protected:
  Stopping() : before_(std::signal(SIGINT, [](int) { ++interrupts; })) { interrupts = 0; }
  ~Stopping() override { std::signal(SIGINT, before_); }

  InitOptions options() {
    InitOptions options = place.options();
    options.mode = "online";
    discard(options.settings.set("base_url", server.url()), "a text");
    discard(options.settings.set("api_key", "key"), "a text");
    return options;
  }
  void press_stop() {
    const std::scoped_lock lock(mutex);
    tracker.stop_runs = true;
  }
  void forget_runs() {
    const std::scoped_lock lock(mutex);
    tracker.fault = [](const std::string&, const std::string& path) {
      const bool rows = path.find("file_stream") != std::string::npos;
      return rows ? std::optional(uplink::FakeAnswer{404, R"({"error":"run deleted"})"})
                  : std::nullopt;
    };
  }
  /// Logs, as a training would, until `condition` holds.
  template <typename Condition>
  static bool logs_until(runstone::Run& run, const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      EXPECT_TRUE(run.log({{"a", 1}}));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  std::mutex mutex;
  std::atomic<bool> stops_at_the_end{false};
  uplink::FakeTracker tracker;
  net::ScriptedServer server{[this](const ScriptedRequest& request) -> ScriptedAnswer {
    const std::scoped_lock lock(mutex);
    auto answer = tracker.handle(request.method, request.target, request.body);
    if (stops_at_the_end && request.body.find("\"complete\":true") != std::string::npos) {
      answer.body = R"({"stopped":true})";
    }
    return ScriptedAnswer{answer.status, answer.body, answer.headers};
  }};
  Workplace place;

 private:
  void (*before_)(int);
};

TEST_F(Stopping, AProgramThatAsksIsLeftToEndByItself) {
  runstone::Run run = place.start(options());
  EXPECT_FALSE(run.should_stop());
  press_stop();
  EXPECT_TRUE(logs_until(run, [&] { return run.should_stop(); }));
  EXPECT_TRUE(run.finish().delivered);
  EXPECT_TRUE(run.should_stop());
  EXPECT_EQ(interrupts, 0);
}

TEST_F(Stopping, AProgramThatDoesNotAskIsInterrupted) {
  runstone::Run run = place.start(options());
  press_stop();
  EXPECT_TRUE(logs_until(run, [] { return interrupts > 0; }));
  run.finish();
  EXPECT_EQ(interrupts, 1);
  EXPECT_THAT(place.all_lines(), HasSubstr("asked to stop"));
}

TEST_F(Stopping, StopFnIsCalledOnceAndMayThrow) {
  InitOptions with_function = options();
  std::atomic<int> calls{0};
  with_function.stop_fn = [&] {
    ++calls;
    throw std::runtime_error("of the user's own");
  };
  runstone::Run run = place.start(with_function);
  press_stop();
  EXPECT_TRUE(logs_until(run, [&] { return calls > 0; }));
  EXPECT_TRUE(run.finish().delivered);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(interrupts, 0);
  EXPECT_THAT(place.all_lines(), HasSubstr("stop_fn has failed: of the user's own"));
}

TEST_F(Stopping, StopOnFatalErrorActsAsStopDoes) {
  InitOptions strict = options();
  ASSERT_TRUE(strict.settings.set("stop_on_fatal_error", true));
  runstone::Run run = place.start(strict);
  EXPECT_FALSE(run.should_stop());
  forget_runs();
  EXPECT_TRUE(logs_until(run, [&] { return run.should_stop(); }));
  EXPECT_FALSE(run.finish().delivered);
}

TEST_F(Stopping, OtherwiseAFatalErrorIsToldAndTheTrainingGoesOn) {
  runstone::Run run = place.start(options());
  forget_runs();
  const auto told = [&] {
    return place.all_lines().find("nothing more is sent") != std::string::npos;
  };
  EXPECT_TRUE(logs_until(run, told));
  EXPECT_FALSE(run.should_stop());
  EXPECT_FALSE(run.finish().delivered);
  EXPECT_EQ(interrupts, 0);
}

// The server says it in its answer to the run's last words.
TEST_F(Stopping, NothingStopsARunThatIsFinishing) {
  InitOptions with_function = options();
  std::atomic<int> calls{0};
  with_function.stop_fn = [&] { ++calls; };
  runstone::Run run = place.start(with_function);
  stops_at_the_end = true;
  EXPECT_TRUE(run.log({{"a", 1}}));
  EXPECT_TRUE(run.finish().delivered);
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(run.should_stop());
}

TEST(StoppingOffline, ARunWithoutAServerIsNeverAskedToStop) {
  Workplace place;
  EXPECT_FALSE(place.start().should_stop());
}

}  // namespace
}  // namespace runstone
