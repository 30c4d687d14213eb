#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace runstone::http {

/// Server-sent events to one client: any thread pushes, the connection sends. What waits is
/// bounded; a client that falls further behind loses the waiting events and gets one `resync` event
/// instead, after which it reads anew. Shared by the pusher and the connection.
class EventStream {
 public:
  static constexpr std::size_t kMaxWaitingBytes = 1 << 20;

  static std::shared_ptr<EventStream> create(std::size_t max_waiting_bytes = kMaxWaitingBytes);

  /// Queues one event; its id is the count of events so far. False once closed: unsubscribe then.
  bool push(std::string_view event, std::string_view data);
  /// Ends the stream after what is queued has been sent.
  void close();
  bool closed() const;
  /// Called once when the stream closes, by either side; at once if it has. Not under a lock.
  void on_close(std::function<void()> call);

  /// For the connection. Takes all that waits, as bytes to send.
  std::string take();
  /// For the connection. `wake` is called, from any thread, when there is something to take or the
  /// stream closed. Null to forget it.
  void set_wake(std::function<void()> wake);

 private:
  explicit EventStream(std::size_t max_waiting_bytes) : max_waiting_bytes_(max_waiting_bytes) {}
  void append(std::string_view event, std::string_view data);

  const std::size_t max_waiting_bytes_;
  mutable std::mutex mutex_;
  std::string waiting_;
  std::uint64_t next_id_ = 1;
  bool closed_ = false;
  std::function<void()> wake_;
  std::function<void()> on_close_;
};

}  // namespace runstone::http
