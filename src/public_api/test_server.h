#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "net/client/scripted_server.h"
#include "runstone/api.h"

namespace runstone::public_api {

/// A server that answers GraphQL documents by their operation's name with what the test says.
class TestServer {
 public:
  using Answer = std::function<net::ScriptedAnswer(const Value& variables)>;

  /// What an operation's data are, as JSON text.
  void data(const std::string& operation, const std::string& json) {
    on(operation,
       [json](const Value&) { return net::ScriptedAnswer{.body = "{\"data\":" + json + "}"}; });
  }
  void on(const std::string& operation, Answer answer) {
    const std::scoped_lock lock(mutex_);
    answers_[operation] = std::move(answer);
  }
  /// Variables of the requests of an operation, in order.
  std::vector<Value> asked(const std::string& operation) const {
    const std::scoped_lock lock(mutex_);
    const auto found = asked_.find(operation);
    return found == asked_.end() ? std::vector<Value>() : found->second;
  }
  std::string url() const { return server_.url(); }

  Api api(double timeout_secs = 5) const {
    ApiOptions options;
    options.base_url = url();
    options.api_key = "key";
    options.entity = "ent";
    options.timeout_secs = timeout_secs;
    return *Api::open(options);
  }
  /// A run of which the server knows what `more` says beside its names.
  void has_run(const std::string& more = "") {
    data("Run",
         R"({"project":{"run":{"id":"UnVu","name":"r","displayName":"brave","state":"finished",)"
         R"("tags":["t"],"config":"{\"lr\":{\"value\":0.1},\"_wandb\":{\"value\":{\"t\":1}}}",)"
         R"("summaryMetrics":"{\"loss\":NaN,\"n\":{\"x\":1}}","systemMetrics":"{}")" +
             more + "}}}");
  }

 private:
  net::ScriptedAnswer answer(const net::ScriptedRequest& request) {
    const auto body = json::parse(request.body);
    const Value* name = body ? body->get("operationName") : nullptr;
    const Value* variables = body ? body->get("variables") : nullptr;
    const std::string operation(name != nullptr ? name->string_or("") : "");
    Answer answer;
    {
      const std::scoped_lock lock(mutex_);
      asked_[operation].push_back(variables != nullptr ? *variables : Value());
      const auto found = answers_.find(operation);
      if (found != answers_.end()) answer = found->second;
    }
    if (answer) return answer(asked(operation).back());
    return {.body = R"({"errors":[{"message":"no answer for )" + operation + "\"}]}"};
  }

  mutable std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  std::map<std::string, std::vector<Value>> asked_;
  net::ScriptedServer server_{
      [this](const net::ScriptedRequest& request) { return answer(request); }};
};

}  // namespace runstone::public_api
