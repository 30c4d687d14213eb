#include "store/parts/key_table.h"

#include <xxhash.h>

namespace runstone::parts {
namespace {
constexpr std::size_t kFirstSlots = 64;
std::uint64_t hash_of(std::string_view name) { return XXH3_64bits(name.data(), name.size()); }
}  // namespace

KeyTable::KeyTable() : slots_(kFirstSlots) {}

std::size_t KeyTable::probe(std::string_view name, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.key_plus_one == 0) return at;
    if (slot.tag == tag && names_[slot.key_plus_one - 1] == name) return at;
  }
}

std::uint32_t KeyTable::intern(std::string_view name) {
  const std::uint64_t hash = hash_of(name);
  std::size_t at = probe(name, hash);
  if (slots_[at].key_plus_one != 0) return slots_[at].key_plus_one - 1;
  if ((names_.size() + 1) * 2 > slots_.size()) {
    grow();
    at = probe(name, hash);
  }
  const auto key = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(name);
  hashes_.push_back(hash);
  slots_[at] = {static_cast<std::uint32_t>(hash >> 32), key + 1};
  bytes_ += name.size() + sizeof(std::string) + sizeof(std::uint64_t);
  return key;
}

std::optional<std::uint32_t> KeyTable::find(std::string_view name) const {
  const Slot& slot = slots_[probe(name, hash_of(name))];
  if (slot.key_plus_one == 0) return std::nullopt;
  return slot.key_plus_one - 1;
}

void KeyTable::grow() {
  std::vector<Slot> bigger(slots_.size() * 2);
  const std::size_t mask = bigger.size() - 1;
  for (std::uint32_t key = 0; key < names_.size(); ++key) {
    std::size_t at = hashes_[key] & mask;
    while (bigger[at].key_plus_one != 0) at = (at + 1) & mask;
    bigger[at] = {static_cast<std::uint32_t>(hashes_[key] >> 32), key + 1};
  }
  slots_.swap(bigger);
}

}  // namespace runstone::parts
