#include "cli/key_command.h"

#include <cstdio>
#include <string>

#include "base/json.h"
#include "net/client/http_client.h"
#include "server/client_file.h"

namespace runstone::cli {
namespace {

constexpr std::int64_t kTimeoutUs = 10'000'000;

int failed(const std::string& message) {
  std::fprintf(stderr, "runstone: %s\n", message.c_str());
  return 1;
}

Result<server::ClientFile> client_file(const std::filesystem::path& data_folder) {
  const auto path = data_folder / "client.json";
  auto file = server::read_client_file(path);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kNotFound, "there is no " + path.string() +
                                          ": start `runstone server` once, or name its folder "
                                          "with --data");
  }
  return file;
}

}  // namespace

int run_key_command(const std::filesystem::path& data_folder) {
  const auto file = client_file(data_folder);
  if (!file) return failed(file.error().message);
  std::printf("%s\n", file->api_key.c_str());
  return 0;
}

int run_signin_command(const std::filesystem::path& data_folder) {
  const auto file = client_file(data_folder);
  if (!file) return failed(file.error().message);
  net::ClientRequest request;
  request.method = "POST";
  request.url = file->base_url + "/api/signin_links";
  request.api_key = file->api_key;
  request.timeout_us = kTimeoutUs;
  const auto answer = net::make_http_client()->send(request);
  if (!answer) {
    return failed("no server answers at " + file->base_url + ": " + answer.error().message);
  }
  const auto body = json::parse(answer->body);
  const auto* url = body ? body->get("url") : nullptr;
  if (answer->status != 200 || !url || !url->is_string()) {
    return failed(file->base_url + " answered " + std::to_string(answer->status) +
                  "; is it the server of this folder?");
  }
  std::printf("%s\n", url->if_string()->c_str());
  return 0;
}

}  // namespace runstone::cli
