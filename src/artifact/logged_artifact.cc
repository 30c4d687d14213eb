// What an Artifact can tell and do once a server has it.
#include <algorithm>
#include <filesystem>

#include "artifact/download.h"
#include "artifact/draft.h"
#include "artifact/folder.h"
#include "artifact/manifest.h"
#include "artifact/other_versions.h"
#include "artifact/places.h"
#include "artifact/read_object.h"
#include "artifact/rules.h"
#include "artifact/versions.h"
#include "artifact/warning.h"
#include "base/encoding.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "runstone/artifact.h"

namespace runstone {
namespace {

/// A version and where it is, as they were a moment ago.
struct Logged {
  ArtifactFacts facts;
  std::shared_ptr<const artifact::Server> server;
};

Result<Logged> logged(const artifact::Draft& draft) {
  return draft.with([](const artifact::Draft& now) -> Result<Logged> {
    if (now.facts) return Logged{*now.facts, now.server};
    return fail(ErrorCode::kFailedPrecondition,
                "artifact '" + now.name +
                    "' is not logged, or it is not known to be: wait() for it after "
                    "log_artifact() (offline there is nothing to wait for)");
  });
}

std::vector<std::string> without(const std::vector<std::string>& names,
                                 const std::vector<std::string>& others) {
  std::vector<std::string> left;
  for (const std::string& name : names) {
    if (std::find(others.begin(), others.end(), name) == others.end()) left.push_back(name);
  }
  return left;
}

std::string default_root(const ArtifactFacts& facts, bool with_version) {
  return artifact::download_directory() + "/" + facts.source_collection +
         (with_version ? ":" + facts.source_version : "");
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto whole = std::filesystem::absolute(path, error).lexically_normal();
  return error ? path : (whole.has_filename() ? whole : whole.parent_path()).string();
}

}  // namespace

Artifact Artifact::of_server(std::shared_ptr<const artifact::Server> server, ArtifactFacts facts) {
  auto draft =
      std::make_shared<artifact::Draft>(facts.source_collection, facts.type, ArtifactOptions());
  draft->become(std::move(facts), std::move(server));
  return Artifact(std::move(draft));
}

Result<void> Artifact::wait(double timeout_secs) const {
  if (!is_draft()) return {};
  RUNSTONE_TRY(draft_->wait(timeout_secs));
  const auto [server, id] =
      draft_->with([](const auto& draft) { return std::pair(draft.server, draft.server_id); });
  if (!server) return fail(ErrorCode::kInternal, "an artifact was sent, but to no server");
  RUNSTONE_TRY(auto facts, artifact::fetch_version(*server, id));
  draft_->become(std::move(facts), server);
  return {};
}

// --- facts

Result<ArtifactFacts> Artifact::facts() const {
  RUNSTONE_TRY(auto now, logged(*draft_));
  return std::move(now.facts);
}
std::string Artifact::id() const {
  return draft_->with([](const auto& draft) { return draft.facts ? draft.facts->id : ""; });
}
bool Artifact::is_link() const {
  return draft_->with([](const auto& draft) { return draft.facts && draft.facts->is_link; });
}
Result<std::string> Artifact::version() const {
  return facts().transform([](const ArtifactFacts& now) { return now.version; });
}
Result<std::string> Artifact::entity() const {
  return facts().transform([](const ArtifactFacts& now) { return now.entity; });
}
Result<std::string> Artifact::project() const {
  return facts().transform([](const ArtifactFacts& now) { return now.project; });
}
Result<std::string> Artifact::collection() const {
  return facts().transform([](const ArtifactFacts& now) { return now.collection; });
}
Result<std::string> Artifact::qualified_name() const {
  return facts().transform([](const ArtifactFacts& now) {
    return now.entity + "/" + now.project + "/" + now.collection + ":" + now.version;
  });
}
Result<std::string> Artifact::source_qualified_name() const {
  return facts().transform([](const ArtifactFacts& now) {
    return now.source_entity + "/" + now.source_project + "/" + now.source_collection + ":" +
           now.source_version;
  });
}
Result<std::vector<std::string>> Artifact::aliases() const {
  return facts().transform([](const ArtifactFacts& now) { return now.aliases; });
}
Result<std::vector<std::string>> Artifact::tags() const {
  return facts().transform([](const ArtifactFacts& now) { return now.tags; });
}
Result<std::string> Artifact::url() const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  const ArtifactFacts& facts = now.facts;
  return now.server->whole_url("/") + percent_encode(facts.entity) + "/" +
         percent_encode(facts.project) + "/artifacts/" + percent_encode(facts.type) + "/" +
         percent_encode(facts.collection) + "/" + facts.version;
}

Result<Value> Artifact::config_value() const {
  RUNSTONE_TRY(const ArtifactFacts now, facts());
  return Value({{"_type", "artifactVersion"},
                {"_version", "v0"},
                {"id", now.id},
                {"version", now.source_version},
                {"sequenceName", now.source_collection},
                {"usedAs", Value()}});
}

// --- changes

Result<void> Artifact::set_aliases(const std::vector<std::string>& aliases) {
  RUNSTONE_TRY(logged(*draft_));
  RUNSTONE_TRY(auto checked, artifact::checked_aliases(aliases));
  const std::scoped_lock lock(draft_->mutex());
  draft_->facts->aliases = std::move(checked);
  return {};
}
Result<void> Artifact::set_tags(const std::vector<std::string>& tags) {
  RUNSTONE_TRY(logged(*draft_));
  RUNSTONE_TRY(auto checked, artifact::checked_tags(tags));
  const std::scoped_lock lock(draft_->mutex());
  draft_->facts->tags = std::move(checked);
  return {};
}

Result<void> Artifact::save() {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  const auto changes = draft_->with([&](const artifact::Draft& draft) {
    artifact::VersionChanges changed;
    changed.aliases_to_add = without(now.facts.aliases, draft.saved_aliases);
    changed.aliases_to_delete = without(draft.saved_aliases, now.facts.aliases);
    changed.tags_to_add = without(now.facts.tags, draft.saved_tags);
    changed.tags_to_delete = without(draft.saved_tags, now.facts.tags);
    changed.description = draft.options.description;
    changed.metadata = draft.options.metadata;
    if (draft.ttl_changed) changed.ttl_secs = draft.ttl_secs;
    return changed;
  });
  RUNSTONE_TRY(artifact::change_version(*now.server, now.facts, changes));
  const artifact::ArtifactName place{now.facts.entity, now.facts.project, now.facts.collection,
                                     now.facts.version};
  RUNSTONE_TRY(auto fresh, artifact::find_version(*now.server, place));
  draft_->become(std::move(fresh), now.server);
  return {};
}

Result<Artifact> Artifact::link(const std::string& target_path,
                                const std::vector<std::string>& aliases) const {
  RUNSTONE_TRY(wait());
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  RUNSTONE_TRY(const auto checked, artifact::checked_aliases(aliases));
  RUNSTONE_TRY(auto target, artifact::parse_link_target(target_path, now.facts.source_entity,
                                                        now.facts.source_project));
  if (target.is_registry()) {
    RUNSTONE_TRY(target.entity, artifact::entity_of_registries(*now.server, now.facts.source_entity,
                                                               target.entity));
  }
  RUNSTONE_TRY(auto linked, artifact::link_version(*now.server, now.facts.id, target, checked));
  return of_server(now.server, std::move(linked));
}

Result<void> Artifact::unlink() {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  if (!now.facts.is_link) {
    return fail(ErrorCode::kInvalidArgument,
                "artifact '" + name() +
                    "' is not a linked artifact and cannot be unlinked: to "
                    "delete it, use delete()");
  }
  return artifact::unlink_version(*now.server, now.facts);
}

Result<void> Artifact::remove_from_server(bool delete_aliases) {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  if (now.facts.is_link) {
    artifact::warn("deleting a link leaves its source artifact as it is");
    return unlink();
  }
  RUNSTONE_TRY(artifact::delete_version(*now.server, now.facts.id, delete_aliases));
  const std::scoped_lock lock(draft_->mutex());
  draft_->facts->state = "DELETED";
  return {};
}

Result<Artifact> Artifact::new_draft() const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  RUNSTONE_TRY(draft_->load_entries());
  return draft_->with([&](const artifact::Draft& version) {
    ArtifactOptions options = version.options;
    options.incremental = false;
    auto draft = std::make_shared<artifact::Draft>(now.facts.source_collection, now.facts.type,
                                                   std::move(options));
    draft->entries = version.entries;
    draft->base_id = now.facts.id;
    draft->home_entity = now.facts.source_entity;
    draft->home_project = now.facts.source_project;
    draft->server = now.server;
    return Artifact(std::move(draft));
  });
}

// --- neighbours

Result<std::vector<Artifact>> Artifact::linked_artifacts() const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  std::vector<Artifact> links;
  if (now.facts.is_link) return links;
  RUNSTONE_TRY(auto places, artifact::linked_versions(*now.server, now.facts));
  for (ArtifactFacts& place : places) links.push_back(of_server(now.server, std::move(place)));
  return links;
}

Result<Artifact> Artifact::source_artifact() const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  if (!now.facts.is_link) return *this;
  RUNSTONE_TRY(auto source, artifact::fetch_version(*now.server, now.facts.id));
  return of_server(now.server, std::move(source));
}

Result<std::vector<std::string>> Artifact::used_by() const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  return artifact::runs_using(*now.server, now.facts.id);
}
Result<std::string> Artifact::logged_by() const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  return artifact::run_that_logged(*now.server, now.facts.id);
}

// --- content

namespace {

Result<void> download_some(const Logged& now, std::vector<protocol::ManifestEntry> entries,
                           const std::string& root, const DownloadArtifactOptions& options) {
  artifact::DownloadRequest request;
  request.server = now.server;
  request.facts = now.facts;
  request.entries = std::move(entries);
  request.root = root;
  request.allow_missing_references = options.allow_missing_references;
  request.skip_cache = options.skip_cache;
  request.watch = options.watch;
  return artifact::download(request);
}

std::vector<protocol::ManifestEntry> entries_of(const artifact::Draft& draft,
                                                const std::string& prefix) {
  return draft.with([&](const artifact::Draft& now) {
    std::vector<protocol::ManifestEntry> list;
    for (const auto& [path, entry] : now.entries) {
      if (path.compare(0, prefix.size(), prefix) == 0) list.push_back(entry);
    }
    return list;
  });
}

bool is_entry(const artifact::Draft& draft, const std::string& path) {
  return draft.with([&](const auto& now) { return now.entries.count(path) > 0; });
}

}  // namespace

Result<std::string> Artifact::download(const DownloadArtifactOptions& options) const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  RUNSTONE_TRY(draft_->load_entries());
  const std::string root =
      options.root.empty() ? default_root(now.facts, true) : absolute(options.root);
  RUNSTONE_TRY(download_some(now, entries_of(*draft_, options.path_prefix), root, options)
                   .transform_error([&](Error error) {
                     return std::move(error).with_context("artifact '" + name() + "'");
                   }));
  return root;
}

Result<std::string> Artifact::checkout(const std::string& given_root) const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  RUNSTONE_TRY(draft_->load_entries());
  DownloadArtifactOptions options;
  options.root = given_root.empty() ? default_root(now.facts, false) : absolute(given_root);
  std::error_code error;
  if (std::filesystem::is_directory(options.root, error)) {
    RUNSTONE_TRY(const auto files, artifact::files_below(options.root));
    for (const auto& file : files) {
      if (!is_entry(*draft_, file.relative)) RUNSTONE_TRY(fs::real_file_system().remove(file.path));
    }
  }
  return download(options);
}

Result<void> Artifact::verify(const std::string& given_root) const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  RUNSTONE_TRY(draft_->load_entries());
  const std::string root =
      given_root.empty() ? default_root(now.facts, true) : absolute(given_root);
  const auto entries = entries_of(*draft_, "");
  std::error_code error;
  if (std::filesystem::is_directory(root, error)) {
    RUNSTONE_TRY(const auto files, artifact::files_below(root));
    for (const auto& file : files) {
      if (!is_entry(*draft_, file.relative)) {
        return fail(ErrorCode::kCorrupt,
                    "Found file " + file.path + " which is not a member of artifact " + name());
      }
    }
  }
  std::size_t references = 0;
  for (const auto& entry : entries) {
    if (!entry.ref.empty()) {
      ++references;
      continue;
    }
    const auto same = artifact::has_content(root + "/" + entry.path, entry);
    if (!same) {
      return fail(
          same.error().code == ErrorCode::kNotFound ? ErrorCode::kCorrupt : same.error().code,
          "file '" + entry.path + "' of artifact " + name() + ": " + same.error().message);
    }
    if (!*same) return fail(ErrorCode::kCorrupt, "Digest mismatch for file: " + entry.path);
  }
  if (references > 0) {
    artifact::warn("skipped verification of " + std::to_string(references) + " refs");
  }
  return {};
}

Result<std::string> Artifact::file(const std::string& given_root) const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  RUNSTONE_TRY(const auto list, entries());
  if (list.size() != 1) {
    return fail(ErrorCode::kInvalidArgument,
                "This artifact contains " + std::to_string(list.size()) +
                    " files, not one: call download() to get all of them or "
                    "get_entry(\"filename\").download()");
  }
  DownloadArtifactOptions options;
  options.root = given_root;
  return download_entry(list[0], options);
}

Result<ArtifactEntry> Artifact::get_entry(const std::string& path) const {
  RUNSTONE_TRY(logged(*draft_));
  RUNSTONE_TRY(draft_->load_entries());
  const auto normal = artifact::checked_path(path);
  return draft_->with([&](const artifact::Draft& now) -> Result<ArtifactEntry> {
    const auto found = normal ? now.entries.find(*normal) : now.entries.end();
    if (found != now.entries.end()) return artifact::public_entry(found->second);
    for (const std::string_view type : artifact::kObjectTypes) {  // the name of an object
      const auto object = now.entries.find(artifact::object_path(path, type));
      if (object != now.entries.end()) return artifact::public_entry(object->second);
    }
    return fail(ErrorCode::kNotFound, "Path not contained in artifact: " + path);
  });
}

Result<std::string> Artifact::download_entry(const ArtifactEntry& entry,
                                             const DownloadArtifactOptions& options) const {
  RUNSTONE_TRY(const std::string root, artifact::download_entries(*this, {entry}, options));
  return root + "/" + entry.path;
}

Result<Media> Artifact::get(const std::string& name) const {
  return artifact::read_object(*this, name);
}

Result<std::string> Artifact::ref_url(const ArtifactEntry& entry) const {
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  return artifact::EntryAddress{now.facts.id, entry.path}.text();
}

Result<std::string> Artifact::ref_target(const ArtifactEntry& entry) const {
  if (entry.ref.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "only references have a target, and '" + entry.path + "' is a file");
  }
  if (!artifact::is_entry_address(entry.ref)) return entry.ref;
  RUNSTONE_TRY(const Logged now, logged(*draft_));
  RUNSTONE_TRY(const auto address, artifact::parse_entry_address(entry.ref));
  artifact::OtherVersions others(*now.server);
  RUNSTONE_TRY(const auto found, others.follow(address));
  return found.entry.ref.empty() ? found.address.text() : found.entry.ref;
}

namespace artifact {

Result<std::string> download_entries(const Artifact& version,
                                     const std::vector<ArtifactEntry>& entries,
                                     const DownloadArtifactOptions& options) {
  RUNSTONE_TRY(const Logged now, logged(*version.draft()));
  const std::string root =
      options.root.empty() ? default_root(now.facts, true) : absolute(options.root);
  std::vector<protocol::ManifestEntry> stored;
  for (const ArtifactEntry& entry : entries) stored.push_back(stored_entry(entry));
  RUNSTONE_TRY(download_some(now, std::move(stored), root, options));
  return root;
}

}  // namespace artifact

}  // namespace runstone
