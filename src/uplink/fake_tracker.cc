#include "uplink/fake_tracker.h"

#include <fstream>
#include <sstream>

#include "base/json.h"

namespace runstone::uplink {
namespace {

std::string text_of(const Value* value) {
  return value ? std::string(value->string_or("")) : std::string();
}

}  // namespace

FakeAnswer FakeTracker::handle(const std::string& method, const std::string& target,
                               const std::string& body, const std::string& shared_writer) {
  if (fault) {
    if (auto answer = fault(method, target)) return std::move(*answer);
  }
  if (target == "/graphql") return graphql(body);
  if (target.find("/file_stream") != std::string::npos) return file_stream(body, shared_writer);
  if (method == "PUT") {
    files[target.substr(target.find("/put/") + 5)] = body;
    return {200, ""};
  }
  return {404, "{}"};
}

FakeAnswer FakeTracker::graphql(const std::string& body) {
  const auto request = json::parse(body);
  if (!request) return {400, "{}"};
  const Value& variables = *request->get("variables");
  const std::string operation = text_of(request->get("operationName"));
  if (operation == "UpsertBucket") {
    upserts.push_back(variables);
    if (const auto text = text_of(variables.get("config")); !text.empty()) {
      config = *json::parse(text);
    }
    const bool inserted = !std::exchange(known_run, true);
    const std::string name = text_of(variables.get("name"));
    const Dict entity{{"id", "E"}, {"name", "alice"}};
    const std::string project = text_of(variables.get("project"));
    const Dict bucket{
        {"id", "RUNID"},
        {"name", name.empty() ? "r1" : name},
        {"displayName", "brisk-otter-1"},
        {"project",
         Dict{{"id", "P"}, {"name", project.empty() ? "p1" : project}, {"entity", entity}}}};
    const Dict data{{"upsertBucket", Dict{{"bucket", bucket}, {"inserted", inserted}}}};
    return {200, json::to_text(Dict{{"data", data}})};
  }
  if (operation == "RunResumeStatus") {
    const std::string bucket = stored_run.empty() ? "null" : stored_run;
    return {200, R"({"data":{"model":{"id":"P","name":"p1","entity":{"id":"E","name":"alice"},)"
                 R"("bucket":)" +
                     bucket + "}}}"};
  }
  if (operation == "RewindRun") {
    rewound_to.push_back(variables.get("metricValue")->number_or(-1));
    return {200, R"({"data":{"rewindRun":{"rewoundRun":{"id":"RUNID","historyLineCount":3}}}})"};
  }
  if (operation == "CreateRunFiles") {
    List urls;
    for (const Value& name : *variables.get("files")->if_list()) {
      urls.push_back(Dict{{"name", name}, {"uploadUrl", "/put/" + text_of(&name)}});
    }
    const Dict created{{"runID", "RUNID"}, {"uploadHeaders", List{}}, {"files", urls}};
    return {200, json::to_text(Dict{{"data", Dict{{"createRunFiles", created}}}})};
  }
  if (operation.find("Artifact") != std::string::npos) {
    return artifact(operation, *variables.get("input"));
  }
  return {200, R"({"data":{"notifyScriptableRunAlert":{"success":true}}})"};
}

// One version per digest, with the id "art-<digest>"; files have addresses until they are put.
FakeAnswer FakeTracker::artifact(const std::string& operation, const Value& input) {
  if (refuses_artifacts) return {200, R"({"errors":[{"message":"no artifacts here"}]})"};
  const auto answer = [](const std::string& data) {
    return FakeAnswer{200, "{\"data\":{" + data + "}}"};
  };
  const auto slot = [&](const std::string& name) {
    if (files.count(name) > 0) return std::string("null");
    return "\"/put/" + name + "\"";
  };
  const std::string id = text_of(input.get("artifactID"));
  if (operation == "CreateArtifact") {
    artifacts.push_back(input);
    const std::string made = "art-" + text_of(input.get("digest"));
    const std::string state = committed.count(made) > 0 ? "COMMITTED" : "PENDING";
    return answer(R"("createArtifact":{"artifact":{"id":")" + made + R"(","state":")" + state +
                  "\"}}");
  }
  if (operation == "CreateArtifactManifest") {
    return answer(R"("createArtifactManifest":{"artifactManifest":{"id":"m","file":{"uploadUrl":)" +
                  slot("manifest-" + id) + "}}}");
  }
  if (operation == "CreateArtifactFiles") {
    std::string edges;
    for (const Value& file : *input.get("artifactFiles")->if_list()) {
      edges += (edges.empty() ? "" : ",") +
               std::string(R"({"node":{"artifact":{"id":"birth"},"uploadUrl":)") +
               slot(text_of(file.get("name"))) + "}}";
    }
    return answer(R"("createArtifactFiles":{"files":{"edges":[)" + edges + "]}}");
  }
  (operation == "UseArtifact" ? used : committed).insert(id);
  return answer("\"done\":{}");
}

FakeAnswer FakeTracker::file_stream(const std::string& body, const std::string& shared_writer) {
  ++stream_posts;
  largest_body = std::max(largest_body, body.size());
  if (body == "{}") ++heartbeats;
  const auto request = json::parse(body);
  if (!request || !request->is_dict()) return {400, R"({"error":"no JSON"})"};
  if (const Value* streams = request->get("files")) {
    const bool is_shared = !shared_writer.empty();
    if (is_shared && !shared_bodies[shared_writer].insert(body).second) return {200, "{}"};
    for (const auto& [name, stream] : *streams->if_dict()) {
      for (const Value& line : *stream.get("content")->if_list()) {
        if (is_shared) shared_lines[name].push_back(text_of(&line));
      }
      if (is_shared) continue;
      auto number = static_cast<std::uint64_t>(stream.get("offset")->int_or(0));
      for (const Value& line : *stream.get("content")->if_list()) {
        ++lines_received;
        lines[name][number++] = text_of(&line);
      }
    }
  }
  if (const auto& last = lines["wandb-summary.json"]; !last.empty()) summary = last.at(0);
  if (const Value* names = request->get("uploaded")) {
    for (const Value& name : *names->if_list()) uploaded.insert(text_of(&name));
  }
  if (const Value* complete = request->get("complete"); complete && complete->bool_or(false)) {
    exit_code = request->get("exitcode")->int_or(-1);
  }
  return {200, stop_runs ? R"({"stopped":true})" : R"({"stopped":false})"};
}

std::vector<std::string> FakeTracker::stream(const std::string& name) const {
  std::vector<std::string> out;
  const auto found = lines.find(name);
  if (found == lines.end()) return out;
  for (const auto& [number, line] : found->second) {
    while (out.size() < number) out.push_back("<gap>");
    out.push_back(line);
  }
  return out;
}

std::vector<std::string> FakeTracker::history() const { return stream("wandb-history.jsonl"); }

namespace {
std::string shared_writer_of(const net::ClientRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name == "X-WANDB-ASYNC-CLIENT-ID") return value;
  }
  return {};
}
}  // namespace

Result<net::ClientResponse> FakeTransport::send(const net::ClientRequest& request) {
  const auto path_begin = request.url.find('/', request.url.find("//") + 2);
  const std::string target = request.url.substr(path_begin);
  requests.push_back(request.method + " " + target);
  if (cancelled_) return fail(ErrorCode::kFailedPrecondition, "cancelled");
  if (away) return fail(ErrorCode::kUnavailable, "connection refused");
  std::string body(request.body);
  if (!request.body_file.empty()) {
    std::ifstream file(request.body_file, std::ios::binary);
    if (!file) return fail(ErrorCode::kNotFound, request.body_file + ": no such file");
    std::ostringstream bytes;
    bytes << file.rdbuf();
    body = bytes.str();
  }
  const bool too_large =
      body.size() > body_max_bytes && target.find("/file_stream") != std::string::npos;
  FakeAnswer answer =
      too_large ? FakeAnswer{413, "{}"}
                : tracker_.handle(request.method, target, body, shared_writer_of(request));
  if (lost_answers > 0) {
    --lost_answers;
    return fail(ErrorCode::kUnavailable, "connection reset");
  }
  return net::ClientResponse{.status = answer.status,
                             .headers = std::move(answer.headers),
                             .body = std::move(answer.body)};
}

}  // namespace runstone::uplink
