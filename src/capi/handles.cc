#include "capi/handles.h"

namespace runstone::capi {
namespace {

static_assert(sizeof(void*) == 8, "a ticket fills a pointer of 64 bits");

// A ticket: 4 bits kind (no address of user space has them), 32 bits generation, 28 bits index.
constexpr int kIndexBits = 28, kGenerationBits = 32;
constexpr std::uint64_t kIndexMask = (std::uint64_t{1} << kIndexBits) - 1;
constexpr std::uint64_t kGenerationMask = (std::uint64_t{1} << kGenerationBits) - 1;

// A slot's state: 32 bits generation, 4 bits kind, 1 bit given back, 27 bits pins. An object that
// lives holds one pin of its own.
constexpr std::uint64_t kPinMask = (std::uint64_t{1} << 27) - 1;
constexpr std::uint64_t kGivenBack = std::uint64_t{1} << 27;
constexpr int kKindShift = 28, kStateGenerationShift = 32;

std::uint64_t index_of(std::uint64_t ticket) { return ticket & kIndexMask; }

std::uint64_t make_ticket(std::uint64_t kind, std::uint64_t generation, std::uint64_t index) {
  return kind << (kIndexBits + kGenerationBits) | generation << kIndexBits | index;
}

bool is_good(std::uint64_t state, HandleKind kind, std::uint64_t ticket) {
  const std::uint64_t generation = ticket >> kIndexBits & kGenerationMask;
  return ticket >> (kIndexBits + kGenerationBits) == static_cast<std::uint64_t>(kind) &&
         state >> kStateGenerationShift == generation &&
         (state >> kKindShift & 0xf) == static_cast<std::uint64_t>(kind) &&
         (state & kGivenBack) == 0 && (state & kPinMask) != 0;
}

}  // namespace

HandleTable& handles() {
  static auto* table = new HandleTable;
  return *table;
}

HandleTable::Slot* HandleTable::find(std::uint64_t index) const {
  // Chunk 0 holds 64 slots, chunk k the 32 << k from there on.
  const std::uint64_t above = index >> 6;
  int chunk = 0;
  while (above >> chunk != 0) ++chunk;
  const std::uint64_t begin = chunk == 0 ? 0 : std::uint64_t{32} << chunk;
  Slot* slots = chunks_[chunk].load(std::memory_order_acquire);
  return slots == nullptr ? nullptr : slots + (index - begin);
}

HandleTable::Slot* HandleTable::make(std::uint64_t& index) {
  std::uint64_t head = free_.load();
  while ((head & kIndexMask) != 0) {
    index = (head & kIndexMask) - 1;
    Slot* slot = find(index);
    const std::uint64_t next = (head & ~kIndexMask) + (kIndexMask + 1) + slot->next_free.load();
    if (free_.compare_exchange_weak(head, next)) return slot;
  }
  index = used_.load();
  do {
    if (index + 1 >= kCountMax) return nullptr;
  } while (!used_.compare_exchange_weak(index, index + 1));
  int chunk = 0;
  while (index >> 6 >> chunk != 0) ++chunk;
  if (chunks_[chunk].load() == nullptr) {
    const std::uint64_t size = chunk == 0 ? 64 : std::uint64_t{32} << chunk;
    auto made = std::make_unique<Slot[]>(size);
    Slot* expected = nullptr;
    if (chunks_[chunk].compare_exchange_strong(expected, made.get())) {
      static_cast<void>(made.release());
    }
  }
  return find(index);
}

std::uint64_t HandleTable::add(HandleKind kind, void* object, Deleter deleter) {
  std::uint64_t index = 0;
  Slot* slot = make(index);
  if (slot == nullptr) return 0;
  slot->object = object;
  slot->deleter = deleter;
  const std::uint64_t generation = slot->state.load() >> kStateGenerationShift;
  const auto kind_bits = static_cast<std::uint64_t>(kind);
  slot->state.store(generation << kStateGenerationShift | kind_bits << kKindShift | 1);
  return make_ticket(kind_bits, generation, index);
}

void* HandleTable::pin(HandleKind kind, std::uint64_t ticket) {
  if (index_of(ticket) >= used_.load(std::memory_order_acquire)) return nullptr;
  Slot* slot = find(index_of(ticket));
  if (slot == nullptr) return nullptr;
  std::uint64_t state = slot->state.load();
  do {
    if (!is_good(state, kind, ticket)) return nullptr;
  } while (!slot->state.compare_exchange_weak(state, state + 1));
  return slot->object;
}

void HandleTable::unpin(std::uint64_t ticket) {
  Slot& slot = *find(index_of(ticket));
  const std::uint64_t left = slot.state.fetch_sub(1) - 1;
  if ((left & kPinMask) != 0) return;
  slot.deleter(slot.object);
  slot.object = nullptr;
  const std::uint64_t next = ((left >> kStateGenerationShift) + 1) & kGenerationMask;
  slot.state.store(next << kStateGenerationShift);
  push_free(slot, index_of(ticket));
}

bool HandleTable::remove(HandleKind kind, std::uint64_t ticket) {
  if (index_of(ticket) >= used_.load()) return false;
  Slot* slot = find(index_of(ticket));
  if (slot == nullptr) return false;
  std::uint64_t state = slot->state.load();
  do {
    if (!is_good(state, kind, ticket)) return false;
  } while (!slot->state.compare_exchange_weak(state, state | kGivenBack));
  unpin(ticket);
  return true;
}

void HandleTable::push_free(Slot& slot, std::uint64_t index) {
  std::uint64_t head = free_.load();
  std::uint64_t next = 0;
  do {
    slot.next_free.store(head & kIndexMask);
    next = (head & ~kIndexMask) + (kIndexMask + 1) + (index + 1);
  } while (!free_.compare_exchange_weak(head, next));
}

std::uint64_t HandleTable::ticket_at(HandleKind kind, std::uint64_t index) const {
  const Slot* slot = find(index);
  if (slot == nullptr) return 0;
  const std::uint64_t generation = slot->state.load() >> kStateGenerationShift;
  return make_ticket(static_cast<std::uint64_t>(kind), generation, index);
}

}  // namespace runstone::capi
