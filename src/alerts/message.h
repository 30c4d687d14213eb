#pragma once

#include <cstdint>
#include <string>

#include "store/alert_store.h"

namespace runstone::alerts {

/// All that a receiver is told of one alert.
struct Message {
  std::string key;           ///< of the alert
  std::string delivery_key;  ///< the same for every attempt at one delivery
  std::string title, text;
  store::AlertSeverity severity = store::AlertSeverity::kInfo;
  std::int64_t created_at_us = 0;
  std::string entity, project, run, run_display_name;
  std::string run_url;
};

/// What became of one attempt.
struct Outcome {
  enum class Kind { kDelivered, kRetry, kRefused } kind = Kind::kDelivered;
  std::string error;  ///< "" when delivered

  static Outcome delivered() { return {}; }
  static Outcome retry(std::string why) { return {Kind::kRetry, std::move(why)}; }
  static Outcome refused(std::string why) { return {Kind::kRefused, std::move(why)}; }
};

}  // namespace runstone::alerts
