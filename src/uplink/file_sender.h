#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/client/http_client.h"
#include "uplink/api.h"

namespace runstone::uplink {

/// One PUT of a run file.
struct FileJob {
  protocol::UploadUrl url;
  std::vector<std::string> headers;
  Upload upload;
  std::int64_t timeout_us = 0;
};
struct FinishedFile {
  Upload upload;
  std::optional<Trouble> trouble;  ///< nothing: it is there
};

/// Where the PUTs of run files happen. One thread calls all of it; only cancel() is any thread's.
class FileSender {
 public:
  virtual ~FileSender() = default;
  virtual bool has_room() const = 0;
  virtual void start(FileJob job) = 0;
  virtual std::vector<FinishedFile> take_finished() = 0;
  virtual void cancel() {}
};

/// Sends a file while start() waits, over the given connection: for tests that turn the clock.
class InlineFileSender final : public FileSender {
 public:
  explicit InlineFileSender(ApiClient& api) : api_(api) {}
  bool has_room() const override { return finished_.empty(); }
  void start(FileJob job) override;
  std::vector<FinishedFile> take_finished() override { return std::exchange(finished_, {}); }

 private:
  ApiClient& api_;
  std::vector<FinishedFile> finished_;
};

using MakeTransport = std::function<std::unique_ptr<net::HttpTransport>()>;

/// Sends files beside the rows, so that a large one delays none: a few threads, each with a
/// connection of its own, started when there is a file for them.
class FilePool final : public FileSender {
 public:
  static constexpr std::size_t kThreadsOfRunFiles = 2;
  static constexpr std::size_t kThreadsOfArtifacts = 4;  // thousands of small files, often
  /// `wake` is called on a thread of the pool when a file has finished.
  FilePool(Target target, const Clock& clock, MakeTransport make_transport,
           std::function<void()> wake, std::size_t max_threads = kThreadsOfRunFiles);
  ~FilePool() override;

  bool has_room() const override;
  void start(FileJob job) override;
  std::vector<FinishedFile> take_finished() override;
  void cancel() override;

 private:
  void work(net::HttpTransport& transport);

  const Target target_;
  const Clock& clock_;
  const MakeTransport make_transport_;
  const std::function<void()> wake_;
  const std::size_t max_threads_;
  mutable std::mutex mutex_;
  std::condition_variable has_job_;
  std::deque<FileJob> jobs_;
  std::size_t unfinished_ = 0;  // waiting in jobs_ or being sent
  std::vector<FinishedFile> finished_;
  bool cancelled_ = false;
  std::vector<std::unique_ptr<net::HttpTransport>> transports_;
  std::vector<std::thread> threads_;
};

}  // namespace runstone::uplink
