#include "cli/alert_actions.h"

#include <cstdio>
#include <utility>

#include "base/json.h"
#include "base/try.h"
#include "server/client_file.h"

namespace runstone::cli {
namespace {

constexpr std::int64_t kTimeoutUs = 60'000'000;  // a test message to a slow mail server

void say(const std::string& line) { std::printf("%s\n", line.c_str()); }

std::string text_of(const Value& value, std::string_view name) {
  const auto* found = value.get(name);
  return found == nullptr ? "" : std::string(found->string_or(""));
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

// What users wrote must not move the terminal's cursor.
std::string one_line(std::string text) {
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

}  // namespace

AlertActions::AlertActions(std::string base_url, std::string api_key)
    : base_url_(std::move(base_url)),
      api_key_(std::move(api_key)),
      http_(net::make_http_client()) {}

Result<AlertActions> AlertActions::open(const std::filesystem::path& data_folder) {
  const auto path = data_folder / "client.json";
  auto file = server::read_client_file(path);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kNotFound, "there is no " + path.string() +
                                          ": start `runstone server` once, or name its folder "
                                          "with --data");
  }
  if (!file) return fail(std::move(file).error());
  return AlertActions(std::move(file->base_url), std::move(file->api_key));
}

Result<Value> AlertActions::ask(std::string_view document, Dict variables) {
  const std::string body = json::to_text(
      Dict{{"query", std::string(document)}, {"variables", Value(std::move(variables))}});
  net::ClientRequest request;
  request.method = "POST";
  request.url = base_url_ + "/graphql";
  request.api_key = api_key_;
  // Whoever can read client.json administers the server that it belongs to.
  request.headers = {{"Content-Type", "application/json"}, {"Use-Admin-Privileges", "true"}};
  request.body = body;
  request.timeout_us = kTimeoutUs;
  const auto answer = http_->send(request);
  if (!answer) {
    return fail(answer.error().code,
                "no server answers at " + base_url_ + ": " + answer.error().message);
  }
  const auto parsed = json::parse(answer->body);
  if (!parsed || !parsed->is_dict()) {
    return fail(ErrorCode::kUnavailable, base_url_ + " answered " + std::to_string(answer->status) +
                                             "; is it the server of this folder?");
  }
  if (const auto* errors = parsed->get("errors");
      errors != nullptr && errors->if_list() && !errors->if_list()->empty()) {
    return fail(ErrorCode::kFailedPrecondition, text_of(errors->if_list()->front(), "message"));
  }
  const auto* data = parsed->get("data");
  if (data == nullptr) return fail(ErrorCode::kUnavailable, base_url_ + " gave no answer");
  return *data;
}

Result<void> AlertActions::add(Dict input) {
  RUNSTONE_TRY(const auto data, ask("mutation Add($input: CreateAlertTargetInput!) { "
                                    "createAlertTarget(input: $input) { target { id name } "
                                    "secret } }",
                                    Dict{{"input", Value(std::move(input))}}));
  const auto* made = data.get("createAlertTarget");
  const auto* target = made == nullptr ? nullptr : made->get("target");
  if (target == nullptr) return fail(ErrorCode::kInternal, "the server made nothing");
  say("Added alert target " + text_of(*target, "name") + ", id " + text_of(*target, "id") + ".");
  if (const auto secret = text_of(*made, "secret"); !secret.empty()) {
    say("The secret that signs what is posted, shown only now:");
    say(secret);
  }
  return {};
}

namespace {

Dict target_input(const char* kind, const NewAlertTarget& target) {
  Dict input{{"kind", kind},
             {"name", target.name},
             {"url", target.url},
             {"minSeverity", target.min_severity},
             {"allowPrivate", target.allow_private}};
  if (!target.entity.empty()) input.set("entityName", target.entity);
  if (!target.secret.empty()) input.set("secret", target.secret);
  return input;
}

}  // namespace

Result<void> AlertActions::add_webhook(const NewAlertTarget& target) {
  return add(target_input("WEBHOOK", target));
}

Result<void> AlertActions::add_mail(const NewAlertTarget& target) {
  Dict input = target_input("MAIL", target);
  input.set("sender", target.sender);
  input.set("recipients", List(target.recipients.begin(), target.recipients.end()));
  if (!target.username.empty()) input.set("username", target.username);
  return add(std::move(input));
}

Result<void> AlertActions::list() {
  RUNSTONE_TRY(const auto data, ask("{ alertTargets { id kind entityName name url minSeverity "
                                    "enabled allowPrivate recipients } }",
                                    {}));
  std::printf("%-24s %-8s %-16s %-6s %-5s %-20s %s\n", "ID", "KIND", "ENTITY", "FROM", "ON", "NAME",
              "WHERE");
  const auto* targets = data.get("alertTargets");
  if (targets == nullptr || targets->if_list() == nullptr) return {};
  for (const auto& target : *targets->if_list()) {
    const auto* enabled = target.get("enabled");
    std::string where = text_of(target, "url");
    if (const auto* list = target.get("recipients"); list != nullptr && list->if_list()) {
      for (const auto& recipient : *list->if_list()) {
        where += ' ';
        where += recipient.string_or("");
      }
    }
    std::printf("%-24s %-8s %-16s %-6s %-5s %-20s %s\n", text_of(target, "id").c_str(),
                text_of(target, "kind").c_str(), or_dash(text_of(target, "entityName")).c_str(),
                text_of(target, "minSeverity").c_str(),
                enabled != nullptr && enabled->bool_or(false) ? "yes" : "no",
                one_line(text_of(target, "name")).c_str(), where.c_str());
  }
  return {};
}

Result<void> AlertActions::remove(const std::string& id) {
  RUNSTONE_TRY(
      ask("mutation Remove($input: AlertTargetInput!) { deleteAlertTarget(input: $input) "
          "{ success } }",
          Dict{{"input", Dict{{"id", id}}}}));
  say("Removed.");
  return {};
}

Result<void> AlertActions::set_enabled(const std::string& id, bool enabled) {
  RUNSTONE_TRY(
      ask("mutation Switch($input: UpdateAlertTargetInput!) { updateAlertTarget(input: "
          "$input) { target { id } } }",
          Dict{{"input", Dict{{"id", id}, {"enabled", enabled}}}}));
  say(enabled ? "Enabled." : "Disabled.");
  return {};
}

Result<void> AlertActions::rotate_secret(const std::string& id) {
  RUNSTONE_TRY(const auto data, ask("mutation Rotate($input: UpdateAlertTargetInput!) { "
                                    "updateAlertTarget(input: $input) { secret } }",
                                    Dict{{"input", Dict{{"id", id}, {"rotateSecret", true}}}}));
  const auto* changed = data.get("updateAlertTarget");
  say("The secret that signs from now on, shown only now:");
  say(changed == nullptr ? "" : text_of(*changed, "secret"));
  return {};
}

Result<void> AlertActions::test(const std::string& id) {
  RUNSTONE_TRY(const auto data, ask("mutation Test($input: AlertTargetInput!) { "
                                    "testAlertTarget(input: $input) { success error } }",
                                    Dict{{"input", Dict{{"id", id}}}}));
  const auto* tested = data.get("testAlertTarget");
  const auto* success = tested == nullptr ? nullptr : tested->get("success");
  if (success != nullptr && success->bool_or(false)) {
    say("Sent.");
    return {};
  }
  return fail(ErrorCode::kFailedPrecondition,
              "not sent: " + (tested == nullptr ? "" : text_of(*tested, "error")));
}

Result<void> AlertActions::list_deliveries(const std::string& state, int count) {
  Dict variables{{"first", static_cast<std::int64_t>(count)}};
  if (!state.empty()) variables.set("state", state);
  RUNSTONE_TRY(const auto data,
               ask("query Deliveries($state: AlertDeliveryState, $first: Int) { "
                   "alertDeliveries(state: $state, first: $first) { edges { node { id state "
                   "attempts updatedAt lastError targetName alertTitle } } } }",
                   std::move(variables)));
  std::printf("%-28s %-10s %-6s %-21s %-20s %s\n", "ID", "STATE", "TRIES", "LAST", "TARGET",
              "ALERT: ERROR");
  const auto* page = data.get("alertDeliveries");
  const auto* edges = page == nullptr ? nullptr : page->get("edges");
  if (edges == nullptr || edges->if_list() == nullptr) return {};
  for (const auto& edge : *edges->if_list()) {
    const auto* node = edge.get("node");
    if (node == nullptr) continue;
    const auto* attempts = node->get("attempts");
    std::string what = text_of(*node, "alertTitle");
    if (const auto error = text_of(*node, "lastError"); !error.empty()) what += ": " + error;
    std::printf("%-28s %-10s %-6lld %-21s %-20s %s\n", text_of(*node, "id").c_str(),
                text_of(*node, "state").c_str(),
                static_cast<long long>(attempts == nullptr ? 0 : attempts->int_or(0)),
                text_of(*node, "updatedAt").c_str(), one_line(text_of(*node, "targetName")).c_str(),
                one_line(what).c_str());
  }
  return {};
}

Result<void> AlertActions::retry(const std::string& id) {
  RUNSTONE_TRY(
      ask("mutation Retry($input: RetryAlertDeliveryInput!) { retryAlertDelivery(input: "
          "$input) { success } }",
          Dict{{"input", Dict{{"id", id}}}}));
  say("Queued.");
  return {};
}

}  // namespace runstone::cli
