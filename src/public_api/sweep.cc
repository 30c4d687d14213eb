#include <string_view>

#include "base/json.h"
#include "base/try.h"
#include "protocol/public_documents.h"
#include "public_api/json_node.h"
#include "public_api/lists.h"

namespace runstone {
namespace public_api {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

struct SweepMetric {
  std::string name, goal;
  void take(std::string_view key, std::string_view value) {
    if (unquoted(key) == "name") name = unquoted(value);
    if (unquoted(key) == "goal") goal = unquoted(value);
  }
  void take_pair(std::string_view text) {
    const auto colon = text.find(':');
    if (colon != text.npos) take(text.substr(0, colon), text.substr(colon + 1));
  }
  /// "{goal: minimize, name: loss}"
  void take_flow(std::string_view text) {
    text = trimmed(text);
    if (text.size() < 2 || text.front() != '{' || text.back() != '}') return;
    text = text.substr(1, text.size() - 2);
    while (!text.empty()) {
      const auto comma = text.find(',');
      take_pair(text.substr(0, comma));
      text = comma == text.npos ? std::string_view() : text.substr(comma + 1);
    }
  }
};

// Only what a sweep's `metric` needs of YAML: the SDK carries no reader of YAML for these two
// words.
SweepMetric metric_in(std::string_view yaml) {
  SweepMetric metric;
  if (const auto whole = json::parse(yaml); whole && whole->is_dict()) {
    const Value* node = whole->get("metric");
    metric.name = text_at(node, "name");
    metric.goal = text_at(node, "goal");
    return metric;
  }
  bool inside = false;
  while (!yaml.empty()) {
    const auto end = yaml.find('\n');
    std::string_view line = yaml.substr(0, end);
    yaml = end == yaml.npos ? std::string_view() : yaml.substr(end + 1);
    if (const auto comment = line.find(" #"); comment != line.npos) line = line.substr(0, comment);
    if (trimmed(line).empty()) continue;
    const bool is_indented = line.front() == ' ' || line.front() == '\t';
    if (!is_indented) {
      const auto colon = line.find(':');
      inside = colon != line.npos && unquoted(line.substr(0, colon)) == "metric";
      if (inside) metric.take_flow(line.substr(colon + 1));
    } else if (inside) {
      metric.take_pair(line);
    }
  }
  return metric;
}

}  // namespace

std::string order_of_sweep(const std::string& config_yaml) {
  const SweepMetric metric = metric_in(config_yaml);
  if (metric.name.empty()) return "";
  return (metric.goal == "maximize" ? "-" : "+") + std::string("summary_metrics.") + metric.name;
}

Result<Sweep> find_sweep(std::shared_ptr<Session> session, const RunPath& path) {
  RUNSTONE_TRY(
      const auto data,
      session->ask("GetSweep", protocol::kGetSweepDocument,
                   Dict{{"entity", path.entity}, {"project", path.project}, {"name", path.id}}));
  const Value* node = at(&data, "project", "sweep");
  if (node == nullptr || !node->is_dict()) {
    return fail(ErrorCode::kNotFound, "Could not find sweep " + path.entity + "/" + path.project +
                                          "/" + path.id +
                                          ": it is not there, or the key may not read it");
  }
  auto record = std::make_shared<SweepRecord>();
  record->session = std::move(session);
  record->path = path;
  record->storage_id = text_at(node, "id");
  record->display_name = text_at(node, "displayName");
  record->state = text_at(node, "state");
  record->config = text_at(node, "config");
  record->method = text_at(node, "method");
  record->description = text_at(node, "description");
  if (const Value* best = at(node, "bestLoss"); best != nullptr && best->is_number()) {
    record->best_loss = best->number_or(0);
  }
  record->run_count = int_at(node, "runCount", 0);
  const Value* expected = at(node, "runCountExpected");
  if (expected != nullptr && expected->is_number()) {
    record->expected_run_count = int_at(node, "runCountExpected", 0);
  }
  return Sweep(std::move(record));
}

}  // namespace public_api

std::string Sweep::id() const { return record_->path.id; }
std::string Sweep::name() const {
  return record_->display_name.empty() ? id() : record_->display_name;
}
std::string Sweep::entity() const { return record_->path.entity; }
std::string Sweep::project() const { return record_->path.project; }
std::string Sweep::url() const {
  return public_api::page_url(*record_->session, {entity(), project(), "sweeps", id()});
}
std::string Sweep::state() const { return record_->state; }
std::string Sweep::config() const { return record_->config; }
std::string Sweep::method() const { return record_->method; }
std::string Sweep::description() const { return record_->description; }
std::optional<double> Sweep::best_loss() const { return record_->best_loss; }
std::int64_t Sweep::run_count() const { return record_->run_count; }
std::optional<std::int64_t> Sweep::expected_run_count() const {
  return record_->expected_run_count;
}
std::string Sweep::order() const { return public_api::order_of_sweep(record_->config); }

Result<Pages<PublicRun>> Sweep::runs(const RunsOptions& options) const {
  RunsOptions of_sweep = options;
  List conditions{Value(Dict{{"sweep", id()}})};
  if (!options.filters.empty()) conditions.emplace_back(options.filters);
  of_sweep.filters = {{"$and", std::move(conditions)}};
  return public_api::list_runs(record_->session, {entity(), project()}, std::move(of_sweep));
}

Result<std::optional<PublicRun>> Sweep::best_run(const std::string& order) const {
  RunsOptions options;
  options.order = !order.empty() ? order : this->order();
  if (options.order.empty()) options.order = "-created_at";
  options.per_page = 1;
  RUNSTONE_TRY(auto found, runs(options));
  RUNSTONE_TRY(auto page, found.next());
  if (page.empty()) return std::optional<PublicRun>();
  return std::optional<PublicRun>(std::move(page.front()));
}

}  // namespace runstone
