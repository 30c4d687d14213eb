#include <algorithm>

#include "api/api_context.h"
#include "api/like_pattern.h"
#include "api/resolvers/artifact_files.h"
#include "api/resolvers/connection.h"
#include "api/resolvers/resolvers.h"
#include "base/encoding.h"
#include "base/try.h"

namespace runstone::api {
namespace {

using graphql::FieldCall;
using graphql::Node;
using graphql::Resolved;
using store::to_number;

const FileNode& file_of(const FieldCall& call) { return call.parent<FileNode>(); }

// Uploads carry no key, so the address itself must allow the one thing it is for.
std::string signed_url(const FieldCall& call, std::string_view method) {
  const auto& context = context_of(call);
  const auto& node = file_of(call);
  const auto& run = node.run->run;
  const bool upload = method == "PUT";
  return context.base_url +
         context.services.signer.sign(
             {method, run.entity_name, run.project_name, run.name, node.file.name},
             upload ? auth::kUploadGrantLifetimeUs : auth::kDownloadGrantLifetimeUs);
}

bool is_stored(const store::RunFile& file) { return !file.object_key.empty(); }

/// Files that have content, by name.
Result<std::vector<store::RunFile>> stored_files(const FieldCall& call) {
  const auto& run = call.parent<RunNode>().run;
  RUNSTONE_TRY(auto files, context_of(call).services.store.files(run.id));
  std::erase_if(files, [](const auto& file) { return !is_stored(file); });
  return files;
}

bool wanted(const store::RunFile& file, const List* names, std::string_view pattern) {
  if (names != nullptr && !names->empty()) {
    return std::any_of(names->begin(), names->end(), [&](const Value& name) {
      auto text = name.string_or("");
      // Paths as people type them: `wandb verify` asks for what it saved as "./x".
      while (text.substr(0, 2) == "./") text.remove_prefix(2);
      return !name.is_null() && text == file.name;
    });
  }
  return pattern.empty() || matches_like(file.name, pattern);
}

Result<Resolved> files(const FieldCall& call) {
  RUNSTONE_TRY(auto all, stored_files(call));
  const auto* names = call.argument("names");
  const auto after = from_base64(call.text("after")).value_or("");
  const auto first = call.integer("first", -1);
  const auto run = std::make_shared<const RunNode>(call.parent<RunNode>());
  Connection connection;
  for (auto& file : all) {
    if (!after.empty() && file.name <= after) continue;
    if (!wanted(file, names != nullptr ? names->if_list() : nullptr, call.text("pattern")))
      continue;
    if (first >= 0 && connection.edges.size() >= static_cast<std::size_t>(first)) {
      connection.has_next = true;
      break;
    }
    auto cursor = to_base64(file.name);
    connection.add(Node::of(FileNode{run, std::move(file)}), std::move(cursor));
  }
  return Resolved(Node::of(std::move(connection)));
}

// Files of artifacts are Files, too; what they are is said there.
void field(graphql::Engine& engine, const std::string& name, const graphql::Resolver& of_run) {
  engine.resolve("File." + name, [name, of_run](const FieldCall& call) -> Result<Resolved> {
    const auto* file = call.node().if_a<ArtifactFileNode>();
    return file != nullptr ? artifact_file_field(call, *file, name) : of_run(call);
  });
}

void register_fields(graphql::Engine& engine) {
  field(engine, "id", [](const FieldCall& call) -> Result<Resolved> {
    const auto& node = file_of(call);
    return Resolved(
        to_base64("File:" + std::to_string(to_number(node.run->run.id)) + ":" + node.file.name));
  });
  field(engine, "name", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(file_of(call).file.name);
  });
  field(engine, "url", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(signed_url(call, call.flag("upload", false) ? "PUT" : "GET"));
  });
  field(engine, "directUrl", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(signed_url(call, "GET"));
  });
  field(engine, "uploadUrl", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(signed_url(call, "PUT"));
  });
  field(engine, "sizeBytes", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(file_of(call).file.size_bytes);
  });
  field(engine, "mimetype", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(text_or_null(file_of(call).file.mimetype));
  });
  field(engine, "md5", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(text_or_null(file_of(call).file.md5_base64));
  });
  field(engine, "updatedAt", [](const FieldCall& call) -> Result<Resolved> {
    return Resolved(time_or_null(file_of(call).file.updated_at_us));
  });
}

}  // namespace

void register_file(graphql::Engine& engine) {
  register_fields(engine);
  engine.resolve("Run.files", files);
  engine.resolve("Run.fileCount", [](const FieldCall& call) -> Result<Resolved> {
    const auto& node = call.parent<RunNode>();
    if (node.peers) {
      RUNSTONE_TRY(const auto count, node.peers->file_count(node.run.id));
      return Resolved(count);
    }
    RUNSTONE_TRY(const auto all, stored_files(call));
    return Resolved(all.size());
  });
  register_connection(engine, "File");
}

}  // namespace runstone::api
