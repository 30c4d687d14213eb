#include "alerts/target_rules.h"

#include <gtest/gtest.h>

namespace runstone::alerts {
namespace {

store::AlertTarget webhook(std::string url) {
  store::AlertTarget target;
  target.name = "hook";
  target.url = std::move(url);
  target.secret = "0123456789abcdef";
  return target;
}

store::AlertTarget mail() {
  store::AlertTarget target;
  target.kind = store::AlertTargetKind::kMail;
  target.name = "post";
  target.url = "smtp://mail.example.org:587";
  target.sender = "bot@example.org";
  target.recipients = {"a@example.org"};
  return target;
}

ErrorCode code_for(const store::AlertTarget& target) {
  const auto checked = check_target(target);
  return checked ? ErrorCode::kInternal : checked.error().code;
}

TEST(AlertTargetRules, AcceptsPublicWebhooks) {
  for (const auto* url : {"https://example.org/hook", "http://example.org:8080/a?b=c#d",
                          "https://93.184.216.34/x", "https://[2606:4700::1]:8443/x"}) {
    EXPECT_TRUE(check_target(webhook(url)).has_value()) << url;
  }
}

TEST(AlertTargetRules, PrivateAddressesNeedTheirOption) {
  for (const auto* url :
       {"http://127.0.0.1:1/x", "http://localhost/x", "http://x.localhost/x", "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data", "http://[::1]/x", "http://[fd00:ec2::254]/x",
        "http://[::ffff:127.0.0.1]/x"}) {
    auto target = webhook(url);
    EXPECT_EQ(code_for(target), ErrorCode::kPermissionDenied) << url;
    target.allow_private = true;
    EXPECT_TRUE(check_target(target).has_value()) << url;
  }
}

TEST(AlertTargetRules, RefusesWhatIsNoWebhook) {
  for (const auto* url :
       {"", "example.org", "ftp://example.org", "file:///etc/passwd", "gopher://example.org",
        "http://", "http://user@example.org/", "http://user:pw@example.org/",
        "http://example.org:0/", "http://example.org:99999/", "http://example.org:8x/",
        "http://exa mple.org/", "http://example.org/\r\nX: y", "http://[::1/", "http://[name]/",
        "http://ex%61mple.org/", "http://example.org\\@127.0.0.1/", "smtp://example.org"}) {
    EXPECT_EQ(code_for(webhook(url)), ErrorCode::kInvalidArgument) << url;
  }
  auto short_secret = webhook("https://example.org");
  short_secret.secret = "short";
  EXPECT_EQ(code_for(short_secret), ErrorCode::kInvalidArgument);
  auto with_sender = webhook("https://example.org");
  with_sender.sender = "a@example.org";
  EXPECT_EQ(code_for(with_sender), ErrorCode::kInvalidArgument);
  auto nameless = webhook("https://example.org");
  nameless.name = "";
  EXPECT_EQ(code_for(nameless), ErrorCode::kInvalidArgument);
}

TEST(AlertTargetRules, MailNeedsServerSenderAndRecipients) {
  EXPECT_TRUE(check_target(mail()).has_value());
  auto no_recipient = mail();
  no_recipient.recipients.clear();
  EXPECT_EQ(code_for(no_recipient), ErrorCode::kInvalidArgument);
  auto bad_sender = mail();
  bad_sender.sender = "bot@example.org\r\nBcc: x@example.org";
  EXPECT_EQ(code_for(bad_sender), ErrorCode::kInvalidArgument);
  auto with_path = mail();
  with_path.url = "smtp://mail.example.org/evil.example";
  EXPECT_EQ(code_for(with_path), ErrorCode::kInvalidArgument);
  auto local = mail();
  local.url = "smtp://localhost:25";
  EXPECT_EQ(code_for(local), ErrorCode::kPermissionDenied);
  auto many = mail();
  many.recipients.assign(kRecipientsMax + 1, "a@example.org");
  EXPECT_EQ(code_for(many), ErrorCode::kInvalidArgument);
}

TEST(AlertTargetRules, MailAddressesHoldNothingThatEndsAHeaderOrACommand) {
  for (const auto* good : {"a@b", "first.last+tag@mail.example.org"}) {
    EXPECT_TRUE(is_mail_address(good)) << good;
  }
  for (const auto* bad : {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<x@y>", "<a@b>",
                          "a@b>", "\"a\"@b", "a,b@c", "a@b;c", "\xc3\xa4@b", "a@exa mple"}) {
    EXPECT_FALSE(is_mail_address(bad)) << bad;
  }
}

}  // namespace
}  // namespace runstone::alerts
