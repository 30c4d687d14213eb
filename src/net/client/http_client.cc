#include "net/client/http_client.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/try.h"
#include "net/client/curl_exchange.h"

namespace runstone::net {

std::string_view ClientResponse::header(std::string_view name) const {
  for (auto it = headers.rbegin(); it != headers.rend(); ++it) {
    if (it->first == name) return it->second;
  }
  return {};
}

namespace {

constexpr long kMaxRedirects = 10;
constexpr long kLargeBufferBytes = 512 << 10;  // of bodies that go to a file

/// The body of a PUT, read as it is sent. Its length is fixed at the start, as HTTP asks; a file
/// that shrinks meanwhile breaks the exchange, one that grows is sent as it was.
class BodyFile {
 public:
  ~BodyFile() {
    if (fd_ >= 0) close(fd_);
  }
  Result<void> open(const std::string& path) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat facts {};
    if (fd_ < 0 || fstat(fd_, &facts) != 0) {
      const int cause = errno;
      return fail(cause == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                  path + ": " + std::strerror(cause));
    }
    if (!S_ISREG(facts.st_mode)) return fail(ErrorCode::kIo, path + ": not a plain file");
    left_bytes_ = size_bytes_ = facts.st_size;
    return {};
  }
  curl_off_t size_bytes() const { return size_bytes_; }

  static size_t on_read(char* out, size_t size, size_t count, void* self_pointer) {
    auto* self = static_cast<BodyFile*>(self_pointer);
    const auto wanted =
        std::min<curl_off_t>(self->left_bytes_, static_cast<curl_off_t>(size * count));
    if (wanted == 0) return 0;
    ssize_t got = 0;
    do {
      got = ::read(self->fd_, out, static_cast<size_t>(wanted));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return CURL_READFUNC_ABORT;
    self->left_bytes_ -= got;
    return static_cast<size_t>(got);
  }
  /// libcurl rewinds when a kept-alive connection turns out to be closed and it sends anew.
  static int on_seek(void* self_pointer, curl_off_t offset, int origin) {
    auto* self = static_cast<BodyFile*>(self_pointer);
    if (origin != SEEK_SET || lseek(self->fd_, offset, SEEK_SET) != offset) {
      return CURL_SEEKFUNC_CANTSEEK;
    }
    self->left_bytes_ = self->size_bytes_ - offset;
    return CURL_SEEKFUNC_OK;
  }

 private:
  int fd_ = -1;
  curl_off_t size_bytes_ = 0, left_bytes_ = 0;
};

/// Where the bytes of a 2xx answer go that are not kept in memory.
class ResponseFile {
 public:
  ~ResponseFile() {
    if (fd_ >= 0) close(fd_);
  }
  Result<void> open(const std::string& path) {
    path_ = path;
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) return trouble(errno);
    return {};
  }
  bool is_open() const { return fd_ >= 0; }
  bool write(const char* data, size_t bytes) {
    while (bytes > 0) {
      const ssize_t done = ::write(fd_, data, bytes);
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) {
        failure_ = trouble(errno);
        return false;
      }
      data += done;
      bytes -= static_cast<size_t>(done);
    }
    return true;
  }
  const Result<void>& failure() const { return failure_; }

 private:
  Failure trouble(int cause) const {
    return fail(ErrorCode::kIo, path_ + ": " + std::strerror(cause));
  }
  std::string path_;
  int fd_ = -1;
  Result<void> failure_;
};

struct Answer {
  explicit Answer(const ClientRequest& request_) : request(request_) {}

  const ClientRequest& request;
  ClientResponse response;
  ResponseFile file;
  bool too_long = false;
  std::optional<Error> taker_error;  // why on_body() ended the exchange

  static size_t on_body(char* data, size_t size, size_t count, void* self_pointer) {
    auto* self = static_cast<Answer*>(self_pointer);
    const size_t bytes = size * count;
    const bool is_success = self->response.status / 100 == 2;
    if (self->file.is_open() && is_success) return self->file.write(data, bytes) ? bytes : 0;
    if (self->request.on_body && is_success) {
      auto taken = self->request.on_body(self->response, {data, bytes});
      if (taken) return bytes;
      self->taker_error = std::move(taken).error();
      return 0;
    }
    if (self->response.body.size() + bytes > self->request.response_max_bytes) {
      self->too_long = true;
      return 0;  // libcurl then ends the exchange
    }
    self->response.body.append(data, bytes);
    return bytes;
  }
  static size_t on_header(char* data, size_t size, size_t count, void* self_pointer) {
    auto* self = static_cast<Answer*>(self_pointer);
    std::string_view line(data, size * count);
    if (line.substr(0, 5) == "HTTP/") {
      self->response.headers.clear();  // of a 100 Continue, a redirection or a proxy's CONNECT
      const auto space = line.find(' ');
      if (space != std::string_view::npos) {
        self->response.status = std::atoi(std::string(line.substr(space + 1, 3)).c_str());
      }
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      std::string name(line.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      auto value = line.substr(colon + 1);
      while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front()))) {
        value.remove_prefix(1);
      }
      while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back()))) {
        value.remove_suffix(1);
      }
      self->response.headers.emplace_back(std::move(name), value);
    }
    return size * count;
  }
};

class CurlClient final : public HttpTransport {
 public:
  explicit CurlClient(ClientOptions options) : options_(std::move(options)) {}

  Result<ClientResponse> send(const ClientRequest& request) override {
    RUNSTONE_TRY(exchange_.begin());
    BodyFile file;
    if (!request.body_file.empty()) RUNSTONE_TRY(file.open(request.body_file));
    Answer answer(request);
    if (!request.response_file.empty()) RUNSTONE_TRY(answer.file.open(request.response_file));
    curl_slist* headers = apply(request, file, answer);
    auto done = exchange_.run(request.timeout_us);
    if (done && *done != CURLE_OK && !answer.file.failure()) {
      done = fail(answer.file.failure().error());
    } else if (done && answer.taker_error) {
      done = fail(*std::move(answer.taker_error));
    } else if (done && *done != CURLE_OK) {
      done = answer.too_long
                 ? Result<CURLcode>(fail(ErrorCode::kResourceExhausted, "the answer is too long"))
                 : Result<CURLcode>(fail(code_of(*done), exchange_.error_text(*done)));
    }
    if (done) read_stats(answer.response);
    exchange_.curl().slist_free_all(headers);
    if (!done) return fail(std::move(done).error());
    return std::move(answer.response);
  }

  void cancel() override { exchange_.cancel(); }

 private:
  /// Sets the handle up; the header list that it uses must live until the exchange is over.
  curl_slist* apply(const ClientRequest& request, BodyFile& file, Answer& answer) {
    const auto set = [&](CURLoption option, auto value) { exchange_.set(option, value); };
    if (options_.public_only) exchange_.allow_public_addresses_only();
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    if (options_.accept_gzip && request.accept_gzip) set(CURLOPT_ACCEPT_ENCODING, "gzip");
    if (request.on_body || !request.response_file.empty()) {
      set(CURLOPT_BUFFERSIZE, kLargeBufferBytes);
    }
    if (request.follow_redirects) {
      set(CURLOPT_FOLLOWLOCATION, 1L);
      set(CURLOPT_MAXREDIRS, kMaxRedirects);
      set(CURLOPT_REDIR_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    }
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_us / 1000));
    if (request.stall_timeout_us > 0) {
      set(CURLOPT_LOW_SPEED_LIMIT, 1L);
      set(CURLOPT_LOW_SPEED_TIME,
          static_cast<long>((request.stall_timeout_us + 999'999) / 1'000'000));
    }
    if (options_.direct) {
      set(CURLOPT_PROXY, "");
    } else if (!options_.proxy.empty()) {
      set(CURLOPT_PROXY, options_.proxy.c_str());
    }
    if (!options_.verify_tls) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
    if (!request.api_key.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, "api");
      set(CURLOPT_PASSWORD, request.api_key.c_str());
    }
    set(CURLOPT_WRITEFUNCTION, &Answer::on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&answer));
    set(CURLOPT_HEADERFUNCTION, &Answer::on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(&answer));
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (!request.body_file.empty()) {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_INFILESIZE_LARGE, file.size_bytes());
      set(CURLOPT_READFUNCTION, &BodyFile::on_read);
      set(CURLOPT_READDATA, static_cast<void*>(&file));
      set(CURLOPT_SEEKFUNCTION, &BodyFile::on_seek);
      set(CURLOPT_SEEKDATA, static_cast<void*>(&file));
    } else if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    }
    return add_headers(request);
  }

  curl_slist* add_headers(const ClientRequest& request) {
    // Waiting for "100 Continue" costs a second with servers that do not know it.
    curl_slist* headers = exchange_.curl().slist_append(nullptr, "Expect:");
    bool has_type = false;
    for (const auto& [name, value] : request.headers) {
      const std::string line = value.empty() ? name + ";" : name + ": " + value;
      headers = exchange_.curl().slist_append(headers, line.c_str());
      has_type = has_type || strcasecmp(name.c_str(), "content-type") == 0;
    }
    if (!has_type)
      headers = exchange_.curl().slist_append(headers, "Content-Type:");  // no form encoding
    exchange_.set(CURLOPT_HTTPHEADER, headers);
    return headers;
  }

  void read_stats(ClientResponse& response) {
    long status = 0, new_connections = 0;
    curl_off_t total_us = 0, connect_us = 0, sent = 0, received = 0;
    exchange_.curl().easy_getinfo(exchange_.easy(), CURLINFO_RESPONSE_CODE, &status);
    exchange_.curl().easy_getinfo(exchange_.easy(), CURLINFO_NUM_CONNECTS, &new_connections);
    exchange_.curl().easy_getinfo(exchange_.easy(), CURLINFO_TOTAL_TIME_T, &total_us);
    exchange_.curl().easy_getinfo(exchange_.easy(), CURLINFO_CONNECT_TIME_T, &connect_us);
    exchange_.curl().easy_getinfo(exchange_.easy(), CURLINFO_SIZE_UPLOAD_T, &sent);
    exchange_.curl().easy_getinfo(exchange_.easy(), CURLINFO_SIZE_DOWNLOAD_T, &received);
    response.status = static_cast<int>(status);
    response.stats = {.total_us = total_us,
                      .connect_us = new_connections > 0 ? connect_us : 0,
                      .sent_bytes = static_cast<std::uint64_t>(sent),
                      .received_bytes = static_cast<std::uint64_t>(received),
                      .reused_connection = new_connections == 0};
  }

  const ClientOptions options_;
  CurlExchange exchange_;
};

}  // namespace

std::unique_ptr<HttpTransport> make_http_client(ClientOptions options) {
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace runstone::net
