#include "query/filter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include <re2/re2.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/try.h"

namespace runstone::query {
namespace {

Failure bad(const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "filter: " + what);
}

/// Microseconds of "2026-11-23", "2026-11-23T13:29:27.5Z", "...+02:00", or of seconds or
/// milliseconds.
std::optional<std::int64_t> parse_time(const Value& value) {
  constexpr double kMillis = 1e11;  // seconds reach this in the year 5138
  if (value.is_number()) {
    const double number = value.number_or(0);
    if (!(std::abs(number) < 9e15)) return std::nullopt;
    return static_cast<std::int64_t>(std::abs(number) < kMillis ? number * 1e6 : number * 1e3);
  }
  const auto text = value.string_or("");
  const auto digits = [&](std::size_t at, std::size_t count) -> std::optional<int> {
    int number = 0;
    if (text.size() < at + count) return std::nullopt;
    const auto end = text.data() + at + count;
    const auto [stop, code] = std::from_chars(text.data() + at, end, number);
    if (code != std::errc() || stop != end || number < 0) return std::nullopt;
    return number;
  };
  const auto year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
  if (!year || !month || !day || *month < 1 || *month > 12) return std::nullopt;
  const int y = *month <= 2 ? *year - 1 : *year;  // days since 1970 by Hinnant's rule
  const int era = y / 400, yoe = y - era * 400;
  const int doy = (153 * (*month + (*month > 2 ? -3 : 9)) + 2) / 5 + *day - 1;
  const std::int64_t days = era * 146097LL + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
  std::int64_t us = days * 86'400'000'000LL;
  if (text.size() <= 10) return us;
  const auto hour = digits(11, 2), minute = digits(14, 2);
  if (!hour || !minute) return std::nullopt;
  us += *hour * 3'600'000'000LL + *minute * 60'000'000LL;
  std::size_t at = 16;
  if (const auto second = text.size() > 16 && text[16] == ':' ? digits(17, 2) : std::nullopt) {
    us += *second * 1'000'000LL;
    at = 19;
  }
  if (at < text.size() && text[at] == '.') {
    std::int64_t unit = 100'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
      us += (text[at] - '0') * unit;
    }
  }
  if (at + 6 <= text.size() && (text[at] == '+' || text[at] == '-')) {
    const auto hours = digits(at + 1, 2), minutes = digits(at + 4, 2);
    if (!hours || !minutes) return std::nullopt;
    const std::int64_t offset = (*hours * 60 + *minutes) * 60'000'000LL;
    us += text[at] == '+' ? -offset : offset;
  }
  return us;
}

int kind_rank(const Value* value) {
  if (value == nullptr || value->is_null()) return 0;
  if (value->is_number()) return 1;
  if (value->is_string()) return 2;
  if (value->is_bool()) return 3;
  return 4;
}

template <typename T>
int compare(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int compare_numbers(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return compare(a.int_or(0), b.int_or(0));
  const double x = a.number_or(0), y = b.number_or(0);
  if (std::isnan(x) || std::isnan(y)) return compare(!std::isnan(x), !std::isnan(y));
  return compare(x, y);
}

}  // namespace

int compare_values(const Value* a, const Value* b) {
  const int rank = kind_rank(a);
  if (const int order = compare(rank, kind_rank(b)); order != 0) return order;
  switch (rank) {
    case 1:
      return compare_numbers(*a, *b);
    case 2:
      return compare(*a->if_string(), *b->if_string());
    case 3:
      return compare(*a->if_bool(), *b->if_bool());
    case 4:
      return compare(json::to_text(*a), json::to_text(*b));
    default:
      return 0;
  }
}

/// One test of one field, or tests joined.
struct Filter::Node {
  enum class Op { kAnd, kOr, kNot, kEq, kNe, kGt, kGte, kLt, kLte, kIn, kNin, kRegex, kExists };
  Op op = Op::kAnd;
  std::vector<std::unique_ptr<Node>> inner;
  std::string path;
  std::size_t field = 0;  // its number in Filter::fields()
  bool time = false;
  Value operand;
  std::unordered_set<std::string> texts;  // of $in and $nin, taken out of the operand: may be many
  std::unique_ptr<RE2> regex;

  bool passes(const FieldValues& run) const;
  /// Known without looking at a run: only empty conjunctions are in it.
  bool passes_all() const {
    return op == Op::kAnd && std::all_of(inner.begin(), inner.end(),
                                         [](const auto& node) { return node->passes_all(); });
  }
  bool equals(const Value* field, const Value& wanted) const;
  bool in(const Value* field) const;
  bool compares(const Value* field) const;
  bool matches(const Value* field) const;
};

namespace {

using Node = Filter::Node;
using NodePointer = std::unique_ptr<Node>;
constexpr int kMaxDepth = 64;
constexpr int kMaxTests = 1000;
constexpr std::size_t kMaxBytes = 4 << 20;

Result<NodePointer> parse_filter(const Value& value, int depth);

NodePointer joined(Node::Op op, std::vector<NodePointer> inner) {
  auto node = std::make_unique<Node>();
  node->op = op;
  node->inner = std::move(inner);
  return node;
}

/// Times are compared as microseconds, whatever way the operand is written.
Result<Value> operand_of(const std::string& path, const Value& operand) {
  if (!is_time_field(path) || operand.is_null()) return operand;
  if (const auto us = parse_time(operand)) return Value(*us);
  return bad("\"" + path + "\" needs a time such as 2026-11-23T13:29:27Z");
}

Result<NodePointer> parse_test(const std::string& path, const std::string& name,
                               const Value& operand, std::string_view options, int depth);

bool is_operator(const Dict::Item& item) { return !item.first.empty() && item.first[0] == '$'; }

/// {"$gt": 1, "$lt": 5} on a path, or a bare value for equality.
Result<NodePointer> parse_tests(const std::string& path, const Value& value, int depth) {
  const Dict* dict = value.if_dict();
  const auto operators =
      dict == nullptr ? 0 : std::count_if(dict->begin(), dict->end(), is_operator);
  if (operators == 0) return parse_test(path, "$eq", value, "", depth);
  if (operators != std::distance(dict->begin(), dict->end())) {
    return bad("\"" + path +
               "\" has operators beside other keys; a value with such keys is given to "
               "$eq");
  }
  const Value* options = dict->find("$options");
  if (options != nullptr && dict->find("$regex") == nullptr)
    return bad("$options goes with $regex");
  std::vector<NodePointer> tests;
  for (const auto& [name, operand] : *dict) {
    if (name == "$options") continue;
    RUNSTONE_TRY(auto test, parse_test(path, name, operand,
                                       options == nullptr ? "" : options->string_or(""), depth));
    tests.push_back(std::move(test));
  }
  return joined(Node::Op::kAnd, std::move(tests));
}

Result<NodePointer> parse_test(const std::string& path, const std::string& name,
                               const Value& operand, std::string_view options, int depth) {
  using Op = Node::Op;
  if (depth > kMaxDepth) return bad("nested too deeply");
  if (name == "$not") {
    RUNSTONE_TRY(auto inner, parse_tests(path, operand, depth + 1));
    std::vector<NodePointer> one;
    one.push_back(std::move(inner));
    return joined(Op::kNot, std::move(one));
  }
  auto node = std::make_unique<Node>();
  node->path = path;
  node->time = is_time_field(path);
  if (name == "$in" || name == "$nin") {
    node->op = name == "$in" ? Op::kIn : Op::kNin;
    if (operand.if_list() == nullptr) return bad(name + " needs a list");
    List wanted;
    for (const auto& one : *operand.if_list()) {
      RUNSTONE_TRY(auto each, operand_of(path, one));
      if (each.is_string()) {
        node->texts.insert(*each.if_string());
      } else {
        wanted.push_back(std::move(each));
      }
    }
    node->operand = std::move(wanted);
    return node;
  }
  if (name == "$exists") {
    node->op = Op::kExists;
    if (!operand.is_bool() && !operand.is_number()) return bad("$exists needs true or false");
    node->operand = operand.bool_or(operand.number_or(0) != 0);
    return node;
  }
  if (name == "$regex") {
    node->op = Op::kRegex;
    if (!operand.is_string()) return bad("$regex needs a text");
    RE2::Options how(RE2::Quiet);
    how.set_max_mem(1 << 20);
    if (options.find_first_not_of("ims") != std::string_view::npos) {
      return bad("$options of $regex are the letters i, m and s");
    }
    const auto flags = options.empty() ? "" : "(?" + std::string(options) + ")";
    node->regex = std::make_unique<RE2>(flags + *operand.if_string(), how);
    if (!node->regex->ok()) return bad("$regex: " + node->regex->error());
    return node;
  }
  static const std::vector<std::pair<std::string_view, Op>> kOrders = {
      {"$eq", Op::kEq},   {"$ne", Op::kNe}, {"$gt", Op::kGt},
      {"$gte", Op::kGte}, {"$lt", Op::kLt}, {"$lte", Op::kLte}};
  for (const auto& [known, op] : kOrders) {
    if (name != known) continue;
    node->op = op;
    RUNSTONE_TRY(node->operand, operand_of(path, operand));
    return node;
  }
  return bad("unknown operator " + name);
}

Result<NodePointer> parse_list(Node::Op op, const std::string& name, const Value& value,
                               int depth) {
  const List* list = value.if_list();
  if (list == nullptr) return bad(name + " needs a list");
  std::vector<NodePointer> inner;
  for (const auto& one : *list) {
    RUNSTONE_TRY(auto node, parse_filter(one, depth + 1));
    inner.push_back(std::move(node));
  }
  return joined(op, std::move(inner));
}

Result<NodePointer> parse_filter(const Value& value, int depth) {
  if (depth > kMaxDepth) return bad("nested too deeply");
  const Dict* dict = value.if_dict();
  if (dict == nullptr) return bad("must be an object");
  std::vector<NodePointer> all;
  for (const auto& [name, inner] : *dict) {
    if (name == "$and" || name == "$or" || name == "$nor") {
      RUNSTONE_TRY(auto node,
                   parse_list(name == "$and" ? Node::Op::kAnd : Node::Op::kOr, name, inner, depth));
      if (name == "$nor") {
        std::vector<NodePointer> one;
        one.push_back(std::move(node));
        node = joined(Node::Op::kNot, std::move(one));
      }
      all.push_back(std::move(node));
    } else if (name == "$not") {
      RUNSTONE_TRY(auto node, parse_filter(inner, depth + 1));
      std::vector<NodePointer> one;
      one.push_back(std::move(node));
      all.push_back(joined(Node::Op::kNot, std::move(one)));
    } else if (!name.empty() && name[0] == '$') {
      return bad("unknown operator " + name);
    } else {
      RUNSTONE_TRY(auto node, parse_tests(name, inner, depth));
      all.push_back(std::move(node));
    }
  }
  return joined(Node::Op::kAnd, std::move(all));
}

/// Numbers the fields of all tests; the same path is one field.
Result<void> number_fields(Node& node, std::vector<FieldPath>& fields, int& tests) {
  for (const auto& inner : node.inner) RUNSTONE_TRY(number_fields(*inner, fields, tests));
  if (node.op == Node::Op::kAnd || node.op == Node::Op::kOr || node.op == Node::Op::kNot) return {};
  if (++tests > kMaxTests) return bad("more than " + std::to_string(kMaxTests) + " tests");
  const auto same = [&](const FieldPath& field) { return field.text == node.path; };
  const auto known = std::find_if(fields.begin(), fields.end(), same);
  node.field = static_cast<std::size_t>(known - fields.begin());
  if (known != fields.end()) return {};
  auto field = FieldPath::parse(node.path);
  if (!field) return fail(FieldPath::unknown(node.path).with_context("filter"));
  fields.push_back(*std::move(field));
  return {};
}

}  // namespace

bool Filter::Node::equals(const Value* field, const Value& wanted) const {
  if (field == nullptr) return wanted.is_null();
  if (same_value(*field, wanted)) return true;
  const List* list = field->if_list();  // a list has what one of its elements is
  return list != nullptr && std::any_of(list->begin(), list->end(),
                                        [&](const Value& one) { return same_value(one, wanted); });
}

bool Filter::Node::in(const Value* field) const {
  if (!texts.empty() && field != nullptr) {
    const auto known = [this](const Value& one) {
      return one.is_string() && texts.contains(*one.if_string());
    };
    const List* list = field->if_list();
    if (known(*field) || (list != nullptr && std::any_of(list->begin(), list->end(), known))) {
      return true;
    }
  }
  const auto& wanted = *operand.if_list();
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const Value& one) { return equals(field, one); });
}

bool Filter::Node::compares(const Value* field) const {
  if (field == nullptr) return false;
  const auto holds = [this](const Value& one) {
    // Values of different kinds are in no order, and neither is NaN.
    if (kind_rank(&one) != kind_rank(&operand) || kind_rank(&one) == 4) return false;
    if (one.is_number() && (std::isnan(one.number_or(0)) || std::isnan(operand.number_or(0))))
      return false;
    const int order = compare_values(&one, &operand);
    switch (op) {
      case Op::kGt:
        return order > 0;
      case Op::kGte:
        return order >= 0;
      case Op::kLt:
        return order < 0;
      default:
        return order <= 0;
    }
  };
  if (const List* list = field->if_list()) return std::any_of(list->begin(), list->end(), holds);
  return holds(*field);
}

bool Filter::Node::matches(const Value* field) const {
  if (field == nullptr) return false;
  const auto hit = [this](const Value& one) {
    if (time && one.is_int()) return RE2::PartialMatch(to_rfc3339(one.int_or(0)), *regex);
    return one.is_string() && RE2::PartialMatch(*one.if_string(), *regex);
  };
  if (const List* list = field->if_list()) return std::any_of(list->begin(), list->end(), hit);
  return hit(*field);
}

bool Filter::Node::passes(const FieldValues& run) const {
  const auto inner_passes = [&](const std::unique_ptr<Node>& node) { return node->passes(run); };
  switch (op) {
    case Op::kAnd:
      return std::all_of(inner.begin(), inner.end(), inner_passes);
    case Op::kOr:
      return std::any_of(inner.begin(), inner.end(), inner_passes);
    case Op::kNot:
      return !inner.front()->passes(run);
    case Op::kEq:
      return equals(run.at(field), operand);
    case Op::kNe:
      return !equals(run.at(field), operand);
    case Op::kIn:
      return in(run.at(field));
    case Op::kNin:
      return !in(run.at(field));
    case Op::kRegex:
      return matches(run.at(field));
    case Op::kExists:
      return (run.at(field) != nullptr) == operand.bool_or(true);
    default:
      return compares(run.at(field));
  }
}

Filter::Filter(std::unique_ptr<Node> node, std::vector<FieldPath> fields)
    : node_(std::move(node)), fields_(std::move(fields)) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

Result<Filter> Filter::parse(std::string_view text) {
  if (text.size() > kMaxBytes) return bad("longer than 4 MiB");
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) text = "{}";
  auto value = json::parse(text);
  if (!value) return fail(std::move(value).error().with_context("filter"));
  if (value->is_null()) return Filter(joined(Node::Op::kAnd, {}), {});
  RUNSTONE_TRY(auto node, parse_filter(*value, 0));
  std::vector<FieldPath> fields;
  int tests = 0;
  RUNSTONE_TRY(number_fields(*node, fields, tests));
  return Filter(std::move(node), std::move(fields));
}

bool Filter::passes(const FieldValues& run) const { return node_->passes(run); }

bool Filter::passes(const RunFields& run) const {
  class OfRow final : public FieldValues {
   public:
    OfRow(const RunFields& row, const std::vector<FieldPath>& fields)
        : row_(row), fields_(fields) {}
    const Value* at(std::size_t field) const override { return row_.find(fields_[field]); }

   private:
    const RunFields& row_;
    const std::vector<FieldPath>& fields_;
  };
  return passes(OfRow(run, fields_));
}

bool Filter::passes_all() const { return fields_.empty() && node_->passes_all(); }

}  // namespace runstone::query
