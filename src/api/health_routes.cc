#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>

#include "api/identify.h"
#include "api/routes.h"

// What watches over the server asks: is it there, and how much does it do.
namespace runstone::api {
namespace {

void add_metric(std::string& text, const char* name, const char* kind, const char* help,
                std::int64_t value) {
  text.append("# HELP runstone_").append(name).append(" ").append(help).append("\n");
  text.append("# TYPE runstone_").append(name).append(" ").append(kind).append("\n");
  text.append("runstone_").append(name).append(" ").append(std::to_string(value)).append("\n");
}

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

void add_http(std::string& text, const http::ServerCounters& http) {
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  add_metric(text, "http_connections", "gauge", "Connections open now.",
             number(http.connections_open));
  add_metric(text, "http_event_streams", "gauge", "Event streams open now.",
             number(http.event_streams_open));
  add_metric(text, "http_requests_total", "counter", "Requests.", number(http.requests_total));
  add_metric(text, "http_responses_4xx_total", "counter", "Answers 400 to 499.",
             number(http.responses_4xx));
  add_metric(text, "http_responses_429_total", "counter", "Requests refused because of load.",
             number(http.responses_429));
  add_metric(text, "http_responses_5xx_total", "counter", "Answers 500 and above.",
             number(http.responses_5xx));
}

http::Response get_metrics(const Services& services) {
  std::string text;
  const auto counts = services.ingest.counts();
  add_metric(text, "uptime_seconds", "gauge", "Seconds since the start.",
             (services.clock.now_us() - services.started_at_us) / 1'000'000);
  add_metric(text, "resident_bytes", "gauge", "Memory in use.", resident_bytes());
  add_metric(text, "ingest_requests_total", "counter", "File-stream requests taken.",
             counts.requests);
  add_metric(text, "ingest_lines_total", "counter", "Lines stored.", counts.lines);
  add_metric(text, "ingest_values_total", "counter", "Values in stored history lines.",
             counts.values);
  add_metric(text, "ingest_commits_total", "counter", "Transactions.", counts.commits);
  add_metric(text, "ingest_retried_lines_total", "counter", "Lines that were there already.",
             counts.retried_lines);
  add_metric(text, "ingest_gap_lines_total", "counter", "Lines skipped by offsets.",
             counts.gap_lines);
  add_metric(text, "ingest_bad_lines_total", "counter", "Lines that are no JSON object.",
             counts.bad_lines);
  add_metric(text, "ingest_ignored_parts_total", "counter", "Parts of bodies that were left out.",
             counts.ignored_parts);
  add_metric(text, "ingest_refused_total", "counter", "Requests refused because too much waited.",
             counts.refused);
  add_metric(text, "compactions_total", "counter", "Tails turned into parts.", counts.compactions);
  add_metric(text, "compaction_errors_total", "counter", "Compactions that failed.",
             counts.compaction_errors);
  add_metric(text, "sql_statements_total", "counter", "SQL statements run.",
             services.store.statement_count());
  if (services.http_counters) add_http(text, services.http_counters());
  return http::text_response(200, std::move(text), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace

void add_health_routes(http::Router& router, const Services& services) {
  router.add(
      http::Method::kGet, "/api/health", http::on_pool(services.pool, [&services](http::Request) {
        return http::json_response(200, Dict{{"status", "ok"}, {"version", services.version}})
            .with("Cache-Control", "no-store");
      }));
  router.add(http::Method::kGet, "/api/metrics",
             for_principal(services, [&services](const auth::Principal&, http::Request) {
               return get_metrics(services);
             }));
}

}  // namespace runstone::api
