#include "artifacts/expiry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "fs/memory_file_system.h"
#include "objects/object_store.h"
#include "store/memory/memory_store.h"

namespace runstone::artifacts {
namespace {

class HandClock final : public Clock {
 public:
  std::int64_t now_us() const override { return us_; }
  std::int64_t monotonic_us() const override { return us_; }
  void advance_us(std::int64_t by) { us_ += by; }

 private:
  std::atomic<std::int64_t> us_{1'700'000'000'000'000};
};

TEST(Expiry, APendingVersionThatNobodyTouchesIsGivenUpWhileTheServerRuns) {
  HandClock clock;
  fs::MemoryFileSystem disk;
  auto objects = *objects::open_folder_store("/data", disk);
  const auto store = store::memory::make_store();
  const auto alice = *store->create_user({{}, "alice", "", "", false, 1});
  const auto project = *store->create_project(store->find_entity("alice")->id, "p", 1);
  const auto service = *Artifacts::create(*store, *objects, clock);
  NewArtifact request;
  request.project = project;
  request.user = alice.id;
  request.type = "dataset";
  request.collection = "left-behind";
  request.digest = std::string(32, 'd');
  request.digest_algorithm = "MANIFEST_MD5";
  const auto made = service->create_artifact(request);
  ASSERT_TRUE(made) << made.error().message;

  const auto is_there = [&] {
    const auto found = store->artifacts().get_artifact(made->id);
    return found && found->state == store::ArtifactState::kPending;
  };
  ASSERT_TRUE(service->delete_expired());
  EXPECT_TRUE(is_there()) << "it is young";
  clock.advance_us(kAbandonedAfterUs + 1);
  Expiry expiry(*service, std::chrono::milliseconds(1));
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (is_there() && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_FALSE(is_there());
}

}  // namespace
}  // namespace runstone::artifacts
