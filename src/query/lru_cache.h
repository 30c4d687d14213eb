#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace runstone::query {

/// Values by key up to a bound of bytes; the one not asked for longest goes first. Thread-safe.
/// Values are shared pointers: who holds one keeps it, whether it is still here or not.
template <typename Pointer>
class LruCache {
 public:
  explicit LruCache(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

  Pointer find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, at->second);
    return at->second->value;
  }

  /// Takes the value in, in place of one of that key. A value larger than the bound is not kept.
  void put(const std::string& key, Pointer value, std::int64_t bytes) {
    const std::lock_guard lock(mutex_);
    if (const auto at = index_.find(key); at != index_.end()) drop(at->second);
    if (bytes > max_bytes_) return;
    entries_.push_front({key, std::move(value), bytes});
    index_[key] = entries_.begin();
    bytes_ += bytes;
    while (bytes_ > max_bytes_) drop(std::prev(entries_.end()));
  }

 private:
  struct Entry {
    std::string key;
    Pointer value;
    std::int64_t bytes = 0;
  };
  using Place = typename std::list<Entry>::iterator;

  void drop(Place place) {
    bytes_ -= place->bytes;
    index_.erase(place->key);
    entries_.erase(place);
  }

  const std::int64_t max_bytes_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string, Place> index_;
  std::int64_t bytes_ = 0;
};

}  // namespace runstone::query
