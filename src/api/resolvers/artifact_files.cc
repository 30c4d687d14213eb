#include "api/resolvers/artifact_files.h"

#include <algorithm>

#include "api/artifact_access.h"
#include "api/resolvers/collection_lists.h"
#include "base/encoding.h"
#include "base/try.h"
#include "net/server/http.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

struct ManifestNode {
  store::ManifestId id{};
  std::shared_ptr<const ArtifactFileNode> file;
};

std::string basename_of(const std::string& name) { return name.substr(name.find_last_of('/') + 1); }

// The name is for people and for the type of content; the signature is over the digest.
std::string download_url(const ApiContext& context, const ArtifactFileNode& file) {
  if (!file.ref.empty()) return file.ref;
  const auto path = "/artifact-files/" + file.digest;
  const auto signed_path =
      context.services.signer.sign_path("GET", path, auth::kDownloadGrantLifetimeUs);
  return context.base_url + path + "/" + percent_encode(basename_of(file.name)) +
         signed_path.substr(path.size());
}

Result<void> check_download(const ApiContext& context, const store::Artifact& artifact) {
  RUNSTONE_TRY(const bool allowed, may_download(context, artifact));
  if (allowed) return {};
  return fail(ErrorCode::kPermissionDenied,
              "user " + context.principal.name +
                  " is a restricted viewer here, who sees which files there are and gets none: ask "
                  "an administrator of the registry for the role viewer");
}

std::string upload_url(const ApiContext& context, const ArtifactFileNode& file) {
  const auto path =
      "/artifact-uploads/" + std::to_string(to_number(file.artifact->id)) + "/" + file.digest;
  return context.base_url +
         context.services.signer.sign_path("PUT", path, auth::kUploadGrantLifetimeUs);
}

// A reference has the digest that its writer gave it, which may be any text.
std::string base64_digest(const ArtifactFileNode& file) {
  if (!file.ref.empty()) return file.digest;
  return to_base64(from_hex(file.digest).value_or(""));
}

// By name, or as the older way has it by entry of the manifest.
std::vector<std::string> wanted_names(const FieldCall& call) {
  std::vector<std::string> wanted;
  const auto* names = call.argument("names");
  if (names != nullptr && names->if_list() != nullptr) {
    for (const auto& name : *names->if_list()) wanted.emplace_back(name.string_or(""));
  }
  const auto* entries = call.argument("entries");
  if (entries != nullptr && entries->if_list() != nullptr) {
    for (const auto& entry : *entries->if_list()) {
      const auto* name = entry.get("name");
      if (name != nullptr) wanted.emplace_back(name->string_or(""));
    }
  }
  return wanted;
}

Node file_node(const std::shared_ptr<const store::Artifact>& artifact,
               const store::ArtifactEntry& entry) {
  return Node::of(ArtifactFileNode{artifact, entry.path, entry.digest, entry.size_bytes, false,
                                   false, entry.ref});
}

}  // namespace

Result<Resolved> artifact_file_field(const FieldCall& call, const ArtifactFileNode& file,
                                     const std::string& name) {
  const auto& context = context_of(call);
  if (name == "id") {
    return Resolved(to_base64("ArtifactFile:" + std::to_string(to_number(file.artifact->id)) + ":" +
                              file.name));
  }
  if (name == "name" || name == "displayName") return Resolved(file.name);
  if (name == "url" && call.flag("upload", false)) {
    RUNSTONE_TRY(require(context, auth::Action::kWrite, place_of(*file.artifact)));
    return Resolved(upload_url(context, file));
  }
  if (name == "url" || name == "directUrl") {
    if (!file.manifest) RUNSTONE_TRY(check_download(context, *file.artifact));
    return Resolved(download_url(context, file));
  }
  if (name == "uploadUrl") return file.to_upload ? Resolved(upload_url(context, file)) : Resolved();
  if (name == "uploadHeaders") {
    List headers;
    if (file.to_upload) headers.emplace_back("Content-MD5:" + base64_digest(file));
    return Resolved(std::move(headers));
  }
  if (name == "storagePath") {
    return Resolved("wandb_artifacts/" + std::to_string(to_number(file.artifact->id)) + "/" +
                    file.digest);
  }
  if (name == "sizeBytes") return Resolved(file.size_bytes);
  if (name == "mimetype") return Resolved(std::string(http::content_type_of(file.name)));
  if (name == "md5" || name == "digest") return Resolved(base64_digest(file));
  if (name == "updatedAt") return Resolved(time_or_null(file.artifact->updated_at_us));
  if (name == "artifact") return Resolved(Node(file.artifact));
  return Resolved();
}

Result<Resolved> list_artifact_files(const FieldCall& call, const store::Artifact& artifact) {
  auto& rows = context_of(call).services.store.artifacts();
  const auto shared = std::make_shared<const store::Artifact>(artifact);
  CountedConnection connection;
  if (call.selects("totalCount")) {
    RUNSTONE_TRY(connection.total_count, rows.count_files(artifact.id));
  }
  const auto limit = static_cast<std::size_t>(page_limit(call.integer("first", -1)));
  std::optional<std::string> after;
  if (const auto text = call.text("after"); !text.empty()) {
    after = from_base64(text);
    if (!after) return fail(ErrorCode::kInvalidArgument, "`after` is no cursor of this list");
  }
  const auto add = [&](const store::ArtifactEntry& entry) {
    connection.add(Resolved(file_node(shared, entry)), to_base64(entry.path));
  };
  const auto wanted = wanted_names(call);
  if (!wanted.empty()) {
    RUNSTONE_TRY(const auto found, rows.find_entries(artifact.id, wanted));
    for (const auto& entry : found) {
      if (after && entry.path <= *after) continue;
      if (connection.edges.size() == limit) {
        connection.has_next = true;
        break;
      }
      add(entry);
    }
    return Resolved(Node::of(std::move(connection)));
  }
  std::optional<std::string_view> from;
  if (after) from = *after;
  RUNSTONE_TRY(const auto page,
               rows.list_entries(artifact.id, from, static_cast<std::int64_t>(limit) + 1));
  for (const auto& entry : page) {
    if (connection.edges.size() == limit) {
      connection.has_next = true;
      break;
    }
    add(entry);
  }
  return Resolved(Node::of(std::move(connection)));
}

Result<Resolved> current_manifest(const FieldCall& call, const store::Artifact& artifact) {
  if (artifact.manifest_digest.empty()) return Resolved();
  const auto& rows = context_of(call).services.store.artifacts();
  RUNSTONE_TRY(const auto blob, rows.find_blob(artifact.manifest_digest));
  ManifestNode node;
  node.id = store::ManifestId(to_number(artifact.id));
  node.file = std::make_shared<const ArtifactFileNode>(
      ArtifactFileNode{std::make_shared<const store::Artifact>(artifact), "wandb_manifest.json",
                       artifact.manifest_digest, blob.size_bytes, false, true});
  return Resolved(Node::of(std::move(node), "ArtifactManifest"));
}

Resolved announced_manifest(std::shared_ptr<const store::Artifact> artifact,
                            const store::ArtifactManifest& manifest) {
  ManifestNode node;
  node.id = manifest.id;
  node.file = std::make_shared<const ArtifactFileNode>(ArtifactFileNode{
      std::move(artifact), manifest.name, manifest.digest, 0, !manifest.digest.empty(), true});
  return Resolved(Node::of(std::move(node)));
}

void register_artifact_files(graphql::Engine& engine) {
  register_counted_connection(engine, "ArtifactFile");
  engine.resolve("ArtifactManifest.id", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(make_id("ArtifactManifest", to_number(call.parent<ManifestNode>().id)));
  });
  engine.resolve("ArtifactManifest.digest", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(base64_digest(*call.parent<ManifestNode>().file));
  });
  engine.resolve("ArtifactManifest.file", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(Node(call.parent<ManifestNode>().file));
  });
  // What only files of artifacts have.
  for (const char* name :
       {"storagePath", "digest", "uploadHeaders", "uploadMultipartUrls", "artifact"}) {
    engine.resolve(std::string("File.") + name,
                   [field = std::string(name)](const FieldCall& call) -> Result<Resolved> {
                     const auto* file = call.node().if_a<ArtifactFileNode>();
                     return file ? artifact_file_field(call, *file, field) : Resolved();
                   });
  }
  engine.resolve("File.displayName", [](const FieldCall& call) -> Result<Resolved> {
    const auto* file = call.node().if_a<ArtifactFileNode>();
    return Resolved(file ? file->name : call.parent<FileNode>().file.name);
  });
}

}  // namespace runstone::api
