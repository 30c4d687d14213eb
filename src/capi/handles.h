#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace runstone::capi {

enum class HandleKind : std::uint64_t { kRun = 1, kMedia = 2, kArtifact = 3 };

/// Objects behind tickets. A ticket has a kind, a place and a generation, so that NULL, a pointer
/// to something else, a ticket of another kind and one that was given back are told from a good one
/// without looking at any memory that may be gone. An object lives until its ticket was given back
/// and nobody uses it. Any thread, also in a child forked while another thread is here: no locks.
class HandleTable {
 public:
  using Deleter = void (*)(void*);
  HandleTable() = default;
  ~HandleTable() {
    for (auto& chunk : chunks_) delete[] chunk.load();
  }
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;
  static constexpr std::uint64_t kCountMax = std::uint64_t{1} << 28;

  /// 0 if kCountMax objects live.
  std::uint64_t add(HandleKind kind, void* object, Deleter deleter);
  /// The object, kept alive until unpin(); null if the ticket is not good.
  void* pin(HandleKind kind, std::uint64_t ticket);
  void unpin(std::uint64_t ticket);
  /// Gives the ticket back. False if it was not good.
  bool remove(HandleKind kind, std::uint64_t ticket);
  /// Calls `visit(object)` for each object of that kind.
  template <typename Visit>
  void for_each(HandleKind kind, const Visit& visit) {
    const std::uint64_t count = used_.load();
    for (std::uint64_t index = 0; index < count; ++index) {
      const std::uint64_t ticket = ticket_at(kind, index);
      if (ticket == 0) continue;
      if (void* object = pin(kind, ticket)) {
        visit(object);
        unpin(ticket);
      }
    }
  }

 private:
  /// Not freed before the table is, so that looking at one is always allowed.
  struct Slot {
    std::atomic<std::uint64_t> state{0};  // generation, kind, whether it was given back, pins
    std::atomic<std::uint64_t> next_free{0};
    void* object = nullptr;
    Deleter deleter = nullptr;
  };

  Slot* find(std::uint64_t index) const;
  Slot* make(std::uint64_t& index);
  void push_free(Slot& slot, std::uint64_t index);
  std::uint64_t ticket_at(HandleKind kind, std::uint64_t index) const;

  static constexpr int kChunks = 23;  // of 64, 64, 128, 256, ... slots
  std::atomic<Slot*> chunks_[kChunks] = {};
  std::atomic<std::uint64_t> used_{0};
  std::atomic<std::uint64_t> free_{0};  // index + 1 of the first, and a count against reuse (ABA)
};

/// The process's table. It outlives every static destructor.
HandleTable& handles();

/// Which C type stands for which C++ class; specialised in types.h.
template <typename T>
struct HandleOf;

/// An object while a call uses it.
template <typename T>
class Pinned {
 public:
  explicit Pinned(const typename HandleOf<T>::Type* handle)
      : ticket_(reinterpret_cast<std::uint64_t>(handle)),
        object_(static_cast<T*>(handles().pin(HandleOf<T>::kKind, ticket_))) {}
  ~Pinned() {
    if (object_ != nullptr) handles().unpin(ticket_);
  }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  explicit operator bool() const { return object_ != nullptr; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }

 private:
  std::uint64_t ticket_;
  T* object_;
};

/// Null if there are too many.
template <typename T>
typename HandleOf<T>::Type* make_handle(T object) {
  auto owned = std::make_unique<T>(std::move(object));
  const std::uint64_t ticket = handles().add(HandleOf<T>::kKind, owned.get(),
                                             [](void* made) { delete static_cast<T*>(made); });
  if (ticket != 0) static_cast<void>(owned.release());
  return reinterpret_cast<typename HandleOf<T>::Type*>(ticket);
}

template <typename T>
bool free_handle(typename HandleOf<T>::Type* handle) {
  return handles().remove(HandleOf<T>::kKind, reinterpret_cast<std::uint64_t>(handle));
}

}  // namespace runstone::capi
