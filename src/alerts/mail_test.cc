#include "alerts/mail.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace runstone::alerts {
namespace {

store::AlertTarget target() {
  store::AlertTarget made;
  made.kind = store::AlertTargetKind::kMail;
  made.sender = "bot@example.org";
  made.recipients = {"a@example.org", "b@example.org"};
  return made;
}

Message message(std::string title) {
  Message made;
  made.delivery_key = "key-1";
  made.title = std::move(title);
  made.text = "line one\nline two";
  made.entity = "alice";
  made.project = "p1";
  made.run = "r1";
  made.run_url = "http://x/alice/p1/runs/r1";
  return made;
}

std::string decoded_body(const std::string& mail) {
  std::string body = mail.substr(mail.find("\r\n\r\n") + 4);
  std::erase_if(body, [](char c) { return c == '\r' || c == '\n'; });
  return from_base64(body).value_or("not base64");
}

TEST(AlertMail, HeadersNameWhoAndWhat) {
  const auto text = mail_text(target(), message("Loss is NaN"), 1'700'000'000'000'000);
  EXPECT_NE(text.find("From: <bot@example.org>\r\n"), std::string::npos);
  EXPECT_NE(text.find("To: <a@example.org>,\r\n <b@example.org>\r\n"), std::string::npos);
  EXPECT_NE(text.find("Subject: [INFO] Loss is NaN\r\n"), std::string::npos);
  EXPECT_NE(text.find("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"), std::string::npos);
  EXPECT_NE(text.find("Message-ID: <key-1@runstone>\r\n"), std::string::npos);
  const auto body = decoded_body(text);
  EXPECT_NE(body.find("line one\nline two"), std::string::npos);
  EXPECT_NE(body.find("http://x/alice/p1/runs/r1"), std::string::npos);
}

TEST(AlertMail, TitleCannotAddAHeader) {
  const auto text = mail_text(target(), message("x\r\nBcc: evil@example.org\n\nbody"), 0);
  const auto headers = text.substr(0, text.find("\r\n\r\n"));
  EXPECT_EQ(headers.find("\r\nBcc"), std::string::npos);
  EXPECT_NE(headers.find("Subject: [INFO] x  Bcc: evil@example.org  body\r\n"), std::string::npos);
}

TEST(AlertMail, BodyHoldsNoBareLineOfADot) {
  auto made = message("t");
  made.text = "before\r\n.\r\nRCPT TO:<evil@example.org>";
  const auto text = mail_text(target(), made, 0);
  EXPECT_EQ(text.find("\r\n.\r\n"), std::string::npos);
  EXPECT_NE(decoded_body(text).find("\r\n.\r\n"), std::string::npos);
}

TEST(AlertMail, SubjectBeyondAsciiIsEncodedInWordsOfWholeCharacters) {
  std::string title;
  for (int i = 0; i < 60; ++i) title += "\xf0\x9f\x93\x89";
  const auto encoded = encode_header(title);
  std::string decoded;
  std::size_t at = 0;
  while (at < encoded.size()) {
    const auto end = std::min(encoded.find("\r\n ", at), encoded.size());
    const auto word = encoded.substr(at, end - at);
    EXPECT_LE(word.size(), 75U);
    ASSERT_TRUE(word.starts_with("=?UTF-8?B?") && word.ends_with("?="));
    const auto bytes = from_base64(word.substr(10, word.size() - 12)).value();
    EXPECT_TRUE(is_valid_utf8(bytes));
    decoded += bytes;
    at = end + 3;
  }
  EXPECT_EQ(decoded, title);
}

TEST(AlertMail, PlainSubjectStaysReadableAndLongOneIsCut) {
  EXPECT_EQ(encode_header("[WARN] Loss is NaN"), "[WARN] Loss is NaN");
  EXPECT_LT(encode_header(std::string(5000, 'x')).size(), 1000U);
  EXPECT_TRUE(encode_header("=?UTF-8?B?aGk=?=").starts_with("=?UTF-8?B?PT9"));  // not taken as is
  EXPECT_FALSE(encode_header(std::string(100, '\x80')).empty());                // no UTF-8, no hang
}

}  // namespace
}  // namespace runstone::alerts
