#include "artifact/body_file.h"

#include <chrono>
#include <optional>
#include <thread>

#include "artifact/server.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr int kTriesWithoutProgress = 5;
constexpr std::int64_t kWholeTimeoutUs = std::int64_t{7} * 24 * 3600 * 1'000'000;
constexpr std::int64_t kStallTimeoutUs = 60'000'000;

/// A file that comes over one connection after another.
class Receiver {
 public:
  Receiver(std::unique_ptr<fs::File> file, Digest::Kind kind)
      : file_(std::move(file)), kind_(kind), digest_(std::make_unique<Digest>(kind)) {}

  Result<void> take(const net::ClientResponse& head, std::string_view piece) {
    if (is_new_answer_) RUNSTONE_TRY(begin(head));
    digest_->add(piece);
    RUNSTONE_TRY(file_->write_at(size_bytes_, piece));
    size_bytes_ += piece.size();
    return {};
  }
  void expect_answer() { is_new_answer_ = true; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  /// What a Range request of the rest must be of; empty: the file must come whole.
  const std::string& etag() const { return etag_; }

  Result<Received> finish(net::Headers headers) {
    return Received{digest_->finish(), size_bytes_, std::move(headers)};
  }

 private:
  // 206 is the rest that was asked for, anything else the whole file from its start.
  Result<void> begin(const net::ClientResponse& head) {
    is_new_answer_ = false;
    etag_ = std::string(head.header("etag"));
    if (head.status == 206 || size_bytes_ == 0) return {};
    digest_ = std::make_unique<Digest>(kind_);
    size_bytes_ = 0;
    return file_->truncate(0);
  }

  const std::unique_ptr<fs::File> file_;
  const Digest::Kind kind_;
  std::unique_ptr<Digest> digest_;
  std::uint64_t size_bytes_ = 0;
  std::string etag_;
  bool is_new_answer_ = true;
};

Result<Received> receive(net::HttpTransport& connection, const net::ClientRequest& base,
                         Receiver& receiver) {
  int tries_without_progress = 0;
  while (true) {
    net::ClientRequest request = base;
    receiver.expect_answer();
    const std::uint64_t before = receiver.size_bytes();
    if (before > 0 && !receiver.etag().empty()) {
      request.headers.emplace_back("Range", "bytes=" + std::to_string(before) + "-");
      request.headers.emplace_back("If-Range", receiver.etag());
    }
    auto answer = send_patiently(connection, request, 1);
    if (answer) return receiver.finish(std::move(answer->headers));
    const ErrorCode code = answer.error().code;
    tries_without_progress = receiver.size_bytes() > before ? 0 : tries_without_progress + 1;
    const bool may_pass = code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded;
    if (!may_pass || tries_without_progress >= kTriesWithoutProgress) {
      return fail(std::move(answer).error());
    }
    std::this_thread::sleep_for(
        std::chrono::microseconds(wait_before_try_us(tries_without_progress + 1, 0)));
  }
}

}  // namespace

Result<Received> receive_file(net::HttpTransport& connection, net::ClientRequest request,
                              const std::string& path, Digest::Kind kind) {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(fs::Path(path).parent_path()));
  RUNSTONE_TRY(auto file, disk.create_new(path));
  Receiver receiver(std::move(file), kind);
  request.on_body = [&receiver](const net::ClientResponse& head, std::string_view piece) {
    return receiver.take(head, piece);
  };
  request.accept_gzip = false;
  request.follow_redirects = true;
  request.timeout_us = kWholeTimeoutUs;
  request.stall_timeout_us = kStallTimeoutUs;
  auto received = receive(connection, request, receiver);
  if (!received) discard(disk.remove(path), "why it did not come counts");
  return received;
}

}  // namespace runstone::artifact
