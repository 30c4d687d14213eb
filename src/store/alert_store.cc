#include "store/alert_store.h"

namespace runstone::store {

const char* to_string(AlertSeverity severity) {
  switch (severity) {
    case AlertSeverity::kInfo:
      return "INFO";
    case AlertSeverity::kWarn:
      return "WARN";
    case AlertSeverity::kError:
      break;
  }
  return "ERROR";
}

const char* to_string(AlertTargetKind kind) {
  return kind == AlertTargetKind::kWebhook ? "WEBHOOK" : "MAIL";
}

const char* to_string(DeliveryState state) {
  switch (state) {
    case DeliveryState::kQueued:
      return "QUEUED";
    case DeliveryState::kDelivered:
      return "DELIVERED";
    case DeliveryState::kFailed:
      break;
  }
  return "FAILED";
}

std::optional<AlertSeverity> parse_alert_severity(std::string_view text) {
  for (const auto severity : {AlertSeverity::kInfo, AlertSeverity::kWarn, AlertSeverity::kError}) {
    if (text == to_string(severity)) return severity;
  }
  return std::nullopt;
}

std::optional<DeliveryState> parse_delivery_state(std::string_view text) {
  for (const auto state :
       {DeliveryState::kQueued, DeliveryState::kDelivered, DeliveryState::kFailed}) {
    if (text == to_string(state)) return state;
  }
  return std::nullopt;
}

}  // namespace runstone::store
