#include "uplink/file_sender.h"

#include <utility>

namespace runstone::uplink {
namespace {

FinishedFile send(ApiClient& api, FileJob job) {
  auto put = api.put(job.url, job.headers, job.upload, job.timeout_us);
  FinishedFile finished{.upload = std::move(job.upload)};
  if (!put) finished.trouble = put.trouble();
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
  const std::scoped_lock lock(mutex_);
  jobs_.push_back(std::move(job));
  ++unfinished_;
  if (unfinished_ > threads_.size() && threads_.size() < max_threads_ && !cancelled_) {
    transports_.push_back(make_transport_());
    threads_.emplace_back([this, &transport = *transports_.back()] { work(transport); });
  }
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
