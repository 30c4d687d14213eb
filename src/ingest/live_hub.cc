#include "ingest/live_hub.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/clock.h"
#include "base/json.h"
#include "model/key_path.h"
#include "runstone/value.h"

namespace runstone::ingest {
namespace {

// Runs whose last summary is remembered; past that it is told whole again.
constexpr std::size_t kRunsMax = 4096;

void merge(RunChange& into, RunChange&& next) {
  if (next.rows) {
    into.rows = true;
    into.row_total = next.row_total;
    into.last_step = next.last_step;
  }
  for (auto& key : next.new_keys) into.new_keys.push_back(std::move(key));
  if (next.run) {
    into.run = true;
    into.state = std::move(next.state);
    into.display_name = std::move(next.display_name);
    into.heartbeat_at_us = next.heartbeat_at_us;
  }
  if (next.summary_json) into.summary_json = std::move(next.summary_json);
  into.config = into.config || next.config;
  for (auto& line : next.console) into.console.push_back(std::move(line));
  if (into.console.size() > LiveHub::kConsoleLinesMax) {
    into.console.erase(into.console.begin(), into.console.end() - LiveHub::kConsoleLinesMax);
  }
  for (auto& file : next.files) into.files.push_back(std::move(file));
  for (auto& other : next.others) into.others.push_back(std::move(other));
  if (into.others.size() > LiveHub::kOthersMax) {
    into.others.erase(into.others.begin(), into.others.end() - LiveHub::kOthersMax);
  }
}

// Strict JSON for a browser: NaN and the infinities as texts.
Value to_strict(const Value& value) {
  if (const double* number = value.if_double(); number != nullptr && !std::isfinite(*number)) {
    return std::isnan(*number) ? "NaN" : *number > 0 ? "Infinity" : "-Infinity";
  }
  if (const List* list = value.if_list()) {
    List strict;
    for (const Value& item : *list) strict.push_back(to_strict(item));
    return strict;
  }
  if (const Dict* dict = value.if_dict()) {
    Dict strict;
    for (const auto& [key, item] : *dict) strict.set(key, to_strict(item));
    return strict;
  }
  return value;
}

void add_leaves(std::vector<std::pair<std::string, std::string>>& leaves, const std::string& path,
                const Value& value) {
  const Dict* const dict = value.if_dict();
  if (dict == nullptr || dict->empty() || dict->contains("_type")) {
    leaves.emplace_back(path, json::to_text(to_strict(value)));
    return;
  }
  for (const auto& [label, inner] : *dict) {
    add_leaves(leaves, path.empty() ? escape_label(label) : path + "." + escape_label(label),
               inner);
  }
}

std::string join_texts(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    if (out.size() > 1) out += ',';
    json::append_string(out, text);
  }
  return out + "]";
}

std::string begin_event(const std::string& path) {
  std::string out = "{\"run\":";
  json::append_string(out, path);
  return out;
}

}  // namespace

struct LiveHub::Queue {
  std::string prefix;  // "entity/project/" or the whole path
  bool whole_path = false;
  std::function<void()> on_ready;
  std::mutex calling;  // held while on_ready runs, so that destruction can wait for it
  bool closed = false;

  // Under the hub's mutex:
  std::vector<LiveEvent> events;
  std::size_t bytes = 0;

  bool takes(const std::string& path) const {
    return whole_path ? path == prefix : path.starts_with(prefix);
  }
};

class LiveHub::Subscription final : public LiveSubscription {
 public:
  Subscription(LiveHub& hub, std::shared_ptr<Queue> queue) : hub_(hub), queue_(std::move(queue)) {}
  ~Subscription() override { hub_.unsubscribe(queue_); }
  std::vector<LiveEvent> take() override {
    const std::scoped_lock lock(hub_.mutex_);
    queue_->bytes = 0;
    return std::exchange(queue_->events, {});
  }

 private:
  LiveHub& hub_;
  std::shared_ptr<Queue> queue_;
};

LiveHub::LiveHub(const Clock& clock, bool thread) : clock_(clock) {
  if (thread) thread_ = std::thread([this] { loop(); });
}

LiveHub::~LiveHub() { stop(); }

void LiveHub::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<LiveSubscription> LiveHub::subscribe(LiveFilter filter,
                                                     std::function<void()> on_ready) {
  auto queue = std::make_shared<Queue>();
  queue->whole_path = !filter.run.empty();
  queue->prefix = filter.entity + "/" + filter.project + "/" + filter.run;
  queue->on_ready = std::move(on_ready);
  {
    const std::scoped_lock lock(mutex_);
    queues_.push_back(queue);
    subscriber_count_.store(static_cast<int>(queues_.size()), std::memory_order_relaxed);
  }
  return std::make_unique<Subscription>(*this, std::move(queue));
}

void LiveHub::unsubscribe(const std::shared_ptr<Queue>& queue) {
  {
    const std::scoped_lock lock(mutex_);
    std::erase(queues_, queue);
    subscriber_count_.store(static_cast<int>(queues_.size()), std::memory_order_relaxed);
    if (queues_.empty()) runs_.clear();
  }
  const std::scoped_lock wait(queue->calling);
  queue->closed = true;
}

void LiveHub::publish(RunChange change) {
  if (!wanted()) return;
  {
    const std::scoped_lock lock(mutex_);
    if (runs_.size() > kRunsMax) {
      std::erase_if(runs_, [](const auto& item) { return !item.second.pending; });
    }
    RunLive& live = runs_[change.path];
    if (live.pending) {
      merge(*live.pending, std::move(change));
      return;  // its time is already waited for
    }
    live.pending = std::move(change);
  }
  wake_.notify_one();
}

std::int64_t LiveHub::pump() {
  std::vector<std::shared_ptr<Queue>> ready;
  std::int64_t next_us = -1;
  {
    const std::scoped_lock lock(mutex_);
    std::vector<bool> was_empty;
    for (const auto& queue : queues_) was_empty.push_back(queue->events.empty());
    const std::int64_t now = clock_.monotonic_us();
    for (auto& [path, live] : runs_) {
      if (!live.pending) continue;
      const std::int64_t due = live.sent_at_us + kIntervalUs;
      if (due > now) {
        next_us = next_us < 0 ? due - now : std::min(next_us, due - now);
        continue;
      }
      const RunChange change = *std::exchange(live.pending, std::nullopt);
      live.sent_at_us = now;
      send(live, change);
    }
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      if (was_empty[i] && !queues_[i]->events.empty()) ready.push_back(queues_[i]);
    }
  }
  for (const auto& queue : ready) {
    const std::scoped_lock calling(queue->calling);
    if (!queue->closed) queue->on_ready();
  }
  return next_us;
}

void LiveHub::loop() {
  while (true) {
    const std::int64_t next_us = pump();
    std::unique_lock lock(mutex_);
    const auto any_run = [this](auto wanted) {
      return std::any_of(runs_.begin(), runs_.end(), [&](const auto& item) {
        return item.second.pending && wanted(item.second);
      });
    };
    if (next_us < 0) {
      // A change that is not due yet ends this wait too: the next pump says how long it has.
      wake_.wait(lock, [&] { return stopping_ || any_run([](const RunLive&) { return true; }); });
    } else {
      wake_.wait_for(lock, std::chrono::microseconds(next_us), [&] {
        return stopping_ || any_run([this](const RunLive& live) {
                 return live.sent_at_us + kIntervalUs <= clock_.monotonic_us();
               });
      });
    }
    if (stopping_) return;
  }
}

void LiveHub::send(RunLive& live, const RunChange& change) {
  if (change.anew) deliver(change.path, "resync", "{}");
  if (change.rows) {
    std::string data = begin_event(change.path) + ",\"rows\":";
    json::append_int(data, change.row_total);
    data += ",\"last_step\":";
    json::append_int(data, change.last_step);
    data += ",\"new_keys\":" + join_texts(change.new_keys) + "}";
    deliver(change.path, "rows", std::move(data));
  }
  if (change.run || change.summary_json) {
    std::string data = begin_event(change.path);
    if (change.run) {
      data += ",\"state\":";
      json::append_string(data, change.state);
      data += ",\"display_name\":";
      json::append_string(data, change.display_name);
      data += ",\"heartbeat_at\":";
      json::append_string(data, to_rfc3339(change.heartbeat_at_us, true));
    }
    data += ",\"summary\":{";
    bool first = true;
    if (change.summary_json) {
      std::vector<std::pair<std::string, std::string>> leaves;
      if (const auto parsed = json::parse(*change.summary_json)) add_leaves(leaves, "", *parsed);
      for (auto& [path, text] : leaves) {
        if (path.empty()) continue;
        std::string& told = live.summary[path];
        if (told == text) continue;
        told = text;
        if (!first) data += ',';
        first = false;
        json::append_string(data, path);
        data += ':' + text;
      }
    }
    data += "}}";
    deliver(change.path, "run", std::move(data));
  }
  if (change.config) deliver(change.path, "config", begin_event(change.path) + "}");
  if (!change.console.empty()) {
    std::string data = begin_event(change.path) + ",\"lines\":[";
    for (const auto& [number, text] : change.console) {
      if (data.back() != '[') data += ',';
      data += '[';
      json::append_int(data, number);
      data += ',';
      json::append_string(data, text);
      data += ']';
    }
    deliver(change.path, "console", data + "]}");
  }
  if (!change.files.empty()) {
    deliver(change.path, "files",
            begin_event(change.path) + ",\"names\":" + join_texts(change.files) + "}");
  }
  for (const auto& [type, data] : change.others) {
    std::string event = begin_event(change.path);
    if (data.size() > 2) event += ',' + data.substr(1, data.size() - 2);
    deliver(change.path, type.c_str(), event + "}");
  }
}

void LiveHub::announce(const std::string& path, const std::string& type, std::string json) {
  if (!wanted()) return;
  RunChange change;
  change.path = path;
  change.others.emplace_back(type, std::move(json));
  publish(std::move(change));
}

void LiveHub::deliver(const std::string& path, const char* type, std::string data) {
  for (const auto& queue : queues_) {
    if (!queue->takes(path)) continue;
    queue->bytes += data.size() + 64;
    if (queue->bytes > LiveSubscription::kQueueBytesMax) {
      // It reads everything anew after this, so what was queued before is worth nothing.
      queue->events.assign(1, {next_id_++, "resync", "{}"});
      queue->bytes = 64;
      continue;
    }
    queue->events.push_back({next_id_++, type, data});
  }
}

}  // namespace runstone::ingest
