#include "uplink/file_sender.h"

#include <exception>
#include <utility>

#include "base/start_thread.h"

namespace runstone::uplink {
namespace {

FinishedFile send(ApiClient& api, FileJob job) {
  FinishedFile finished;
  try {
    auto put = api.put(job.url, job.headers, job.upload, job.timeout_us);
    if (!put) finished.trouble = put.trouble();
  } catch (const std::exception& error) {  // no memory: on a thread it would end the training
    finished.trouble = Trouble{.message = job.upload.name + ": " + error.what()};
  }
  finished.upload = std::move(job.upload);
  return finished;
}

}  // namespace

void InlineFileSender::start(FileJob job) { finished_.push_back(send(api_, std::move(job))); }

FilePool::FilePool(Target target, const Clock& clock, MakeTransport make_transport,
                   std::function<void()> wake, std::size_t max_threads)
    : target_(std::move(target)),
      clock_(clock),
      make_transport_(std::move(make_transport)),
      wake_(std::move(wake)),
      max_threads_(max_threads) {}

FilePool::~FilePool() {
  cancel();
  for (std::thread& thread : threads_) thread.join();
}

bool FilePool::has_room() const {
  const std::scoped_lock lock(mutex_);
  return unfinished_ < 2 * max_threads_;  // the next one waits at hand
}

void FilePool::start(FileJob job) {
  std::unique_lock lock(mutex_);
  ++unfinished_;
  if (unfinished_ > threads_.size() && threads_.size() < max_threads_ && !cancelled_) {
    transports_.push_back(make_transport_());
    net::HttpTransport& transport = *transports_.back();
    auto thread = start_thread([this, &transport] { work(transport); });
    if (thread) {
      threads_.push_back(*std::move(thread));
    } else if (threads_.empty()) {  // no thread of the pool will ever send it: this one does
      lock.unlock();
      ApiClient api(transport, clock_, target_);
      FinishedFile finished = send(api, std::move(job));
      lock.lock();
      finished_.push_back(std::move(finished));
      return;
    }
  }
  jobs_.push_back(std::move(job));
  has_job_.notify_one();
}

std::vector<FinishedFile> FilePool::take_finished() {
  const std::scoped_lock lock(mutex_);
  unfinished_ -= finished_.size();
  return std::exchange(finished_, {});
}

void FilePool::cancel() {
  const std::scoped_lock lock(mutex_);
  cancelled_ = true;
  for (const auto& transport : transports_) transport->cancel();
  has_job_.notify_all();
}

void FilePool::work(net::HttpTransport& transport) {
  ApiClient api(transport, clock_, target_);
  std::unique_lock lock(mutex_);
  while (true) {
    has_job_.wait(lock, [&] { return cancelled_ || !jobs_.empty(); });
    if (cancelled_) return;
    FileJob job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    FinishedFile finished = send(api, std::move(job));
    lock.lock();
    finished_.push_back(std::move(finished));
    lock.unlock();
    if (wake_) wake_();
    lock.lock();
  }
}

}  // namespace runstone::uplink
