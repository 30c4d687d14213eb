// What asking object stores comes down to, against scripted servers: what emulators of the stores
// do not have, or cannot be made to do. The stores themselves are asked in tests/compat.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "artifact/server.h"
#include "artifact/stores/asking.h"
#include "artifact/stores/azure_request.h"
#include "artifact/stores/credential_service.h"
#include "artifact/stores/object_store.h"
#include "artifact/stores/xml.h"
#include "base/encoding.h"
#include "base/random_id.h"
#include "net/client/scripted_server.h"

namespace runstone::artifact {
namespace {

using net::ScriptedAnswer;
using net::ScriptedRequest;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Variables of the environment for the time of a test.
class Variables {
 public:
  explicit Variables(std::vector<std::pair<std::string, std::string>> values)
      : values_(std::move(values)) {
    for (const auto& [name, value] : values_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Variables() {
    for (const auto& [name, value] : values_) unsetenv(name.c_str());
  }

 private:
  const std::vector<std::pair<std::string, std::string>> values_;
};

constexpr const char* kBlobs = "https://account1.blob.core.windows.net";

Variables azure_at(const std::string& url) {
  return Variables({{"AZURE_STORAGE_CONNECTION_STRING",
                     "AccountName=account1;AccountKey=a2V5;BlobEndpoint=" + url}});
}

std::vector<std::string> paths_of(const std::vector<ArtifactEntry>& entries) {
  std::vector<std::string> paths;
  for (const auto& entry : entries) paths.push_back(entry.path);
  return paths;
}

TEST(Xml, TextsAreDecodedOnce) {
  const std::string xml =
      "<R><Key>a&amp;lt;b &#34;c&#x22; "
      "&#233;&#x20AC;&#128512;&apos;&unknown;&</Key><Key>2</Key></R>";
  EXPECT_EQ(xml_text(xml, "Key"), "a&lt;b \"c\" \u00e9\u20ac\U0001F600'&unknown;&");
  EXPECT_EQ(xml_text("<Key>&#xD800;&#x110000;&#;</Key>", "Key"), "&#xD800;&#x110000;&#;");
  EXPECT_EQ(xml_text(xml, "None"), "");
  EXPECT_THAT(xml_elements("<I>1</I><I>2</I><I>cut", "I"), ElementsAre("1", "2"));
}

TEST(Address, NamesItsParts) {
  const auto address = parse_address("gs://bucket/a/b c.txt?x=1#7");
  EXPECT_EQ(address.bucket, "bucket");
  EXPECT_EQ(address.key, "a/b c.txt");
  EXPECT_EQ(address.query, "x=1");
  EXPECT_EQ(address.fragment, "7");
  EXPECT_TRUE(parse_address("gs://bucket").key.empty());
  EXPECT_EQ(store_of("s3://b/k"), &s3_store());
  EXPECT_EQ(store_of("gs://b/k"), &gcs_store());
  EXPECT_EQ(store_of("https://a.blob.core.windows.net/c/b"), &azure_store());
  // As the stock client has it: https alone, and accounts of the public cloud.
  for (const char* other : {"http://a.blob.core.windows.net/c/b", "https://example.com/c/b",
                            "https://.blob.core.windows.net/c/b",
                            "https://a.blob.core.windows.net.evil.example/c/b", "file:///x"}) {
    EXPECT_EQ(store_of(other), nullptr) << other;
  }
}

TEST(Refusal, SaysWhoAskedAndWhatToDo) {
  const Asker nobody{"Store", "", "do this"}, somebody{"Store", "the profile", "do that"};
  net::ClientResponse answer;
  answer.status = 403;
  answer.body = "<Error><Code>AccessDenied</Code><Message>No &amp; no.</Message></Error>";
  const Error refused = store_refusal("https://host/key?sig=secret", answer, somebody);
  EXPECT_EQ(refused.code, ErrorCode::kConflict);
  EXPECT_THAT(refused.message, AllOf(HasSubstr("https://host/key answered 403"),
                                     HasSubstr("(AccessDenied: No & no)"), HasSubstr("the profile"),
                                     HasSubstr("do that")));
  EXPECT_THAT(refused.message, Not(HasSubstr("secret")));
  answer.body = R"({"error": {"code": 401, "message": "who?"}})";
  answer.status = 401;
  EXPECT_THAT(store_refusal("https://host/key", answer, nobody).message,
              AllOf(HasSubstr("(who?)"), HasSubstr("no credentials were found: do this")));
  const Error late = store_error({ErrorCode::kDeadlineExceeded, "no answer within 30 s"}, nobody);
  EXPECT_EQ(late.code, ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(late.message,
              AllOf(HasSubstr("Store: no answer within 30 s"), HasSubstr("checksum=False")));
}

TEST(Refusal, IsTextWhateverCame) {
  EXPECT_EQ(readable("two\nlines.\n"), "two lines");
  EXPECT_EQ(readable("\xff\xfe\x01"), "??");
  const std::string long_text(299, 'x');
  EXPECT_EQ(readable(long_text + "\u20ac and more"), long_text);
}

TEST(Azure, RequestsAreSignedAsMicrosoftDocuments) {
  AzureAccess access;
  access.account = "account1";
  access.endpoint = kBlobs;
  access.key = *from_base64("a2V5");
  auto request = azure_request(access, "GET", "c", {{"comp", "list"}, {"prefix", "a b/"}});
  EXPECT_EQ(request.url, std::string(kBlobs) + "/c?comp=list&prefix=a%20b%2F");
  request.headers.emplace_back("Range", "bytes=5-");
  authorize_azure(access, request, std::int64_t{1'435'363'200} * 1'000'000);
  const auto header = [&](const std::string& name) {
    for (const auto& [key, value] : request.headers) {
      if (key == name) return value;
    }
    return std::string();
  };
  EXPECT_EQ(header("x-ms-date"), "Sat, 27 Jun 2015 00:00:00 GMT");
  // By hand, of the string that the documentation prescribes:
  // openssl dgst -sha256 -hmac key -binary | base64
  EXPECT_EQ(header("Authorization"),
            "SharedKey account1:fVzXe6iqRcqVN3gCDwg41njWJ9fhv9GQ2MOc1luQ+uM=");
}

TEST(Azure, VersionsStubsPagesAndEncodedNamesAreRead) {
  const net::ScriptedServer server([](const ScriptedRequest& request) -> ScriptedAnswer {
    if (request.method == "HEAD") {
      if (request.target == "/c/dir") {
        return {.body = "", .headers = {{"ETag", "\"0\""}, {"x-ms-meta-hdi_isfolder", "true"}}};
      }
      if (request.target != "/c/v.txt?versionid=v1") return {.status = 404, .body = ""};
      return {.body = "", .headers = {{"ETag", "\"0x1\""}, {"x-ms-version-id", "v1"}}};
    }
    const bool is_second = request.target.find("marker=next") != std::string::npos;
    const std::string blobs =
        is_second ? "<Blob><Name Encoded=\"true\">dir/b%01.txt</Name><Properties>"
                    "<Etag>0x2</Etag><Content-Length>2</Content-Length></Properties></Blob>"
                  : "<Blob><Name>dir/sub</Name><Properties><Etag>0x0</Etag></Properties><Metadata>"
                    "<hdi_isfolder>true</hdi_isfolder></Metadata></Blob>"
                    "<Blob><Name>dir/a.txt</Name><Properties><Etag>0x1</Etag>"
                    "<Content-Length>1</Content-Length></Properties></Blob>";
    return {.body = "<EnumerationResults><Blobs>" + blobs + "</Blobs><NextMarker>" +
                    (is_second ? "" : "next") + "</NextMarker></EnumerationResults>"};
  });
  const Variables variables = azure_at(server.url());
  const auto version = azure_store().entries(std::string(kBlobs) + "/c/v.txt?versionId=v1", "", 10);
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ(version->at(0).digest, "0x1");
  EXPECT_EQ(version->at(0).extra, (Dict{{"etag", "0x1"}, {"versionID", "v1"}}));
  EXPECT_EQ(version->at(0).ref, std::string(kBlobs) + "/c/v.txt");
  EXPECT_EQ(
      azure_store().entries(std::string(kBlobs) + "/c/v.txt?versionId=v2", "", 10).error().code,
      ErrorCode::kNotFound);
  const auto below = azure_store().entries(std::string(kBlobs) + "/c/dir", "", 10);
  ASSERT_TRUE(below) << below.error().message;
  EXPECT_THAT(paths_of(*below), ElementsAre("a.txt", std::string("b\x01.txt")));
}

TEST(Azure, ATransferThatGoesOnIsSignedAnew) {
  std::vector<ScriptedRequest> asked;
  std::mutex mutex;
  const net::ScriptedServer server([&](const ScriptedRequest& request) -> ScriptedAnswer {
    const std::scoped_lock lock(mutex);
    asked.push_back(request);
    if (asked.size() == 1) {
      return {.body = "hello",
              .headers = {{"ETag", "\"e\""}},
              .kind = ScriptedAnswer::Kind::kCloseHalf};
    }
    return {.status = 206, .body = "o", .headers = {{"ETag", "\"e\""}}};
  });
  const Variables variables = azure_at(server.url());
  const auto folder = std::filesystem::temp_directory_path() / random_id(8);
  protocol::ManifestEntry entry;
  entry.ref = std::string(kBlobs) + "/c/b.txt";
  entry.digest = "e";
  const auto connection = net::make_http_client();
  const auto done = azure_store().fetch(entry, (folder / "f").string(), *connection);
  ASSERT_TRUE(done) << done.error().message;
  std::ifstream file(folder / "f");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "hello");
  std::filesystem::remove_all(folder);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1].header("range"), "bytes=4-");
  EXPECT_NE(asked[0].header("authorization"), asked[1].header("authorization"))
      << "the signature covers the range";
}

TEST(S3, ABucketThatDoesNotTellOfVersionsIsAskedForEach) {
  const net::ScriptedServer server([](const ScriptedRequest& request) -> ScriptedAnswer {
    if (request.target.find("?versioning") != std::string::npos) {
      return {.status = 403, .body = "<Error><Code>AccessDenied</Code></Error>"};
    }
    if (request.method == "HEAD" && request.target == "/b/d/k") {
      return {.body = "", .headers = {{"ETag", "\"e\""}, {"x-amz-version-id", "v7"}}};
    }
    if (request.method == "HEAD") return {.status = 404, .body = ""};
    return {.body =
                "<R><Contents><Key>d/k</Key><ETag>&quot;e&quot;</ETag><Size>3</Size></Contents>"
                "<IsTruncated>false</IsTruncated></R>"};
  });
  const Variables variables({{"AWS_ENDPOINT_URL_S3", server.url()},
                             {"AWS_ACCESS_KEY_ID", "k"},
                             {"AWS_SECRET_ACCESS_KEY", "s"}});
  const auto entries = s3_store().entries("s3://b/d", "", 10);
  ASSERT_TRUE(entries) << entries.error().message;
  EXPECT_EQ(entries->at(0).extra, (Dict{{"etag", "e"}, {"versionID", "v7"}}));
}

TEST(Gcs, ContentThatIsNotWhatItsDigestSaysIsNotKept) {
  const net::ScriptedServer server([](const ScriptedRequest& request) -> ScriptedAnswer {
    if (request.target.find("alt=media") != std::string::npos) return {.body = "other"};
    return {.body = R"({"name": "k", "etag": "E=", "size": "5", "generation": "3",
                        "md5Hash": "XUFAKrxLKna5cZ2REBfFkg=="})"};
  });
  const Variables variables({{"STORAGE_EMULATOR_HOST", server.url()}});
  const auto folder = std::filesystem::temp_directory_path() / random_id(8);
  protocol::ManifestEntry entry;
  entry.ref = "gs://b/k";
  entry.digest = "E=";
  const auto connection = net::make_http_client();
  const auto done = gcs_store().fetch(entry, (folder / "f").string(), *connection);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(folder / "f"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace runstone::artifact
