#include "alerts/mail.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/utf8.h"

namespace runstone::alerts {
namespace {

constexpr std::size_t kSubjectBytesMax = 400;
constexpr std::size_t kPlainLineMax = 70;
constexpr std::size_t kWordBytesMax =
    45;  // 60 characters in base64: an encoded word has 75 at most
constexpr std::size_t kBodyLine = 76;
constexpr std::int64_t kTimeoutUs = 30'000'000;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// "Mon, 23 Nov 2026 22:39:20 +0000", whatever the locale.
std::string mail_date(std::int64_t time_us) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t seconds = time_us / 1'000'000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d +0000", kDays[parts.tm_wday],
                parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
  return text;
}

std::string folded_base64(std::string_view text) {
  const std::string encoded = to_base64(text);
  std::string folded;
  for (std::size_t at = 0; at < encoded.size(); at += kBodyLine) {
    folded += encoded.substr(at, kBodyLine);
    folded += "\r\n";
  }
  return folded;
}

std::string join(const std::vector<std::string>& addresses) {
  std::string all;
  for (const auto& address : addresses) {
    if (!all.empty()) all += ",\r\n ";
    all += "<" + address + ">";
  }
  return all;
}

}  // namespace

std::string encode_header(std::string_view text) {
  std::string clean(text);
  std::replace_if(clean.begin(), clean.end(), is_control, ' ');
  clean.resize(whole_characters(clean, kSubjectBytesMax));
  const bool plain = clean.size() <= kPlainLineMax && clean.find("=?") == std::string::npos &&
                     std::all_of(clean.begin(), clean.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (plain) return clean;
  std::string encoded;
  for (std::string_view left = clean; !left.empty();) {
    const auto word = left.substr(0, whole_characters(left, kWordBytesMax));
    // A text that is no UTF-8 may have no boundary to cut at.
    const auto bytes = word.empty() ? left.substr(0, kWordBytesMax) : word;
    if (!encoded.empty()) encoded += "\r\n ";
    encoded += "=?UTF-8?B?" + to_base64(bytes) + "?=";
    left.remove_prefix(bytes.size());
  }
  return encoded;
}

std::string mail_text(const store::AlertTarget& target, const Message& message,
                      std::int64_t now_us) {
  const std::string severity = store::to_string(message.severity);
  const std::string path = message.entity + "/" + message.project + "/" + message.run;
  std::string text = "From: <" + target.sender + ">\r\n";
  text += "To: " + join(target.recipients) + "\r\n";
  text += "Subject: " + encode_header("[" + severity + "] " + message.title) + "\r\n";
  text += "Date: " + mail_date(now_us) + "\r\n";
  text += "Message-ID: <" + message.delivery_key + "@runstone>\r\n";
  text += "Auto-Submitted: auto-generated\r\n";  // out-of-office programs do not answer these
  text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  text += "Content-Transfer-Encoding: base64\r\n\r\n";
  std::string body = message.title + "\n\n" + message.text + "\n\n";
  body += "Severity: " + severity + "\nTime: " + to_rfc3339(message.created_at_us) + "\n";
  body += "Run: " + message.run_display_name + " (" + path + ")\n" + message.run_url + "\n";
  return text + folded_base64(body);
}

Outcome send_mail(net::MailTransport& transport, const store::AlertTarget& target,
                  const Message& message, std::int64_t now_us) {
  const std::string text = mail_text(target, message, now_us);
  net::MailRequest request;
  request.url = target.url;
  request.username = target.username;
  request.password = target.secret;
  request.sender = target.sender;
  request.recipients = target.recipients;
  request.message = text;
  request.public_only = !target.allow_private;
  request.timeout_us = kTimeoutUs;
  const auto sent = transport.send(request);
  if (sent) return Outcome::delivered();
  const auto code = sent.error().code;
  if (code == ErrorCode::kInvalidArgument || code == ErrorCode::kPermissionDenied) {
    return Outcome::refused(sent.error().message);
  }
  return Outcome::retry(sent.error().message);
}

}  // namespace runstone::alerts
