#include "auth/signin_throttle.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace runstone::auth {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kForgiveUs = 3600 * kSecondUs;

struct Counted {
  std::string key;
  int free;
};

// Names compare without case, so that spellings give no further attempts; what is far longer than
// any name shares one entry.
std::array<Counted, 3> counted(std::string_view name, std::string_view peer) {
  std::string lower(name.substr(0, 128));
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const std::string address(peer);
  return {
      {{"both " + address + " " + lower, 5}, {"address " + address, 50}, {"name " + lower, 100}}};
}

std::int64_t wait_us(int wrong, int free) {
  if (wrong < free) return 0;
  const int doublings = std::min(wrong - free, 20);
  return std::min<std::int64_t>(1LL << doublings, SigninThrottle::kWaitSecsMax) * kSecondUs;
}

}  // namespace

std::int64_t SigninThrottle::wait_locked(std::string_view name, std::string_view peer) const {
  const auto now = clock_.monotonic_us();
  std::int64_t wait = 0;
  for (const auto& [key, free] : counted(name, peer)) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || now - found->second.last_at_us > kForgiveUs) continue;
    wait = std::max(wait, found->second.last_at_us + wait_us(found->second.wrong, free) - now);
  }
  return (wait + kSecondUs - 1) / kSecondUs;
}

std::int64_t SigninThrottle::wait_secs(std::string_view name, std::string_view peer) const {
  const std::scoped_lock lock(mutex_);
  return wait_locked(name, peer);
}

std::int64_t SigninThrottle::begin(std::string_view name, std::string_view peer) {
  const std::scoped_lock lock(mutex_);
  if (const auto wait = wait_locked(name, peer); wait > 0) return wait;
  const auto now = clock_.monotonic_us();
  for (const auto& [key, free] : counted(name, peer)) {
    auto& entry = entries_[key];
    if (now - entry.last_at_us > kForgiveUs) entry.wrong = 0;
    ++entry.wrong;
    entry.last_at_us = now;
  }
  if (entries_.size() > kEntriesMax) forget_old_locked();
  return 0;
}

void SigninThrottle::succeeded(std::string_view name, std::string_view peer) {
  const std::scoped_lock lock(mutex_);
  const auto places = counted(name, peer);
  entries_.erase(places[0].key);
  // Others at that address, or after that name, are not forgiven: only this attempt is.
  for (const auto* key : {&places[1].key, &places[2].key}) {
    const auto found = entries_.find(*key);
    if (found != entries_.end() && --found->second.wrong <= 0) entries_.erase(found);
  }
}

void SigninThrottle::forget_old_locked() {
  std::vector<std::pair<std::int64_t, std::string>> by_age;
  for (const auto& [key, entry] : entries_) by_age.emplace_back(entry.last_at_us, key);
  std::sort(by_age.begin(), by_age.end());
  for (std::size_t i = 0; i < by_age.size() / 2; ++i) entries_.erase(by_age[i].second);
}

}  // namespace runstone::auth
