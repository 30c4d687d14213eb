#include "store/alert_store.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/try.h"
#include "store/memory/look_up.h"
#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

template <typename T>
bool contains(std::span<const T> all, T one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

class MemoryAlertStore final : public AlertStore {
 public:
  Result<RaisedAlert> raise(const NewAlert& alert) override {
    const std::scoped_lock lock(mutex_);
    std::int64_t count = 0;
    for (auto it = alerts_.rbegin(); it != alerts_.rend(); ++it) {
      Alert& other = it->second;
      if (other.run != alert.run) continue;
      ++count;
      if (alert.wait_us > 0 && other.title == alert.title &&
          other.created_at_us > alert.created_at_us - alert.wait_us) {
        ++other.repeat_count;
        return RaisedAlert{.stored = false, .alert = other.id};
      }
    }
    if (alert.alerts_max >= 0 && count >= alert.alerts_max) {
      return fail(ErrorCode::kFailedPrecondition,
                  "the run has " + std::to_string(alert.alerts_max) + " alerts already");
    }
    const AlertId id{next_id_++};
    alerts_[id] = {id,         alert.run,      alert.key,           alert.title,
                   alert.text, alert.severity, alert.created_at_us, 0};
    return RaisedAlert{.stored = true, .alert = id, .delivery_count = queue(alert, id)};
  }

  Result<Alert> get_alert(AlertId id) const override {
    const std::scoped_lock lock(mutex_);
    const auto found = alerts_.find(id);
    if (found == alerts_.end()) return missing("alert");
    return found->second;
  }

  Result<std::vector<Alert>> get_alerts(std::span<const AlertId> ids) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<Alert> found;
    for (const auto& [id, alert] : alerts_) {
      if (contains(ids, id)) found.push_back(alert);
    }
    return found;
  }

  Result<std::vector<Alert>> list_alerts(const ListAlerts& request) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<Alert> found;
    for (auto it = alerts_.rbegin(); it != alerts_.rend(); ++it) {
      if (it->second.run != request.run || (request.before && it->first >= *request.before)) {
        continue;
      }
      if (full(found, request.limit)) break;
      found.push_back(it->second);
    }
    return found;
  }

  Result<std::int64_t> count_alerts(RunId run) const override {
    const std::scoped_lock lock(mutex_);
    return std::count_if(alerts_.begin(), alerts_.end(),
                         [&](const auto& item) { return item.second.run == run; });
  }

  Result<void> delete_alerts(RunId run) override {
    const std::scoped_lock lock(mutex_);
    std::erase_if(deliveries_,
                  [&](const auto& item) { return alerts_.at(item.second.alert).run == run; });
    std::erase_if(alerts_, [&](const auto& item) { return item.second.run == run; });
    return {};
  }

  Result<AlertTarget> create_target(const AlertTarget& target) override {
    const std::scoped_lock lock(mutex_);
    AlertTarget made = target;
    made.id = AlertTargetId(next_id_++);
    targets_[made.id] = made;
    return made;
  }

  Result<void> update_target(const AlertTarget& target) override {
    const std::scoped_lock lock(mutex_);
    const auto found = targets_.find(target.id);
    if (found == targets_.end()) return missing("alert target");
    AlertTarget changed = target;
    changed.kind = found->second.kind;
    changed.entity = found->second.entity;
    changed.created_at_us = found->second.created_at_us;
    found->second = std::move(changed);
    return {};
  }

  Result<void> delete_target(AlertTargetId id) override {
    const std::scoped_lock lock(mutex_);
    if (targets_.erase(id) == 0) return missing("alert target");
    std::erase_if(deliveries_, [&](const auto& item) { return item.second.target == id; });
    return {};
  }

  Result<AlertTarget> get_target(AlertTargetId id) const override {
    const std::scoped_lock lock(mutex_);
    const auto found = targets_.find(id);
    if (found == targets_.end()) return missing("alert target");
    return found->second;
  }

  Result<std::vector<AlertTarget>> list_targets() const override {
    const std::scoped_lock lock(mutex_);
    std::vector<AlertTarget> all;
    for (const auto& [id, target] : targets_) all.push_back(target);
    return all;
  }

  Result<std::vector<AlertDelivery>> deliveries_of(std::span<const AlertId> alerts) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<AlertDelivery> found;
    for (const auto& [id, delivery] : deliveries_) {
      if (contains(alerts, delivery.alert)) found.push_back(delivery);
    }
    return found;
  }

  Result<std::vector<AlertDelivery>> list_deliveries(const ListDeliveries& request) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<AlertDelivery> found;
    for (auto it = deliveries_.rbegin(); it != deliveries_.rend(); ++it) {
      const AlertDelivery& delivery = it->second;
      if (!contains(std::span<const AlertTargetId>(request.targets), delivery.target)) continue;
      if (request.state && delivery.state != *request.state) continue;
      if (request.before && delivery.id >= *request.before) continue;
      if (full(found, request.limit)) break;
      found.push_back(delivery);
    }
    return found;
  }

  Result<AlertDelivery> get_delivery(AlertDeliveryId id) const override {
    const std::scoped_lock lock(mutex_);
    const auto found = deliveries_.find(id);
    if (found == deliveries_.end()) return missing("delivery");
    return found->second;
  }

  Result<std::vector<AlertDelivery>> queue_heads() const override {
    const std::scoped_lock lock(mutex_);
    std::map<AlertTargetId, AlertDelivery> heads;
    for (const auto& [id, delivery] : deliveries_) {
      if (delivery.state != DeliveryState::kQueued || !targets_.at(delivery.target).enabled) {
        continue;
      }
      const auto [head, first] = heads.try_emplace(delivery.target, delivery);
      if (!first && delivery.next_attempt_at_us < head->second.next_attempt_at_us) {
        head->second = delivery;
      }
    }
    std::vector<AlertDelivery> all;
    for (const auto& [target, delivery] : heads) all.push_back(delivery);
    std::sort(all.begin(), all.end(), [](const AlertDelivery& a, const AlertDelivery& b) {
      return std::pair(a.next_attempt_at_us, a.id) < std::pair(b.next_attempt_at_us, b.id);
    });
    return all;
  }

  Result<void> update_delivery(const AlertDelivery& delivery) override {
    const std::scoped_lock lock(mutex_);
    const auto found = deliveries_.find(delivery.id);
    if (found == deliveries_.end()) return {};
    AlertDelivery changed = delivery;
    changed.alert = found->second.alert;
    changed.target = found->second.target;
    found->second = std::move(changed);
    return {};
  }

 private:
  template <typename T>
  static bool full(const std::vector<T>& found, std::int64_t limit) {
    return limit >= 0 && static_cast<std::int64_t>(found.size()) >= limit;
  }

  std::int64_t queue(const NewAlert& alert, AlertId id) {
    std::int64_t count = 0;
    for (const auto& [target_id, target] : targets_) {
      if (!target.enabled || (target.entity && *target.entity != alert.entity) ||
          target.min_severity > alert.severity) {
        continue;
      }
      const AlertDeliveryId delivery{next_id_++};
      deliveries_[delivery] = {.id = delivery,
                               .alert = id,
                               .target = target_id,
                               .next_attempt_at_us = alert.created_at_us,
                               .updated_at_us = alert.created_at_us};
      ++count;
    }
    return count;
  }

  mutable std::mutex mutex_;
  std::map<AlertId, Alert> alerts_;
  std::map<AlertTargetId, AlertTarget> targets_;
  std::map<AlertDeliveryId, AlertDelivery> deliveries_;
  std::int64_t next_id_ = 1;  // of all three
};

}  // namespace

std::unique_ptr<AlertStore> make_alert_store() { return std::make_unique<MemoryAlertStore>(); }

}  // namespace runstone::store::memory
