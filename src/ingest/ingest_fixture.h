#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/task.h"
#include "base/thread_pool.h"
#include "fs/memory_file_system.h"
#include "ingest/ingest.h"
#include "objects/object_store.h"
#include "store/memory/forwarding_store.h"
#include "store/memory/memory_store.h"
#include "store/parts/part.h"
#include "store/parts/row_batch.h"
#include "store/tail_lines.h"

// What the tests of ingest share: a service over a store in memory, with a clock turned by hand.
namespace runstone::ingest {

class HandClock final : public Clock {
 public:
  std::int64_t now_us() const override { return us_; }
  std::int64_t monotonic_us() const override { return us_; }
  void advance_secs(std::int64_t secs) { us_ += secs * 1'000'000; }

 private:
  std::atomic<std::int64_t> us_{1'700'000'000'000'000};
};

/// A store whose nth commit from now fails: before it does anything, or after all of it.
class FailingStore final : public store::memory::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  enum class When { kBefore, kAfter };
  void fail_commit(int nth, When when) {
    left_ = nth;
    when_ = when;
  }
  Result<void> commit(const store::Batch& batch) override {
    const bool fails = left_ > 0 && --left_ == 0;
    if (fails && when_ == When::kBefore) return fail(ErrorCode::kIo, "injected");
    auto done = ForwardingStore::commit(batch);
    if (fails) return fail(ErrorCode::kIo, "injected, after the commit");
    return done;
  }

 private:
  std::atomic<int> left_{0};
  When when_ = When::kBefore;
};

inline protocol::StreamLines make_lines(std::int64_t offset,
                                        const std::vector<std::string>& texts) {
  protocol::StreamLines lines;
  lines.offset = offset;
  for (const auto& text : texts) {
    lines.inner_newlines = lines.inner_newlines || text.find('\n') != std::string::npos;
    lines.text += text;
    lines.ends.push_back(static_cast<std::uint32_t>(lines.text.size()));
    lines.text += '\n';
  }
  lines.text.append(protocol::StreamLines::kPaddingBytes, '\0');
  return lines;
}

inline std::string row(std::int64_t step, double loss) {
  std::string text = "{\"_step\":" + std::to_string(step) + ",\"loss\":";
  json::append_double(text, loss);
  return text + "}";
}

inline std::vector<std::string> rows(std::int64_t first_step, std::int64_t count,
                                     double loss = 0.5) {
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(row(first_step + i, loss));
  return all;
}

class IngestFixture : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = objects::open_folder_store("/data", disk_);
    ASSERT_TRUE(opened) << opened.error().message;
    objects_ = *std::move(opened);
    ASSERT_TRUE(memory_->create_user({{}, "alice", "", "", false, 1}));
    restart();
    run_ = upsert("r1").run.id;
  }
  void TearDown() override { ingest_.reset(); }

  /// As after a crash: nothing in memory is kept.
  void restart() {
    ingest_.reset();
    auto made = Ingest::create(failing_, *objects_, clock_, pool_, options_);
    ASSERT_TRUE(made) << made.error().message;
    ingest_ = *std::move(made);
  }

  UpsertedRun upsert(const std::string& name) {
    UpsertRun input;
    input.entity = "alice";
    input.project = "p";
    input.name = name;
    auto made = ingest_->upsert_run(input);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  store::RunInfo info() { return *memory_->get_run(run_); }

  Result<AppendAnswer> send(protocol::FileStreamBody body, const std::string& run = "r1") {
    return wait_for(ingest_->append({{"alice", "p", run}, std::move(body), false, "", ""}));
  }
  Result<AppendAnswer> send_history(std::int64_t offset, const std::vector<std::string>& texts) {
    protocol::FileStreamBody body;
    body.history = make_lines(offset, texts);
    return send(std::move(body));
  }
  Result<AppendAnswer> send_console(std::int64_t offset, const std::vector<std::string>& texts) {
    protocol::FileStreamBody body;
    body.console = make_lines(offset, texts);
    return send(std::move(body));
  }
  Result<AppendAnswer> heartbeat() { return send({}); }
  Result<AppendAnswer> complete(int exit_code) {
    protocol::FileStreamBody body;
    body.complete = true;
    body.exit_code = exit_code;
    return send(std::move(body));
  }

  /// Every line of a stream as a reader sees it: parts by id, then the tail over them.
  std::map<std::int64_t, std::string> lines(store::Stream stream = store::Stream::kHistory) {
    std::map<std::int64_t, std::string> all;
    auto both = *memory_->lines(run_, stream);
    std::sort(both.parts.begin(), both.parts.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    for (const auto& part : both.parts) {
      auto bytes =
          part.object_key.empty() ? memory_->part_bytes(part.id) : objects_->get(part.object_key);
      auto overview = part.overview_key.empty() ? memory_->part_overview(part.id)
                                                : objects_->get(part.overview_key);
      EXPECT_TRUE(bytes && overview);
      auto reader = parts::PartReader::open(parts::memory_source(*bytes), *overview);
      EXPECT_TRUE(reader);
      parts::RowBatch batch;
      EXPECT_TRUE((*reader)->read_lines(batch, INT64_MIN, INT64_MAX));
      for (const auto& found : batch.rows()) {
        std::string text;
        batch.append_json(text, found);
        all[found.line] = text;
      }
    }
    for (const auto& chunk : both.tail) {
      const auto decoded = store::DecodedLines::decode(chunk.data);
      EXPECT_TRUE(decoded);
      EXPECT_EQ(static_cast<std::int64_t>(decoded->size()), chunk.line_count);
      for (std::size_t i = 0; i < decoded->size(); ++i) {
        all[chunk.first_line + static_cast<std::int64_t>(i)] = (*decoded)[i];
      }
    }
    return all;
  }
  /// The history by value: a line's text may change its spelling on the way through a part.
  std::map<std::int64_t, double> losses() {
    std::map<std::int64_t, double> all;
    for (const auto& [number, text] : lines()) {
      const auto parsed = json::parse(text);
      EXPECT_TRUE(parsed) << text;
      all[number] = parsed->get("loss")->number_or(-1);
    }
    return all;
  }
  std::int64_t key_count(const std::string& name) {
    const auto keys = memory_->keys(run_);
    for (const auto& key : *keys) {
      if (key.name == name) return key.count();
    }
    return 0;
  }

  IngestOptions options_{.background = false};
  HandClock clock_;
  ThreadPool pool_{2, 1000};
  fs::MemoryFileSystem disk_;
  std::unique_ptr<store::Store> memory_ = store::memory::make_store();
  FailingStore failing_{*memory_};
  std::unique_ptr<objects::ObjectStore> objects_;
  std::unique_ptr<Ingest> ingest_;
  store::RunId run_{};
};

}  // namespace runstone::ingest
