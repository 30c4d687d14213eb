#include <charconv>
#include <limits>

#include "api/api_context.h"
#include "api/console_line.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;

constexpr std::int64_t kPageMax = 10'000;

Value to_node(const query::ConsoleLine& line, bool is_shared) {
  auto parts = split_console_line(line.text);
  const auto label = is_shared ? take_label(parts.text) : "";
  return Dict{{"number", line.number},
              {"timestamp", text_or_null(parts.timestamp)},
              {"level", text_or_null(parts.level)},
              {"label", text_or_null(label)},
              {"line", parts.text}};
}

// The cursor of a line is its number.
Result<std::int64_t> line_after(std::string_view cursor) {
  std::int64_t number = -1;
  if (cursor.empty()) return 0;
  const auto [stop, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
  if (error != std::errc() || stop != cursor.data() + cursor.size() || number < 0 ||
      number == std::numeric_limits<std::int64_t>::max()) {
    return fail(ErrorCode::kInvalidArgument, "cursor of a console line: " + std::string(cursor));
  }
  return number + 1;
}

Result<Resolved> log_lines(const FieldCall& call) {
  const auto& run = call.parent<RunNode>().run;
  RUNSTONE_TRY(auto first, line_after(call.text("after")));
  auto count = std::min(kPageMax, call.integer("first", kPageMax));
  if (call.argument("last") != nullptr) {
    count = std::min(kPageMax, call.integer("last", kPageMax));
    first = -count;
  }
  Connection connection;
  if (count <= 0) return Resolved(Node::of(std::move(connection)));
  RUNSTONE_TRY(const auto page, context_of(call).services.query.console(run, first, count));
  RUNSTONE_TRY(const auto writers, context_of(call).services.store.shared_bodies(run.id));
  const bool is_shared = !writers.empty();
  for (const auto& line : page.lines) {
    connection.add(Resolved(to_node(line, is_shared)), std::to_string(line.number));
  }
  connection.has_next = !page.lines.empty() && page.lines.back().number + 1 < page.total;
  return Resolved(Node::of(std::move(connection)));
}

}  // namespace

void register_run_console(graphql::Engine& engine) {
  engine.resolve("Run.logLines", log_lines);
  register_connection(engine, "LogLine");
}

}  // namespace runstone::api
