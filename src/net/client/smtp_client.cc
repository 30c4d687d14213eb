#include "net/client/smtp_client.h"

#include <algorithm>
#include <cstring>

#include "base/try.h"
#include "net/client/curl_exchange.h"

namespace runstone::net {
namespace {

constexpr long kConnectTimeoutMs = 10'000;

struct Reading {
  std::string_view left;
  static size_t on_read(char* out, size_t size, size_t count, void* self_pointer) {
    auto* self = static_cast<Reading*>(self_pointer);
    const size_t bytes = std::min(size * count, self->left.size());
    std::memcpy(out, self->left.data(), bytes);
    self->left.remove_prefix(bytes);
    return bytes;
  }
};

class CurlMail final : public MailTransport {
 public:
  Result<void> send(const MailRequest& request) override {
    RUNSTONE_TRY(exchange_.begin());
    if (request.public_only) exchange_.allow_public_addresses_only();
    const bool login = !request.username.empty();
    exchange_.set(CURLOPT_URL, request.url.c_str());
    exchange_.set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_SMTP | CURLPROTO_SMTPS));
    exchange_.set(CURLOPT_PROXY, "");  // an HTTP proxy of the environment is none for mail
    exchange_.set(CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
    exchange_.set(CURLOPT_USE_SSL, static_cast<long>(login ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (login) {
      exchange_.set(CURLOPT_USERNAME, request.username.c_str());
      exchange_.set(CURLOPT_PASSWORD, request.password.c_str());
    }
    const std::string sender = "<" + request.sender + ">";
    exchange_.set(CURLOPT_MAIL_FROM, sender.c_str());
    curl_slist* recipients = nullptr;
    for (const auto& address : request.recipients) {
      recipients = exchange_.curl().slist_append(recipients, ("<" + address + ">").c_str());
    }
    exchange_.set(CURLOPT_MAIL_RCPT, recipients);
    Reading reading{request.message};
    exchange_.set(CURLOPT_UPLOAD, 1L);
    exchange_.set(CURLOPT_READFUNCTION, &Reading::on_read);
    exchange_.set(CURLOPT_READDATA, static_cast<void*>(&reading));
    exchange_.set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.message.size()));
    const auto done = exchange_.run(request.timeout_us);
    exchange_.curl().slist_free_all(recipients);
    if (!done) return fail(done.error());
    return *done == CURLE_OK ? Result<void>() : Result<void>(fail(failure(*done)));
  }

  void cancel() override { exchange_.cancel(); }

 private:
  Error failure(CURLcode code) const {
    long status = 0;  // the server's last answer
    exchange_.curl().easy_getinfo(exchange_.easy(), CURLINFO_RESPONSE_CODE, &status);
    const bool refused = status >= 500 && status < 600 && code != CURLE_COULDNT_CONNECT;
    std::string text = exchange_.error_text(code);
    if (status > 0) text += " (the mail server answered " + std::to_string(status) + ")";
    return {refused ? ErrorCode::kInvalidArgument : code_of(code), std::move(text)};
  }

  CurlExchange exchange_;
};

}  // namespace

std::unique_ptr<MailTransport> make_smtp_client() { return std::make_unique<CurlMail>(); }

}  // namespace runstone::net
