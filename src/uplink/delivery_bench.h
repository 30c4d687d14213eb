#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "uplink/delivery.h"
#include "uplink/fake_tracker.h"
#include "uplink/test_journal.h"

namespace runstone::uplink {

inline constexpr std::int64_t kSecondUs = 1'000'000;

/// A journal, a server and the delivery between them, under a clock that the test turns.
struct Bench {
  TestJournal journal;
  FakeTracker tracker;
  FakeTransport transport{tracker};
  HandClock clock;
  std::vector<std::string> messages;
  int stops = 0;
  std::unique_ptr<Delivery> delivery;

  explicit Bench(bool write_head = true) {
    if (write_head) journal.header_and_run();
  }
  void start(DeliveryOptions options = {}) {
    options.journal = journal.path();
    options.on_message = [this](MessageLevel, const std::string& text) {
      messages.push_back(text);
    };
    options.on_stop = [this] { ++stops; };
    delivery = std::make_unique<Delivery>(fs::real_file_system(), clock, transport,
                                          Target{.base_url = "http://tracker", .api_key = "key"},
                                          std::move(options));
  }
  /// Works, turning the clock through the waits, until `duration_us` has passed or all is over.
  void run_for(std::int64_t duration_us) {
    const std::int64_t end_us = clock.monotonic_us() + duration_us;
    while (clock.monotonic_us() <= end_us) {
      const auto turn = delivery->turn();
      if (turn.kind == Delivery::Turn::Kind::kEnded) return;
      if (turn.kind == Delivery::Turn::Kind::kWait) clock.advance_to(turn.wake_at_us);
    }
  }
  std::vector<std::string> rows(std::int64_t count, std::int64_t first = 0) {
    std::vector<std::string> expected;
    for (std::int64_t step = first; step < first + count; ++step) {
      expected.push_back(row_json(step, static_cast<double>(step) / 4));
    }
    return expected;
  }
  void log(std::int64_t count, std::int64_t first = 0) {
    for (std::int64_t step = first; step < first + count; ++step) {
      journal.row(step, static_cast<double>(step) / 4);
    }
  }
};

}  // namespace runstone::uplink
