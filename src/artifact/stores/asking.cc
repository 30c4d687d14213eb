#include "artifact/stores/asking.h"

#include "artifact/server.h"
#include "artifact/stores/credential_service.h"
#include "artifact/stores/xml.h"
#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr int kTries = 4;
constexpr std::int64_t kTimeoutUs = 30'000'000;

/// What a store says of a refusal: XML of S3 and Azure, JSON of Google; empty: nothing readable.
std::string words_of(const std::string& body) {
  std::string words;
  if (const auto parsed = json::parse(body); parsed && parsed->is_dict()) {
    const Value* error = parsed->get("error");
    if (error != nullptr && error->is_dict()) error = error->get("message");
    if (error != nullptr) words = error->string_or("");
  } else if (std::string code = xml_text(body, "Code"); !code.empty()) {
    const std::string message = xml_text(body, "Message");
    words = code + (message.empty() ? "" : ": " + message);
  }
  return readable(std::move(words));
}

}  // namespace

Error store_error(Error error, const Asker& asker) {
  const ErrorCode code = error.code;
  switch (code) {
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kConflict:
      error.code = ErrorCode::kConflict;
      error.message += asker.credentials.empty()
                           ? "; no credentials were found: " + asker.remedy
                           : "; asked with the credentials of " + asker.credentials +
                                 ": check that they may read it, or " + asker.remedy;
      break;
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      error.message +=
          "; check that this machine reaches the store and try again, or pass checksum=False to "
          "track the address alone";
      break;
    default:
      break;
  }
  return std::move(error).with_context(asker.store);
}

Error store_refusal(const std::string& url, const net::ClientResponse& answer, const Asker& asker) {
  Error error = refusal(url, answer);
  if (const std::string words = words_of(answer.body); !words.empty()) {
    error.message += " (" + words + ")";
  }
  return store_error(std::move(error), asker);
}

Result<net::ClientResponse> answer_of_store(net::HttpTransport& connection,
                                            net::ClientRequest request, const Asker& asker) {
  request.timeout_us = kTimeoutUs;
  return send_until_answered(connection, request, kTries).transform_error([&](Error error) {
    return store_error(std::move(error), asker);
  });
}

Result<net::ClientResponse> ask_store(net::HttpTransport& connection, net::ClientRequest request,
                                      const Asker& asker) {
  const std::string url = request.url;
  RUNSTONE_TRY(auto answer, answer_of_store(connection, std::move(request), asker));
  if (answer.status / 100 == 2) return answer;
  return fail(store_refusal(url, answer, asker));
}

std::string last_part(const std::string& key) { return key.substr(key.rfind('/') + 1); }

std::string folder_of(std::string key) {
  while (!key.empty() && key.back() == '/') key.pop_back();
  return key;
}

std::string prefix_of(const std::string& folder) { return folder.empty() ? "" : folder + "/"; }

ArtifactEntry entry_of_address(std::string address, const std::string& name,
                               const std::string& bucket, const std::string& key) {
  ArtifactEntry entry;
  entry.path = !name.empty() ? name : key.empty() ? bucket : key;
  entry.digest = address;
  entry.ref = std::move(address);
  return entry;
}

Error nothing_at(const std::string& uri) {
  return {ErrorCode::kNotFound,
          "there is no object '" + uri +
              "' and none below it: check the address, or pass checksum=False to track one that "
              "is not there yet"};
}

std::string extra_text(const protocol::ManifestEntry& entry, std::string_view key) {
  for (const auto& [name, text] : entry.extra) {
    if (name != key) continue;
    const auto value = json::parse(text);
    if (!value) return text;
    return std::string(value->string_or(text));
  }
  return "";
}

Error digest_mismatch(const protocol::ManifestEntry& entry, const std::string& found) {
  return {ErrorCode::kCorrupt, "Digest mismatch for '" + entry.ref + "': expected " + entry.digest +
                                   " but found " + (found.empty() ? "none" : found)};
}

std::string without_quotes(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

Result<void> check_etag(const protocol::ManifestEntry& entry, const net::Headers& headers,
                        const std::string& path) {
  if (entry.digest == entry.ref) return {};
  std::string etag;
  for (const auto& [name, value] : headers) {
    if (name == "etag") etag = without_quotes(value);
  }
  if (etag == entry.digest) return {};
  discard(fs::real_file_system().remove(path), "its content is another");
  return fail(digest_mismatch(entry, etag));
}

}  // namespace runstone::artifact
