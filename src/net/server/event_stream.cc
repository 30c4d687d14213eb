#include "net/server/event_stream.h"

#include <utility>

namespace runstone::http {

std::shared_ptr<EventStream> EventStream::create(std::size_t max_waiting_bytes) {
  return std::shared_ptr<EventStream>(new EventStream(max_waiting_bytes));
}

void EventStream::append(std::string_view event, std::string_view data) {
  waiting_.append("id: ").append(std::to_string(next_id_++)).append("\n");
  if (!event.empty()) waiting_.append("event: ").append(event).append("\n");
  // A line end inside the data would end the field: each line gets a field of its own.
  for (;;) {
    const auto end = data.find_first_of("\r\n");
    waiting_.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + (data.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  waiting_.append("\n");
}

bool EventStream::push(std::string_view event, std::string_view data) {
  std::function<void()> wake;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return false;
    const bool was_empty = waiting_.empty();
    if (waiting_.size() + event.size() + data.size() + 64 > max_waiting_bytes_) {
      waiting_.clear();
      append("resync", "{}");
    } else {
      append(event, data);
    }
    if (was_empty) wake = wake_;  // else it was woken already and has not taken yet
  }
  if (wake) wake();
  return true;
}

void EventStream::close() {
  std::function<void()> wake, on_close;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return;
    closed_ = true;
    wake = wake_;
    on_close = std::exchange(on_close_, nullptr);
  }
  if (wake) wake();
  if (on_close) on_close();
}

bool EventStream::closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

void EventStream::on_close(std::function<void()> call) {
  {
    const std::scoped_lock lock(mutex_);
    if (!closed_) {
      on_close_ = std::move(call);
      return;
    }
  }
  call();
}

std::string EventStream::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(waiting_, std::string());
}

void EventStream::set_wake(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  wake_ = std::move(wake);
}

}  // namespace runstone::http
