#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/client/http_client.h"
#include "runstone/value.h"

namespace runstone::uplink {

struct FakeAnswer {
  int status = 200;
  std::string body;
  net::Headers headers = {};
};

/// A server of the API in memory, for tests: keeps lines by number as a real one does, and answers
/// with a fault where the test put one.
class FakeTracker {
 public:
  /// What it does to one request; nothing: answers properly.
  using Fault =
      std::function<std::optional<FakeAnswer>(const std::string& method, const std::string& path)>;
  Fault fault;

  FakeAnswer handle(const std::string& method, const std::string& target, const std::string& body,
                    const std::string& shared_writer = "");

  // What it has been told. Lines by stream and number.
  std::map<std::string, std::map<std::uint64_t, std::string>> lines;
  std::string summary;
  std::map<std::string, std::string> files;
  std::set<std::string> uploaded;
  std::vector<Value> upserts;  ///< variables of each UpsertBucket
  Value config;                ///< the last one sent
  std::optional<std::int64_t> exit_code;
  bool stop_runs = false;
  std::size_t stream_posts = 0, heartbeats = 0, lines_received = 0;
  std::size_t largest_body = 0;
  bool refuses_artifacts = false;
  std::vector<Value> artifacts;           ///< inputs of each CreateArtifact
  std::set<std::string> committed, used;  ///< ids of versions
  bool known_run = false;                 ///< the run was there before the first UpsertBucket
  /// A shared run: the lines of each writer's bodies, in order; a body that came before is a retry.
  std::map<std::string, std::vector<std::string>> shared_lines;
  std::map<std::string, std::set<std::string>> shared_bodies;
  std::string stored_run;          ///< the bucket that RunResumeStatus gives, as JSON
  std::vector<double> rewound_to;  ///< the steps of each RewindRun

  std::vector<std::string> history() const;  ///< in order; "<gap>" where a number is missing
  std::vector<std::string> stream(const std::string& name) const;

 private:
  FakeAnswer graphql(const std::string& body);
  FakeAnswer artifact(const std::string& operation, const Value& input);
  FakeAnswer file_stream(const std::string& body, const std::string& shared_writer);
};

/// Calls a FakeTracker without a socket; throws in connection failures where the test wants them.
class FakeTransport final : public net::HttpTransport {
 public:
  explicit FakeTransport(FakeTracker& tracker) : tracker_(tracker) {}
  Result<net::ClientResponse> send(const net::ClientRequest& request) override;
  void cancel() override { cancelled_ = true; }

  bool away = false;                       ///< nobody listens
  std::size_t body_max_bytes = 64u << 20;  ///< of the file stream; more is answered 413
  /// The answer to this many requests gets lost after the server has done them.
  int lost_answers = 0;
  std::vector<std::string> requests;  ///< "POST /graphql", in order

 private:
  FakeTracker& tracker_;
  bool cancelled_ = false;
};

}  // namespace runstone::uplink
