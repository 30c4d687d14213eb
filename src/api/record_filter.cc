#include "api/record_filter.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/json.h"
#include "base/try.h"

namespace runstone::api {

struct RecordFilter::Node {
  enum class Kind { kAnd, kOr, kNor, kTest };
  Kind kind = Kind::kAnd;
  std::vector<std::unique_ptr<Node>> children;
  // Of a test:
  std::string field;
  std::string operation;
  Value operand;
  std::unique_ptr<re2::RE2> pattern;
};

namespace {

using Node = RecordFilter::Node;
constexpr int kMaxLevels = 64;
constexpr int kMaxTests = 1'000;
constexpr std::size_t kMaxBytes = 1 << 20;

Failure wrong(const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "filters: " + what);
}

struct Parser {
  int tests = 0;

  Result<std::unique_ptr<Node>> object(const Value& value, int level) {
    if (level > kMaxLevels) return wrong("more than 64 levels");
    const auto* dict = value.if_dict();
    if (dict == nullptr) return wrong("an object is needed, like {\"name\": \"ds\"}");
    auto all = std::make_unique<Node>();
    for (const auto& [key, operand] : dict->items()) {
      if (key == "$and" || key == "$or" || key == "$nor") {
        RUNSTONE_TRY(auto joined, list(key, operand, level));
        all->children.push_back(std::move(joined));
      } else if (key == "$not") {
        RUNSTONE_TRY(auto inner, object(operand, level + 1));
        all->children.push_back(negate(std::move(inner)));
      } else if (!key.empty() && key.front() == '$') {
        return wrong("unknown operator " + key);
      } else {
        RUNSTONE_TRY(auto tested, field(key, operand, level));
        all->children.push_back(std::move(tested));
      }
    }
    return all;
  }

  Result<std::unique_ptr<Node>> list(const std::string& key, const Value& operand, int level) {
    const auto* items = operand.if_list();
    if (items == nullptr) return wrong(key + " needs a list");
    auto joined = std::make_unique<Node>();
    joined->kind = key == "$and"  ? Node::Kind::kAnd
                   : key == "$or" ? Node::Kind::kOr
                                  : Node::Kind::kNor;
    for (const auto& item : *items) {
      RUNSTONE_TRY(auto child, object(item, level + 1));
      joined->children.push_back(std::move(child));
    }
    return joined;
  }

  static std::unique_ptr<Node> negate(std::unique_ptr<Node> inner) {
    auto negated = std::make_unique<Node>();
    negated->kind = Node::Kind::kNor;
    negated->children.push_back(std::move(inner));
    return negated;
  }

  Result<std::unique_ptr<Node>> field(const std::string& name, const Value& operand, int level) {
    if (level > kMaxLevels) return wrong("more than 64 levels");
    const auto* dict = operand.if_dict();
    if (dict == nullptr) return test(name, "$eq", operand);
    auto all = std::make_unique<Node>();
    for (const auto& [operation, value] : dict->items()) {
      if (operation == "$not") {
        RUNSTONE_TRY(auto inner, field(name, value, level + 1));
        all->children.push_back(negate(std::move(inner)));
      } else {
        RUNSTONE_TRY(auto one, test(name, operation, value));
        all->children.push_back(std::move(one));
      }
    }
    return all;
  }

  Result<std::unique_ptr<Node>> test(const std::string& name, const std::string& operation,
                                     const Value& operand) {
    if (++tests > kMaxTests) return wrong("more than 1000 tests");
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::kTest;
    node->field = name;
    node->operation = operation;
    node->operand = operand;
    static const std::vector<std::string> known = {"$eq",  "$ne", "$gt",  "$gte",    "$lt",
                                                   "$lte", "$in", "$nin", "$exists", "$contains"};
    if (operation == "$regex") {
      re2::RE2::Options options;
      options.set_log_errors(false);
      options.set_max_mem(1 << 20);
      node->pattern = std::make_unique<re2::RE2>(std::string(operand.string_or("")), options);
      if (!operand.is_string() || !node->pattern->ok()) {
        return wrong("$regex of " + name + ": no valid regular expression");
      }
    } else if (std::find(known.begin(), known.end(), operation) == known.end()) {
      return wrong("unknown operator " + operation);
    } else if ((operation == "$in" || operation == "$nin") && operand.if_list() == nullptr) {
      return wrong(operation + " of " + name + " needs a list");
    }
    return node;
  }
};

bool holds(const Node& test, const Value& value);

// A list passes if any element does.
bool any_holds(const Node& test, const Value& value) {
  if (const auto* list = value.if_list()) {
    return std::any_of(list->begin(), list->end(),
                       [&](const Value& item) { return holds(test, item); });
  }
  return holds(test, value);
}

bool comparable(const Value& a, const Value& b) {
  return (a.is_number() && b.is_number()) || (a.is_string() && b.is_string());
}

bool holds(const Node& test, const Value& value) {
  const auto& operation = test.operation;
  const auto& operand = test.operand;
  if (operation == "$eq" || operation == "$contains") return compare_records(value, operand) == 0;
  if (operation == "$in") {
    const auto& choices = *operand.if_list();
    return std::any_of(choices.begin(), choices.end(),
                       [&](const Value& choice) { return compare_records(value, choice) == 0; });
  }
  if (operation == "$regex") {
    return value.is_string() &&
           re2::RE2::PartialMatch(std::string(value.string_or("")), *test.pattern);
  }
  if (!comparable(value, operand)) return false;
  const int order = compare_records(value, operand);
  if (operation == "$gt") return order > 0;
  if (operation == "$gte") return order >= 0;
  if (operation == "$lt") return order < 0;
  return order <= 0;  // $lte
}

Result<bool> passes_node(const Node& node, const RecordFilter::Field& field) {
  if (node.kind == Node::Kind::kTest) {
    const auto value = field(node.field);
    if (!value) return wrong("there is no field " + node.field + " to filter by here");
    if (node.operation == "$exists") {
      const auto* list = value->if_list();
      const bool there = list != nullptr ? !list->empty() : !value->is_null();
      return there == node.operand.bool_or(true);
    }
    if (node.operation == "$ne" || node.operation == "$nin") {
      Node opposite;
      opposite.operation = node.operation == "$ne" ? "$eq" : "$in";
      opposite.operand = node.operand;
      return !any_holds(opposite, *value);
    }
    return any_holds(node, *value);
  }
  for (const auto& child : node.children) {
    RUNSTONE_TRY(const bool passed, passes_node(*child, field));
    if (node.kind == Node::Kind::kAnd && !passed) return false;
    if (node.kind == Node::Kind::kOr && passed) return true;
    if (node.kind == Node::Kind::kNor && passed) return false;
  }
  return node.kind != Node::Kind::kOr;
}

}  // namespace

RecordFilter::RecordFilter(std::unique_ptr<Node> root) : root_(std::move(root)) {}
RecordFilter::RecordFilter(RecordFilter&&) noexcept = default;
RecordFilter::~RecordFilter() = default;

Result<RecordFilter> RecordFilter::parse(std::string_view json) {
  if (json.size() > kMaxBytes) return wrong("longer than 1 MiB");
  if (json.empty()) return RecordFilter(std::make_unique<Node>());
  auto value = json::parse(json);
  if (!value) return fail(std::move(value).error().with_context("filters"));
  if (value->is_null()) return RecordFilter(std::make_unique<Node>());
  RUNSTONE_TRY(auto root, Parser().object(*value, 0));
  return RecordFilter(std::move(root));
}

bool RecordFilter::passes_all() const { return root_->children.empty(); }

Result<bool> RecordFilter::passes(const Field& field) const { return passes_node(*root_, field); }

Result<std::optional<RecordOrder>> parse_order(std::string_view text,
                                               const std::vector<std::string>& fields) {
  if (text.empty()) return std::optional<RecordOrder>();
  RecordOrder order;
  if (text.front() == '+' || text.front() == '-') {
    order.descending = text.front() == '-';
    text.remove_prefix(1);
  }
  order.field = std::string(text);
  if (order.field == "createdAt") order.field = "created_at";
  if (order.field == "updatedAt") order.field = "updated_at";
  if (order.field == "versionIndex") order.field = "version_index";
  if (std::find(fields.begin(), fields.end(), order.field) != fields.end()) {
    return std::optional(std::move(order));
  }
  std::string choices;
  for (const auto& field : fields) choices += (choices.empty() ? "" : ", ") + field;
  return fail(ErrorCode::kInvalidArgument,
              "order: '" + order.field.substr(0, 80) + "' is none of " + choices);
}

int compare_records(const Value& a, const Value& b) {
  const auto rank = [](const Value& v) {
    return v.is_null() ? 0 : v.is_number() ? 1 : v.is_string() ? 2 : 3;
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  if (a.is_number()) {
    const double x = a.number_or(0), y = b.number_or(0);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is_string()) {
    const int order = a.string_or("").compare(b.string_or(""));
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  return a == b ? 0 : -1;
}

}  // namespace runstone::api
