#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runstone::parts {

/// Key names to small numbers, in the order first seen. Open addressing: a look-up of a known key
/// allocates nothing and compares one hash and one text.
class KeyTable {
 public:
  KeyTable();
  std::uint32_t intern(std::string_view name);
  std::optional<std::uint32_t> find(std::string_view name) const;
  std::size_t size() const { return names_.size(); }
  const std::string& name(std::uint32_t key) const { return names_[key]; }
  std::uint64_t hash(std::uint32_t key) const { return hashes_[key]; }
  std::size_t memory_bytes() const { return bytes_ + slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t key_plus_one = 0;
  };
  /// The slot that holds the name, or the free one where it belongs.
  std::size_t probe(std::string_view name, std::uint64_t hash) const;
  void grow();

  std::deque<std::string> names_;
  std::vector<std::uint64_t> hashes_;
  std::vector<Slot> slots_;
  std::size_t bytes_ = 0;
};

}  // namespace runstone::parts
