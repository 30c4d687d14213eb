#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "api/identify.h"
#include "api/routes.h"
#include "base/json.h"
#include "base/try.h"

// What a run's page asks beside charts: its console, its keys.
namespace runstone::api {
namespace {

constexpr std::int64_t kConsoleLinesDefault = 1000;
constexpr std::int64_t kConsoleLinesMax = 10'000;
constexpr std::array<const char*, 8> kSummaryOps = {"min",  "max",  "mean", "best",
                                                    "last", "none", "copy", "first"};

Result<std::int64_t> whole_number(const http::Request& request, std::string_view name,
                                  std::int64_t fallback) {
  const auto* text = request.query(name);
  if (!text) return fallback;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + " must be a whole number");
  }
  return number;
}

Result<Value> console_of(const Services& services, const auth::Principal& principal,
                         const http::Request& request) {
  RUNSTONE_TRY(const auto run, find_run_for(services, principal, auth::Action::kRead, request));
  RUNSTONE_TRY(const auto first, whole_number(request, "first", 0));
  RUNSTONE_TRY(const auto count, whole_number(request, "count", kConsoleLinesDefault));
  if (count < 0 || count > kConsoleLinesMax) {
    return fail(ErrorCode::kInvalidArgument, "count must be between 0 and 10000");
  }
  RUNSTONE_TRY(const auto page, services.query.console(run, first, count));
  List lines;
  lines.reserve(page.lines.size());
  for (const auto& line : page.lines) lines.emplace_back(List{line.number, line.text});
  return Value(Dict{{"total", page.total}, {"lines", std::move(lines)}});
}

const Value* at(const Value& dict, const char* name) {
  const auto* value = dict.get(name);
  return value && !value->is_null() ? value : nullptr;
}

// One entry of `_wandb.m`: fields by number, as docs/format/web-api.md's names.
Value metric_definition(const Value& entry, const List& all) {
  Dict out;
  const auto* glob = at(entry, "2");
  const auto* name = glob ? glob : at(entry, "1");
  out["name"] = name ? *name : Value("");
  out["glob"] = glob != nullptr;
  out["step_metric"] = nullptr;
  if (const auto* by_name = at(entry, "4")) out["step_metric"] = *by_name;
  if (const auto* index = at(entry, "5")) {  // 1-based, into this list
    const auto place = index->int_or(0);
    if (place >= 1 && place <= static_cast<std::int64_t>(all.size())) {
      if (const auto* step = at(all[static_cast<std::size_t>(place - 1)], "1")) {
        out["step_metric"] = *step;
      }
    }
  }
  bool step_sync = false, hidden = false;
  if (const auto* options = at(entry, "6"); options && options->if_list()) {
    for (const auto& option : *options->if_list()) {
      step_sync |= option.int_or(0) == 1;
      hidden |= option.int_or(0) == 2;
    }
  }
  out["step_sync"] = step_sync;
  out["hidden"] = hidden;
  List summary;
  if (const auto* ops = at(entry, "7"); ops && ops->if_list()) {
    for (const auto& op : *ops->if_list()) {
      const auto number = op.int_or(0);
      if (number >= 1 && number <= 8)
        summary.push_back(kSummaryOps[static_cast<std::size_t>(number - 1)]);
    }
  }
  out["summary"] = std::move(summary);
  const auto* goal = at(entry, "8");
  const auto which = goal ? goal->int_or(0) : 0;
  out["goal"] = which == 1 ? Value("minimize") : which == 2 ? Value("maximize") : Value(nullptr);
  return out;
}

List metric_definitions(const std::string& config_json) {
  List out;
  const auto config = json::parse(config_json);
  if (!config) return out;  // ingest takes only objects: there is none yet
  const auto* own = config->get("_wandb");
  const auto* value = own ? own->get("value") : nullptr;
  const auto* metrics = value ? value->get("m") : nullptr;
  if (!metrics || !metrics->if_list()) return out;
  for (const auto& entry : *metrics->if_list()) {
    out.push_back(metric_definition(entry, *metrics->if_list()));
  }
  return out;
}

Result<Value> keys_of(const Services& services, const auth::Principal& principal,
                      const http::Request& request) {
  RUNSTONE_TRY(const auto run, find_run_for(services, principal, auth::Action::kRead, request,
                                            {.config = true, .summary = false}));
  RUNSTONE_TRY(const auto known, services.query.keys(run));
  List keys;
  keys.reserve(known.size());
  for (const auto& key : known) {
    keys.push_back(Dict{{"name", key.name},
                        {"type", key.type_name()},
                        {"count", key.count()},
                        {"last_step", key.last_step}});
  }
  return Value(Dict{{"keys", std::move(keys)}, {"metrics", metric_definitions(run.config_json)}});
}

using Read = Result<Value> (*)(const Services&, const auth::Principal&, const http::Request&);

void add_read(http::Router& router, const Services& services, const char* pattern, Read read) {
  router.add(http::Method::kGet, pattern,
             for_principal(services, [&services, read](const auth::Principal& principal,
                                                       http::Request request) {
               const auto value = read(services, principal, request);
               if (!value) return failure_response(value.error());
               return http::json_response(200, *value).with("Cache-Control", "no-store");
             }));
}

}  // namespace

void add_run_routes(http::Router& router, const Services& services) {
  add_read(router, services, "/api/runs/{entity}/{project}/{run}/console", &console_of);
  add_read(router, services, "/api/runs/{entity}/{project}/{run}/keys", &keys_of);
}

}  // namespace runstone::api
