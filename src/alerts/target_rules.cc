#include "alerts/target_rules.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

#include "base/encoding.h"
#include "base/try.h"
#include "net/client/address_rules.h"

namespace runstone::alerts {
namespace {

Failure bad(std::string why) { return fail(ErrorCode::kInvalidArgument, std::move(why)); }

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
  });
}

struct Address {
  std::string_view scheme, host, port, rest;  // rest: from the first / or ?
  bool in_brackets = false;                   // an IPv6 address
};

Result<Address> split_url(std::string_view url) {
  if (url.size() > kTargetUrlBytesMax) return bad("the URL is too long");
  if (!is_printable_ascii(url)) return bad("the URL has spaces or characters that are not ASCII");
  const auto mark = url.find("://");
  if (mark == std::string_view::npos) return bad("the URL has no scheme, such as https://");
  Address address;
  address.scheme = url.substr(0, mark);
  std::string_view left = url.substr(mark + 3);
  const auto end = std::min(left.find_first_of("/?#"), left.size());
  address.rest = left.substr(end);
  left = left.substr(0, end);
  if (left.find_first_of("@\\") != std::string_view::npos) {
    return bad("the URL holds a user name; it must not");
  }
  if (left.starts_with('[')) {
    const auto close = left.find(']');
    if (close == std::string_view::npos) return bad("the URL's host is no address");
    address.host = left.substr(1, close - 1);
    address.in_brackets = true;
    left.remove_prefix(close + 1);
  } else {
    address.host = left.substr(0, left.find(':'));
    left.remove_prefix(address.host.size());
  }
  if (left.starts_with(':')) {
    address.port = left.substr(1);
    int port = 0;
    const auto [stop, error] =
        std::from_chars(address.port.data(), address.port.data() + address.port.size(), port);
    if (error != std::errc() || stop != address.port.data() + address.port.size() || port < 1 ||
        port > 65535) {
      return bad("the URL's port is no port");
    }
  } else if (!left.empty()) {
    return bad("the URL's host is no name");
  }
  const bool good = address.in_brackets ? net::is_public_address(address.host).has_value()
                                        : is_host_name(address.host);
  if (!good) return bad("the URL's host is no name");
  return address;
}

Result<void> check_reach(const Address& address, bool allow_private) {
  if (allow_private) return {};
  const auto is_public = net::is_public_address(address.host);
  const bool local = address.host == "localhost" || address.host.ends_with(".localhost");
  if (local || is_public == false) {
    return fail(ErrorCode::kPermissionDenied,
                std::string(address.host) +
                    " is no public address: an administrator of the server may allow private ones "
                    "for this target");
  }
  return {};
}

Result<void> check_webhook(const store::AlertTarget& target) {
  RUNSTONE_TRY(const auto address, split_url(target.url));
  if (address.scheme != "https" && address.scheme != "http") {
    return bad("a webhook's URL begins with https:// or http://");
  }
  if (target.secret.size() < kTargetSecretBytesMin) {
    return bad("a webhook's secret has at least " + std::to_string(kTargetSecretBytesMin) +
               " characters");
  }
  if (!target.username.empty() || !target.sender.empty() || !target.recipients.empty()) {
    return bad("a webhook has no user name, sender or recipients: those are of mail");
  }
  return check_reach(address, target.allow_private);
}

Result<void> check_mail(const store::AlertTarget& target) {
  RUNSTONE_TRY(const auto address, split_url(target.url));
  if (address.scheme != "smtp" && address.scheme != "smtps") {
    return bad("a mail server's URL begins with smtp:// or smtps://");
  }
  if (!address.rest.empty()) return bad("a mail server's URL ends with the port");
  if (!is_mail_address(target.sender)) return bad("the sender is no mail address");
  if (target.recipients.empty()) return bad("mail needs a recipient");
  if (target.recipients.size() > kRecipientsMax) {
    return bad("at most " + std::to_string(kRecipientsMax) + " recipients");
  }
  for (const auto& recipient : target.recipients) {
    if (!is_mail_address(recipient)) return bad("a recipient is no mail address: " + recipient);
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(target.username.begin(), target.username.end(), is_control) ||
      std::any_of(target.secret.begin(), target.secret.end(), is_control)) {
    return bad("the user name or password has control characters");
  }
  return check_reach(address, target.allow_private);
}

}  // namespace

bool is_mail_address(std::string_view text) {
  if (text.size() > 254 || !is_printable_ascii(text)) return false;
  if (text.find_first_of("<>()[]\\,;:\"") != std::string_view::npos) return false;
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at <= 64 &&
         text.find('@', at + 1) == std::string_view::npos && is_host_name(text.substr(at + 1));
}

Result<void> check_target(const store::AlertTarget& target) {
  if (target.name.empty()) return bad("a target needs a name");
  if (target.name.size() > kTargetNameBytesMax || !is_valid_utf8(target.name)) {
    return bad("the target's name is too long or no text");
  }
  if (target.secret.size() > kTargetSecretBytesMax || target.username.size() > 256) {
    return bad("the secret or user name is too long");
  }
  return target.kind == store::AlertTargetKind::kWebhook ? check_webhook(target)
                                                         : check_mail(target);
}

}  // namespace runstone::alerts
