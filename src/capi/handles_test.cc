#include "capi/handles.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace runstone::capi {
namespace {

constexpr auto kRun = HandleKind::kRun, kMedia = HandleKind::kMedia;

struct Counted {
  explicit Counted(int& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  int& count_;
};
void free_counted(void* object) { delete static_cast<Counted*>(object); }

TEST(Handles, ATicketIsGoodForItsKindUntilItIsGivenBack) {
  HandleTable table;
  int alive = 0;
  auto* object = new Counted(alive);
  const auto ticket = table.add(kRun, object, free_counted);
  EXPECT_EQ(table.pin(kRun, ticket), object);
  table.unpin(ticket);
  EXPECT_EQ(table.pin(kMedia, ticket), nullptr);
  EXPECT_FALSE(table.remove(kMedia, ticket));
  EXPECT_EQ(alive, 1);
  EXPECT_TRUE(table.remove(kRun, ticket));
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(table.pin(kRun, ticket), nullptr);
  EXPECT_FALSE(table.remove(kRun, ticket));
}

TEST(Handles, AnObjectInUseLivesUntilItsLastUse) {
  HandleTable table;
  int alive = 0;
  const auto ticket = table.add(kRun, new Counted(alive), free_counted);
  ASSERT_NE(table.pin(kRun, ticket), nullptr);
  EXPECT_TRUE(table.remove(kRun, ticket));
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(table.pin(kRun, ticket), nullptr);
  table.unpin(ticket);
  EXPECT_EQ(alive, 0);
}

TEST(Handles, WhatWasNeverATicketIsNone) {
  HandleTable table;
  int alive = 0;
  const auto ticket = table.add(kRun, new Counted(alive), free_counted);
  const int on_the_stack = 0;
  for (const std::uint64_t wrong :
       {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}, ticket + 1, ticket ^ 1,
        ticket + (std::uint64_t{1} << 28), reinterpret_cast<std::uint64_t>(&on_the_stack)}) {
    EXPECT_EQ(table.pin(kRun, wrong), nullptr) << wrong;
    EXPECT_FALSE(table.remove(kRun, wrong)) << wrong;
  }
  EXPECT_TRUE(table.remove(kRun, ticket));
}

TEST(Handles, PlacesAreUsedAgainUnderOtherTickets) {
  HandleTable table;
  int alive = 0;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1'000; ++i) {
    const auto ticket = table.add(kRun, new Counted(alive), free_counted);
    EXPECT_TRUE(seen.insert(ticket).second);
    EXPECT_EQ(ticket & 0xfff'ffff, 0u) << "a second place";
    EXPECT_TRUE(table.remove(kRun, ticket));
  }
  std::vector<std::uint64_t> many;
  for (int i = 0; i < 1'000; ++i) many.push_back(table.add(kRun, new Counted(alive), free_counted));
  EXPECT_EQ(std::set(many.begin(), many.end()).size(), 1'000u);
  int visited = 0;
  table.for_each(kRun, [&](void*) { ++visited; });
  EXPECT_EQ(visited, 1'000);
  for (const auto ticket : many) EXPECT_TRUE(table.remove(kRun, ticket));
  EXPECT_EQ(alive, 0);
}

TEST(Handles, ThreadsThatMakeUseAndFreeMeetNoForeignObject) {
  struct Mine {
    std::uint64_t owner;
  };
  HandleTable table;
  std::atomic<int> wrong{0}, freed_twice{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::uint64_t> held;
      for (int i = 0; i < 20'000; ++i) {
        held.push_back(table.add(kRun, new Mine{t}, [](void* p) { delete static_cast<Mine*>(p); }));
        if (auto* mine = static_cast<Mine*>(table.pin(kRun, held[held.size() / 2]))) {
          if (mine->owner != t) ++wrong;
          table.unpin(held[held.size() / 2]);
        } else {
          ++wrong;
        }
        if (held.size() < 50) continue;
        for (const auto ticket : held) {
          if (!table.remove(kRun, ticket)) ++wrong;
          if (table.remove(kRun, ticket)) ++freed_twice;
        }
        held.clear();
      }
      for (const auto ticket : held) table.remove(kRun, ticket);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(freed_twice, 0);
}

}  // namespace
}  // namespace runstone::capi
