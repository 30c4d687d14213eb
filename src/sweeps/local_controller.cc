#include "sweeps/local_controller.h"

#include "base/json.h"

namespace runstone::sweeps {
namespace {

// Wishes of the past are of no use to the controller, which looks up the newest.
constexpr std::size_t kMaxScheduled = 1000;

const List& list_at(const Value& value, std::string_view key) {
  static const List kNone;
  const auto* list = value.get(key);
  return list != nullptr && list->is_list() ? *list->if_list() : kNone;
}

std::string text_at(const Value& value, std::string_view key) {
  const auto* text = value.get(key);
  return text == nullptr ? std::string() : std::string(text->string_or(""));
}

Value parsed(std::string_view text) {
  auto value = json::parse(text);
  return value ? *std::move(value) : Value();
}

}  // namespace

ControllerWishes read_wishes(std::string_view controller_json) {
  const Value value = parsed(controller_json);
  ControllerWishes wishes;
  for (const auto& item : list_at(value, "schedule")) {
    ControllerWishes::Wanted wanted{text_at(item, "id"), std::nullopt};
    const auto* data = item.get("data");
    const auto* args = data == nullptr ? nullptr : data->get("args");
    if (args != nullptr && args->is_dict()) wanted.args = *args;
    wishes.schedule.push_back(std::move(wanted));
  }
  for (const auto& run : list_at(value, "earlystop")) {
    wishes.stop.insert(std::string(run.string_or("")));
  }
  return wishes;
}

std::set<std::string> scheduled_ids(std::string_view scheduler_json) {
  std::set<std::string> ids;
  const Value value = parsed(scheduler_json);
  for (const auto& item : list_at(value, "scheduled")) ids.insert(text_at(item, "id"));
  return ids;
}

std::string with_scheduled(std::string_view scheduler_json, const std::string& id,
                           const std::string& run) {
  Value value = parsed(scheduler_json);
  if (!value.is_dict()) value = Dict{};
  List scheduled = list_at(value, "scheduled");
  scheduled.push_back(Dict{{"id", id}, {"runid", run}});
  if (scheduled.size() > kMaxScheduled) {
    scheduled.erase(scheduled.begin(),
                    scheduled.end() - static_cast<std::ptrdiff_t>(kMaxScheduled));
  }
  value.if_dict()->set("scheduled", std::move(scheduled));
  return json::to_text(value);
}

}  // namespace runstone::sweeps
