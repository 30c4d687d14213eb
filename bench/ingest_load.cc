// A load on the server's road for rows: many writers on connections that stay open, each sending
// one body after another (or one each interval), each body new rows of a run of its own; beside
// them a reader that charts.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "base/random_id.h"

namespace runstone::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  int port = 7867;
  std::string key;
  std::string entity;
  std::string project = "ingest-load";
  double seconds = 60;
  int writers = 16;
  int rows = 1000;
  int keys = 10;
  int interval_ms = 0;  // of each writer, from body to body; 0: one after another
  bool chart = true;
  bool json = false;
};

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "ingest_load: %s\n", why.c_str());
  std::exit(1);
}

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// One connection to the server, kept open. Any trouble ends the program: this is a measurement.
class Connection {
 public:
  explicit Connection(const Options& options)
      : authorization_("Basic " + to_base64("api:" + options.key)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      die("no server on port " + std::to_string(options.port));
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Posts and reads the whole answer. `status` is its code.
  std::string post(const std::string& path, std::string_view body, int& status) {
    std::string head =
        "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + authorization_ +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n";
    send_all(head);
    send_all(body);
    return read_answer(status);
  }

 private:
  void send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) die("the server closed the connection");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void read_more() {
    char block[65536];
    const auto got = ::recv(socket_, block, sizeof block, 0);
    if (got <= 0) die("the server closed the connection");
    buffer_.append(block, static_cast<std::size_t>(got));
  }
  std::string read_answer(int& status) {
    std::size_t head_end;
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) read_more();
    std::string head = buffer_.substr(0, head_end);
    std::transform(head.begin(), head.end(), head.begin(), [](char c) { return std::tolower(c); });
    status = std::atoi(head.c_str() + std::strlen("http/1.1 "));
    const auto at = head.find("content-length:");
    if (at == std::string::npos) die("an answer without Content-Length");
    const auto size = static_cast<std::size_t>(std::atoll(head.c_str() + at + 15));
    const std::size_t begin = head_end + 4;
    while (buffer_.size() < begin + size) read_more();
    std::string body = buffer_.substr(begin, size);
    buffer_.erase(0, begin + size);
    return body;
  }

  std::string authorization_;
  std::string buffer_;
  int socket_ = -1;
};

/// A body whose line numbers are overwritten before each sending, so that no text is made in
/// between.
class Body {
 public:
  Body(const Options& options, std::uint64_t seed) : rows_(options.rows) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> value(0, 1);
    text_ = R"({"files":{"wandb-history.jsonl":{"offset":)";
    mark();
    text_ += R"(,"content":[)";
    for (int row = 0; row < rows_; ++row) {
      if (row > 0) text_ += ',';
      text_ += R"("{\"_step\":)";
      mark();
      for (int key = 0; key < options.keys; ++key) {
        text_ += R"(,\"train/metric_)" + std::to_string(key) + R"(\":)";
        json::append_double(text_, value(random) / (1 + row));
      }
      text_ += R"(}")";
    }
    text_ += "]}}}";
  }
  const std::string& at(std::int64_t first_line) {
    write(marks_[0], first_line);
    for (int row = 0; row < rows_; ++row) write(marks_[row + 1], first_line + row);
    return text_;
  }

 private:
  static constexpr int kDigits = 12;  // right-aligned: white space is allowed before a number
  void mark() {
    marks_.push_back(text_.size());
    text_.append(kDigits, ' ');
  }
  void write(std::size_t at, std::int64_t number) {
    for (int i = kDigits - 1; i >= 0; --i) {
      text_[at + static_cast<std::size_t>(i)] = static_cast<char>('0' + number % 10);
      number /= 10;
      if (number == 0) break;
    }
  }
  int rows_;
  std::string text_;
  std::vector<std::size_t> marks_;
};

void create_run(Connection& connection, const Options& options, const std::string& run) {
  const Value request = {
      {"query",
       "mutation U($e:String,$p:String,$n:String){upsertBucket(input:{entityName:$e,modelName:$p,"
       "name:$n}){inserted}}"},
      {"variables", {{"e", options.entity}, {"p", options.project}, {"n", run}}}};
  int status = 0;
  const auto answer = connection.post("/graphql", json::to_text(request), status);
  if (status != 200 || answer.find("\"inserted\":true") == std::string::npos) {
    die("upsertBucket: " + std::to_string(status) + " " + answer);
  }
}

struct Results {
  std::vector<double> latencies_ms;
  std::int64_t points = 0;
  std::int64_t refused = 0;
};

Results write_rows(const Options& options, const std::string& run, std::uint64_t seed,
                   Clock::time_point end) {
  Connection connection(options);
  create_run(connection, options, run);
  Body body(options, seed);
  const std::string path =
      "/files/" + options.entity + "/" + options.project + "/" + run + "/file_stream";
  Results results;
  std::int64_t line = 0;
  const std::chrono::milliseconds interval(options.interval_ms);
  // Each begins at a moment of its own, as clients of the field do.
  auto next = Clock::now() + interval * static_cast<int>(seed % 97) / 97;
  while (Clock::now() < end) {
    std::this_thread::sleep_until(next);
    next += interval;
    const std::string& text = body.at(line);
    const auto start = Clock::now();
    int status = 0;
    const auto answer = connection.post(path, text, status);
    if (status == 429) {
      ++results.refused;
      continue;
    }
    if (status != 200) die("file_stream: " + std::to_string(status) + " " + answer);
    results.latencies_ms.push_back(ms_since(start));
    results.points += std::int64_t{options.rows} * options.keys;
    line += options.rows;
  }
  int status = 0;
  connection.post(path, R"({"complete":true,"exitcode":0})", status);
  return results;
}

/// One chart after another, a quarter of a second apart, as a page that is looked at asks for them.
Results read_charts(const Options& options, const std::vector<std::string>& runs,
                    const std::atomic<bool>& done) {
  Connection connection(options);
  Results results;
  for (std::size_t i = 0; !done; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    const Value query = {
        {"run", options.entity + "/" + options.project + "/" + runs[i % runs.size()]},
        {"key", "train/metric_" + std::to_string(i % 10)},
        {"points", 1000}};
    const auto start = Clock::now();
    int status = 0;
    const auto answer =
        connection.post("/api/series", json::to_text(Value{{"queries", List{query}}}), status);
    if (status != 200) die("series: " + std::to_string(status) + " " + answer.substr(0, 200));
    results.latencies_ms.push_back(ms_since(start));
  }
  return results;
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(share * values.size()))];
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    const auto next = [&]() -> const char* {
      if (++i >= count) die("a value is missing after " + std::string(name));
      return arguments[i];
    };
    if (name == "--port")
      options.port = std::atoi(next());
    else if (name == "--key")
      options.key = next();
    else if (name == "--entity")
      options.entity = next();
    else if (name == "--project")
      options.project = next();
    else if (name == "--seconds")
      options.seconds = std::atof(next());
    else if (name == "--writers")
      options.writers = std::atoi(next());
    else if (name == "--rows")
      options.rows = std::atoi(next());
    else if (name == "--keys")
      options.keys = std::atoi(next());
    else if (name == "--interval-ms")
      options.interval_ms = std::atoi(next());
    else if (name == "--no-chart")
      options.chart = false;
    else if (name == "--json")
      options.json = true;
    else
      die("unknown option " + std::string(name));
  }
  if (options.key.empty() || options.entity.empty()) die("--key and --entity are needed");
  return options;
}

int run(const Options& options) {
  std::vector<std::string> runs;
  const std::string batch = random_id(6);
  for (int i = 0; i < options.writers; ++i) runs.push_back(batch + "-" + std::to_string(i));
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(options.seconds));
  std::vector<Results> results(static_cast<std::size_t>(options.writers));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = write_rows(options, runs[i], i + 1, end); });
  }
  std::atomic<bool> done{false};
  Results charts;
  std::thread reader;
  if (options.chart) reader = std::thread([&] { charts = read_charts(options, runs, done); });
  for (auto& thread : threads) thread.join();
  const double seconds = ms_since(start) / 1000;
  done = true;
  if (reader.joinable()) reader.join();

  Results all;
  for (auto& one : results) {
    all.points += one.points;
    all.refused += one.refused;
    all.latencies_ms.insert(all.latencies_ms.end(), one.latencies_ms.begin(),
                            one.latencies_ms.end());
  }
  const double points_per_s = static_cast<double>(all.points) / seconds;
  const double p50 = percentile(all.latencies_ms, 0.5), p99 = percentile(all.latencies_ms, 0.99);
  const double chart_p50 = percentile(charts.latencies_ms, 0.5);
  const double chart_p99 = percentile(charts.latencies_ms, 0.99);
  if (options.json) {
    std::puts(json::to_text(Value{{"points_per_s", points_per_s},
                                  {"points", all.points},
                                  {"seconds", seconds},
                                  {"refused", all.refused},
                                  {"p50_ms", p50},
                                  {"p99_ms", p99},
                                  {"chart_p50_ms", chart_p50},
                                  {"chart_p99_ms", chart_p99}})
                  .c_str());
  } else {
    std::printf(
        "%.3f M points/s over %.1f s; answers p50 %.1f ms, p99 %.1f ms; charts p50 %.1f ms, "
        "p99 %.1f ms; %lld refused\n",
        points_per_s / 1e6, seconds, p50, p99, chart_p50, chart_p99,
        static_cast<long long>(all.refused));
  }
  return 0;
}

}  // namespace
}  // namespace runstone::bench

int main(int count, char** arguments) {
  return runstone::bench::run(runstone::bench::parse(count, arguments));
}
