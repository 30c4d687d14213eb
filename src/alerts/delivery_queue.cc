#include "alerts/delivery_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "alerts/mail.h"
#include "alerts/webhook.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/random_id.h"
#include "base/try.h"

namespace runstone::alerts {
namespace {

constexpr std::size_t kErrorBytesMax = 500;
constexpr std::int64_t kLookAgainUs = 60'000'000;
constexpr std::int64_t kAfterStoreErrorUs = 5'000'000;

net::ClientOptions http_options(const std::string& user_agent, bool public_only) {
  net::ClientOptions options;
  options.user_agent = user_agent;
  options.public_only = public_only;
  return options;
}

double random_fraction() {
  const std::string byte = random_bytes(1);
  return static_cast<unsigned char>(byte[0]) / 255.0;
}

}  // namespace

std::int64_t retry_delay_us(int attempts, double jitter) {
  std::int64_t delay_us = kRetryFirstUs;
  for (int i = 1; i < attempts && delay_us < kRetryMaxUs; ++i) delay_us *= 2;
  delay_us = std::min(delay_us, kRetryMaxUs);
  return delay_us + static_cast<std::int64_t>(jitter * static_cast<double>(delay_us) / 4);
}

Sender::Sender(const std::string& user_agent, const Clock& clock)
    : clock_(clock),
      public_http_(net::make_http_client(http_options(user_agent, true))),
      any_http_(net::make_http_client(http_options(user_agent, false))),
      mail_(net::make_smtp_client()) {}

Outcome Sender::send(const store::AlertTarget& target, const Message& message) {
  if (target.kind == store::AlertTargetKind::kMail) {
    return send_mail(*mail_, target, message, clock_.now_us());
  }
  return send_webhook(target.allow_private ? *any_http_ : *public_http_, target, message,
                      clock_.now_us());
}

void Sender::cancel() {
  public_http_->cancel();
  any_http_->cancel();
  mail_->cancel();
}

DeliveryQueue::DeliveryQueue(store::Store& store, const Clock& clock, std::string user_agent)
    : store_(store), clock_(clock), user_agent_(std::move(user_agent)) {}

DeliveryQueue::~DeliveryQueue() { stop(); }

void DeliveryQueue::start(std::string base_url) {
  base_url_ = std::move(base_url);
  for (int i = 0; i < kThreads; ++i) {
    senders_.push_back(std::make_unique<Sender>(user_agent_, clock_));
    threads_.emplace_back([this, sender = senders_.back().get()] { loop(*sender); });
  }
}

void DeliveryQueue::wake() {
  {
    const std::scoped_lock lock(mutex_);
    ++wakes_;
  }
  wake_.notify_all();
}

void DeliveryQueue::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (const auto& sender : senders_) sender->cancel();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void DeliveryQueue::loop(Sender& sender) {
  while (auto delivery = take()) {
    const auto target = delivery->target;
    attempt(sender, std::move(*delivery));
    {
      const std::scoped_lock lock(mutex_);
      busy_.erase(target);
      ++wakes_;
    }
    wake_.notify_all();
  }
}

std::optional<store::AlertDelivery> DeliveryQueue::take() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto seen = wakes_;
    std::int64_t wait_us = kLookAgainUs;
    const auto heads = store_.alerts().queue_heads();
    if (!heads) {
      log_error("alerts: the queue cannot be read: " + heads.error().message);
      wait_us = kAfterStoreErrorUs;
    } else {
      const auto now_us = clock_.now_us();
      for (const auto& head : *heads) {
        if (busy_.contains(head.target)) continue;
        if (head.next_attempt_at_us <= now_us) {
          busy_.insert(head.target);
          return head;
        }
        wait_us = std::min(wait_us, head.next_attempt_at_us - now_us);
      }
    }
    wake_.wait_for(lock, std::chrono::microseconds(wait_us),
                   [&] { return stopping_ || wakes_ != seen; });
  }
  return std::nullopt;
}

Result<Message> DeliveryQueue::message_of(const store::AlertDelivery& delivery) const {
  RUNSTONE_TRY(auto alert, store_.alerts().get_alert(delivery.alert));
  RUNSTONE_TRY(const auto run, store_.get_run(alert.run, {.config = false, .summary = false}));
  Message message;
  message.key = alert.key;
  message.delivery_key = alert.key + "-" + std::to_string(store::to_number(delivery.target));
  message.title = std::move(alert.title);
  message.text = std::move(alert.text);
  message.severity = alert.severity;
  message.created_at_us = alert.created_at_us;
  message.entity = run.entity_name;
  message.project = run.project_name;
  message.run = run.name;
  message.run_display_name = run.display_name;
  message.run_url = base_url_ + "/" + percent_encode(run.entity_name) + "/" +
                    percent_encode(run.project_name) + "/runs/" + percent_encode(run.name);
  return message;
}

void DeliveryQueue::attempt(Sender& sender, store::AlertDelivery delivery) {
  const auto target = store_.alerts().get_target(delivery.target);
  const auto message = message_of(delivery);
  if (!target || !message) {
    const auto& error = target ? message.error() : target.error();
    // Deleted meanwhile: the delivery is gone with it. Anything else is tried again.
    if (error.code == ErrorCode::kNotFound)
      return record(delivery, Outcome::refused(error.message));
    return record(delivery, Outcome::retry(error.message));
  }
  const auto outcome = sender.send(*target, *message);
  {
    const std::scoped_lock lock(mutex_);
    // Cut off by our own end: it counts as not tried.
    if (stopping_ && outcome.kind != Outcome::Kind::kDelivered) return;
  }
  record(std::move(delivery), outcome);
}

void DeliveryQueue::record(store::AlertDelivery delivery, const Outcome& outcome) {
  delivery.attempts += 1;
  delivery.updated_at_us = clock_.now_us();
  delivery.last_error = outcome.error.substr(0, kErrorBytesMax);
  if (outcome.kind == Outcome::Kind::kDelivered) {
    delivery.state = store::DeliveryState::kDelivered;
  } else if (outcome.kind == Outcome::Kind::kRefused || delivery.attempts >= kAttemptsMax) {
    delivery.state = store::DeliveryState::kFailed;
  } else {
    delivery.next_attempt_at_us =
        delivery.updated_at_us + retry_delay_us(delivery.attempts, random_fraction());
  }
  if (const auto kept = store_.alerts().update_delivery(delivery); !kept) {
    // It is still queued, and would be sent again at once: the pause bounds how often.
    log_error("alerts: a delivery's state cannot be kept: " + kept.error().message);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::microseconds(kAfterStoreErrorUs), [&] { return stopping_; });
  }
}

}  // namespace runstone::alerts
