#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/random_id.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store.h"

// What the contract suites share: each runs over every engine of this list.
namespace runstone::store {

struct Engine {
  const char* name;
  std::unique_ptr<Store> (*open)(const std::filesystem::path& folder);
};

inline std::unique_ptr<Store> open_memory(const std::filesystem::path&) {
  return memory::make_store();
}
inline std::unique_ptr<Store> open_sqlite(const std::filesystem::path& folder) {
  auto store = sqlite::open_store(folder / "test.db");
  EXPECT_TRUE(store) << store.error().message;
  return *std::move(store);
}

inline auto every_engine() {
  return testing::Values(Engine{"memory", open_memory}, Engine{"sqlite", open_sqlite});
}
inline std::string engine_name(const testing::TestParamInfo<Engine>& info) {
  return info.param.name;
}

/// A folder that ends with the object.
class TestFolder {
 public:
  TestFolder() : path_(std::filesystem::temp_directory_path() / ("runstone-store-" + random_id())) {
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A new store of the engine under test, with the user alice.
class EngineTest : public testing::TestWithParam<Engine> {
 protected:
  EngineTest() {
    const auto alice = store_->create_user({.name = "alice",
                                            .email = "a@x",
                                            .display_name = "Alice",
                                            .admin = true,
                                            .created_at_us = 5});
    EXPECT_TRUE(alice) << alice.error().message;
    user_ = alice->id;
    entity_ = store_->find_entity("alice")->id;
  }

  TestFolder folder_;  // before the store: it is removed after it
  std::unique_ptr<Store> store_ = GetParam().open(folder_.path());
  UserId user_{};
  EntityId entity_{};
};

}  // namespace runstone::store
