#include "artifact/body_file.h"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>

#include "artifact/server.h"
#include "base/encoding.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr int kTriesWithoutProgress = 5;
constexpr std::int64_t kWholeTimeoutUs = std::int64_t{7} * 24 * 3600 * 1'000'000;
constexpr std::int64_t kStallTimeoutUs = 60'000'000;

/// A file that comes over one connection after another.
class Receiver {
 public:
  Receiver(std::unique_ptr<fs::File> file, std::string path, Digest::Kind kind)
      : file_(std::move(file)),
        path_(std::move(path)),
        kind_(kind),
        digesting_(std::make_unique<Digest>(kind)) {}

  Result<void> take(const net::ClientResponse& head, std::string_view piece) {
    if (is_new_answer_) RUNSTONE_TRY(begin(head));
    RUNSTONE_TRY(file_->write_at(size_bytes_, piece));
    size_bytes_ += piece.size();
    if (auto* follower = std::get_if<std::unique_ptr<FollowingDigest>>(&digesting_)) {
      (*follower)->grow(piece.size());
    } else {
      std::get<std::unique_ptr<Digest>>(digesting_)->add(piece);
    }
    return {};
  }
  void expect_answer() { is_new_answer_ = true; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  /// What a Range request of the rest must be of; empty: the file must come whole.
  const std::string& etag() const { return etag_; }

  Received finish(net::Headers headers) {
    return Received(std::move(digesting_), std::move(headers));
  }

 private:
  // 206 is the rest that was asked for, anything else the whole file from its start.
  Result<void> begin(const net::ClientResponse& head) {
    is_new_answer_ = false;
    etag_ = std::string(head.header("etag"));
    if (head.status == 206) return {};
    digesting_ = std::make_unique<Digest>(kind_);
    if (size_bytes_ > 0) RUNSTONE_TRY(file_->truncate(0));
    size_bytes_ = 0;
    const std::string length(head.header("content-length"));
    if (std::strtoull(length.c_str(), nullptr, 10) < FollowingDigest::kWorthwhileBytes) {
      return {};
    }
    RUNSTONE_TRY(digesting_, FollowingDigest::of(path_, kind_));
    return {};
  }

  const std::unique_ptr<fs::File> file_;
  const std::string path_;
  const Digest::Kind kind_;
  Received::Digesting digesting_;
  std::uint64_t size_bytes_ = 0;
  std::string etag_;
  bool is_new_answer_ = true;
};

Result<Received> receive(net::HttpTransport& connection, const net::ClientRequest& base,
                         Receiver& receiver, const Authorize& authorize) {
  int tries_without_progress = 0;
  while (true) {
    net::ClientRequest request = base;
    receiver.expect_answer();
    const std::uint64_t before = receiver.size_bytes();
    if (before > 0 && !receiver.etag().empty()) {
      request.headers.emplace_back("Range", "bytes=" + std::to_string(before) + "-");
      request.headers.emplace_back("If-Range", receiver.etag());
    }
    if (authorize) RUNSTONE_TRY(authorize(request));
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

Result<std::string> Received::digest() {
  if (auto* follower = std::get_if<std::unique_ptr<FollowingDigest>>(&digesting_)) {
    RUNSTONE_TRY(FileDigest whole, (*follower)->finish());
    return std::move(whole.digest);
  }
  return to_base64(std::get<std::unique_ptr<Digest>>(digesting_)->finish());
}

Result<Received> receive_file(net::HttpTransport& connection, net::ClientRequest request,
                              const std::string& path, Digest::Kind kind) {
  return receive_file(connection, std::move(request), path, kind, nullptr);
}

Result<Received> receive_file(net::HttpTransport& connection, net::ClientRequest request,
                              const std::string& path, Digest::Kind kind,
                              const Authorize& authorize) {
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(disk.make_directories(fs::Path(path).parent_path()));
  RUNSTONE_TRY(auto file, disk.create_new(path));
  Receiver receiver(std::move(file), path, kind);
  request.on_body = [&receiver](const net::ClientResponse& head, std::string_view piece) {
    return receiver.take(head, piece);
  };
  request.accept_gzip = false;
  request.follow_redirects = true;
  request.timeout_us = kWholeTimeoutUs;
  request.stall_timeout_us = kStallTimeoutUs;
  auto received = receive(connection, request, receiver, authorize);
  if (!received) discard(disk.remove(path), "why it did not come counts");
  return received;
}

}  // namespace runstone::artifact
