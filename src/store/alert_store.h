#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "store/ids.h"

namespace runstone::store {

enum class AlertId : std::int64_t {};
enum class AlertTargetId : std::int64_t {};
enum class AlertDeliveryId : std::int64_t {};

enum class AlertSeverity { kInfo, kWarn, kError };
enum class AlertTargetKind { kWebhook, kMail };
enum class DeliveryState { kQueued, kDelivered, kFailed };

const char* to_string(AlertSeverity severity);  ///< "INFO", "WARN", "ERROR"
const char* to_string(AlertTargetKind kind);    ///< "WEBHOOK", "MAIL"
const char* to_string(DeliveryState state);     ///< "QUEUED", "DELIVERED", "FAILED"
std::optional<AlertSeverity> parse_alert_severity(std::string_view text);
std::optional<DeliveryState> parse_delivery_state(std::string_view text);

struct NewAlert {
  RunId run{};
  EntityId entity{};  ///< of the run: its targets and those of the whole server are told
  std::string key;    ///< a UUID: receivers tell a repeated delivery by it
  std::string title, text;
  AlertSeverity severity = AlertSeverity::kInfo;
  std::int64_t created_at_us = 0;
  std::int64_t wait_us = 0;      ///< an alert of this run and title that is younger stands for this
  std::int64_t alerts_max = -1;  ///< of one run; -1: any number
};

struct Alert {
  AlertId id{};
  RunId run{};
  std::string key;
  std::string title, text;
  AlertSeverity severity = AlertSeverity::kInfo;
  std::int64_t created_at_us = 0;
  std::int64_t repeat_count = 0;  ///< of those that came within their wait, and were not kept
};

/// Where alerts are sent.
struct AlertTarget {
  AlertTargetId id{};
  AlertTargetKind kind = AlertTargetKind::kWebhook;
  std::optional<EntityId> entity;  ///< none: alerts of every entity
  std::string name;
  std::string url;       ///< https://..., or smtp://host:port
  std::string secret;    ///< what signs a webhook's bodies; the password of a mail server
  std::string username;  ///< of a mail server; "" = no login
  std::string sender;    ///< of mail
  std::vector<std::string> recipients;
  AlertSeverity min_severity = AlertSeverity::kInfo;
  bool enabled = true;
  bool allow_private = false;  ///< also addresses of this machine and of private networks
  std::int64_t created_at_us = 0;
};

/// One alert on its way to one target.
struct AlertDelivery {
  AlertDeliveryId id{};
  AlertId alert{};
  AlertTargetId target{};
  DeliveryState state = DeliveryState::kQueued;
  int attempts = 0;
  std::int64_t next_attempt_at_us = 0;  ///< while queued
  std::int64_t updated_at_us = 0;
  std::string last_error;
};

struct RaisedAlert {
  bool stored = false;  ///< false: `alert` is the younger one that stands for it
  AlertId alert{};
  std::int64_t delivery_count = 0;
};

struct ListAlerts {
  RunId run{};
  std::optional<AlertId> before;  ///< only older ones
  std::int64_t limit = -1;
};
struct ListDeliveries {
  std::vector<AlertTargetId> targets;
  std::optional<DeliveryState> state;
  std::optional<AlertDeliveryId> before;
  std::int64_t limit = -1;
};

/// SQL of alerts of runs, where they are delivered, what is still to be delivered. Rules are as for
/// Store: calls block, any thread may make them, each write is one transaction, durable on return.
class AlertStore {
 public:
  virtual ~AlertStore() = default;

  /// Keeps an alert and queues it for every enabled target that wants it.
  /// Errors   kFailedPrecondition: the run has `alerts_max` already.
  virtual Result<RaisedAlert> raise(const NewAlert& alert) = 0;
  virtual Result<Alert> get_alert(AlertId id) const = 0;
  /// Those that are there, by id. One statement.
  virtual Result<std::vector<Alert>> get_alerts(std::span<const AlertId> ids) const = 0;
  virtual Result<std::vector<Alert>> list_alerts(
      const ListAlerts& request) const = 0;  ///< newest first
  virtual Result<std::int64_t> count_alerts(RunId run) const = 0;
  /// With all that is queued. When a run is deleted, the engine does it by itself.
  virtual Result<void> delete_alerts(RunId run) = 0;

  virtual Result<AlertTarget> create_target(const AlertTarget& target) = 0;  ///< gives the id
  virtual Result<void> update_target(const AlertTarget& target) = 0;
  /// With its deliveries.
  virtual Result<void> delete_target(AlertTargetId id) = 0;
  virtual Result<AlertTarget> get_target(AlertTargetId id) const = 0;
  virtual Result<std::vector<AlertTarget>> list_targets() const = 0;  ///< by id

  /// Of these alerts, by id. One statement.
  virtual Result<std::vector<AlertDelivery>> deliveries_of(
      std::span<const AlertId> alerts) const = 0;
  virtual Result<std::vector<AlertDelivery>> list_deliveries(
      const ListDeliveries& request) const = 0;  ///< newest first
  virtual Result<AlertDelivery> get_delivery(AlertDeliveryId id) const = 0;
  /// Of each enabled target the queued delivery that is due first.
  virtual Result<std::vector<AlertDelivery>> queue_heads() const = 0;
  /// All but id, alert and target. One that is gone meanwhile is no error.
  virtual Result<void> update_delivery(const AlertDelivery& delivery) = 0;
};

}  // namespace runstone::store
