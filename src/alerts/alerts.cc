#include "alerts/alerts.h"

namespace runstone::alerts {
namespace {

class AlertsService final : public Alerts {
 public:
  void stop() override {}
};

}  // namespace

Result<std::unique_ptr<Alerts>> Alerts::create(store::Store&, const Clock&) {
  return std::unique_ptr<Alerts>(std::make_unique<AlertsService>());
}

}  // namespace runstone::alerts
