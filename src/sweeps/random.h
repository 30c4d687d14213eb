#pragma once

#include <cstdint>

namespace runstone::sweeps {

/// Random numbers that are the same on every machine and in every version: a sweep's seed and the
/// number of a suggestion say what it draws.
/// Source   splitmix64: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number
///          generators", OOPSLA 2014.
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0)
      : state_(mix(seed) ^ mix(stream * 0x9e3779b97f4a7c15ULL + 1)) {}

  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15ULL); }
  /// In (0, 1), never an end of it.
  double unit() { return (static_cast<double>(next() >> 12) + 0.5) * 0x1.0p-52; }
  /// In [0, count).
  std::uint64_t below(std::uint64_t count) {
    return static_cast<std::uint64_t>(unit() * static_cast<double>(count));
  }

 private:
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  std::uint64_t state_;
};

}  // namespace runstone::sweeps
