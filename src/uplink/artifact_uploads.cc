#include "uplink/artifact_uploads.h"

#include <algorithm>

#include "artifact/manifest.h"
#include "artifact/manifest_lines.h"
#include "artifact/sent_copies.h"
#include "base/encoding.h"

namespace runstone::uplink {
namespace {

constexpr std::size_t kFilesPerRequest = 100;
constexpr int kRefusedPutsMax = 3;
constexpr std::string_view kClientScheme = "wandb-client-artifact://";
constexpr const char* kManifestName = "manifest";
constexpr std::int64_t kLongestUsPerByte = 10;  // 100 kB/s: a large file may take its time
constexpr const char* kMd5 = "MANIFEST_MD5";

std::optional<Trouble> trouble_of(const Error& error) {
  return Trouble{.kind = TroubleKind::kRetry, .message = error.message};
}

bool is_gone_or_refused(const Trouble& trouble) {
  return trouble.kind == TroubleKind::kRefused || trouble.kind == TroubleKind::kNoFile;
}

}  // namespace

bool ArtifactUploads::is_waiting(const FileSender& sender) const {
  if (!job_ || job_->in_flight == 0) return false;
  return job_->puts.empty() || !sender.has_room();
}

bool ArtifactUploads::start_next() {
  if (job_) return true;
  if (waiting_.empty()) return false;
  Record record = std::move(waiting_.front());
  waiting_.pop_front();
  job_.emplace();
  if (auto* artifact = std::get_if<protocol::ArtifactRecord>(&record)) {
    job_->record = std::move(*artifact);
  } else {
    job_->server_id = std::get<protocol::UseArtifactRecord>(record).id;
    job_->stage = Stage::kUse;
  }
  return true;
}

ArtifactUploads::Step ArtifactUploads::step(ApiClient& api, const RunIdentity& run,
                                            FileSender& sender, std::int64_t timeout_us,
                                            std::int64_t file_timeout_us) {
  Step step;
  timeout_us_ = timeout_us;
  file_timeout_us_ = file_timeout_us;
  step.trouble = collect(sender, step.progress);
  if (step.trouble || !start_next()) return step;
  if (!job_->puts.empty()) {
    if (!sender.has_room()) return step;
    sender.start(std::move(job_->puts.front()));
    job_->puts.pop_front();
    ++job_->in_flight;
    step.progress = true;
    return step;
  }
  if (job_->in_flight > 0) return step;
  if (!job_->failure.empty()) {
    fail_job(job_->failure);
    step.progress = true;
    return step;
  }
  step.trouble = request_step(api, {run.entity, run.project, run.run_id});
  step.progress = true;
  if (step.trouble && is_gone_or_refused(*step.trouble)) {
    fail_job(step.trouble->message);
    step.trouble.reset();
  }
  return step;
}

std::optional<Trouble> ArtifactUploads::request_step(ApiClient& api,
                                                     const protocol::RunAddress& run) {
  switch (job_->stage) {
    case Stage::kCreate:
      return create(api, run);
    case Stage::kRedigest:
      return redigest();
    case Stage::kManifest:
      return announce_manifest(api, run);
    case Stage::kReferences:
      return resolve_references(api);
    case Stage::kFiles:
      return ask_for_files(api);
    case Stage::kManifestFile:
      return ask_for_manifest_file(api, run);
    case Stage::kCommit:
      return commit(api);
    case Stage::kUse:
      return use(api, run);
  }
  return std::nullopt;
}

std::optional<Trouble> ArtifactUploads::create(ApiClient& api, const protocol::RunAddress& run) {
  if (!job_->record.manifest.manifest_file_path.empty()) {
    auto entries = artifact::read_manifest_lines(job_->record.manifest.manifest_file_path);
    if (!entries) {
      return Trouble{.kind = TroubleKind::kNoFile,
                     .message = "its list of files, which its writer left in a file of its own: " +
                                entries.error().message +
                                ". Bring that file back and sync the run again"};
    }
    job_->record.manifest.contents = *std::move(entries);
    job_->record.manifest.manifest_file_path.clear();
  }
  auto data = api.graphql("CreateArtifact", protocol::kCreateArtifactDocument,
                          protocol::create_artifact_variables(run, job_->record), timeout_us_);
  const bool is_of_md5 =
      job_->record.digest_algorithm.empty() || job_->record.digest_algorithm == kMd5;
  if (!data && data.trouble().kind == TroubleKind::kRefused && !is_of_md5) {
    job_->stage = Stage::kRedigest;
    return std::nullopt;
  }
  if (!data) return data.trouble();
  const auto created = protocol::parse_created_artifact(*data);
  if (!created) return trouble_of(created.error());
  job_->server_id = created->id;
  job_->latest_id = created->latest_id;
  server_ids_[job_->record.client_id] = created->id;
  job_->stage = Stage::kManifest;
  if (!created->is_committed) return std::nullopt;
  if (job_->record.use_after_commit) {
    job_->stage = Stage::kUse;
  } else {
    finish_job();
  }
  return std::nullopt;
}

// One file at each step, so that rows go on meanwhile.
std::optional<Trouble> ArtifactUploads::redigest() {
  auto& contents = job_->record.manifest.contents;
  if (job_->next_file < contents.size()) {
    auto digested = artifact::digest_by_md5(contents[job_->next_file]);
    if (!digested) {
      return Trouble{.kind = TroubleKind::kNoFile, .message = digested.error().message};
    }
    ++job_->next_file;
    return std::nullopt;
  }
  job_->next_file = 0;
  job_->record.digest_algorithm = kMd5;
  job_->record.digest = artifact::artifact_digest(contents);
  job_->stage = Stage::kCreate;
  return std::nullopt;
}

protocol::ManifestRequest ArtifactUploads::manifest_request(const std::string& digest) const {
  const protocol::ArtifactRecord& record = job_->record;
  protocol::ManifestRequest request;
  request.artifact_id = job_->server_id;
  request.digest = digest;
  if (record.incremental) {
    request.type = "INCREMENTAL";
    request.name = "wandb_manifest.incremental.json";
    request.base_artifact_id = record.base_id.empty() ? job_->latest_id : record.base_id;
  } else if (!record.distributed_id.empty()) {
    request.type = "PATCH";
    request.name = "wandb_manifest.patch.json";
  } else {
    request.type = "FULL";
    request.name = "wandb_manifest.json";
  }
  return request;
}

std::optional<Trouble> ArtifactUploads::announce_manifest(ApiClient& api,
                                                          const protocol::RunAddress& run) {
  auto data = api.graphql("CreateArtifactManifest", protocol::kCreateArtifactManifestDocument,
                          protocol::create_artifact_manifest_variables(run, manifest_request("")),
                          timeout_us_);
  if (!data) return data.trouble();
  const auto slot = protocol::parse_artifact_manifest(*data);
  if (!slot) return trouble_of(slot.error());
  job_->manifest_id = slot->id;
  job_->stage = Stage::kReferences;
  return std::nullopt;
}

// A reference to an artifact by its client's id (a table's cell, say) becomes one by its server's.
std::optional<Trouble> ArtifactUploads::resolve_references(ApiClient& api) {
  for (auto& entry : job_->record.manifest.contents) {
    if (std::string_view(entry.ref).substr(0, kClientScheme.size()) != kClientScheme) continue;
    const std::string rest = entry.ref.substr(kClientScheme.size());
    const std::string client_id = rest.substr(0, rest.find('/'));
    if (server_ids_.count(client_id) == 0) {
      Dict variables;
      variables.set("clientID", client_id);
      auto data = api.graphql("ClientIDMapping", protocol::kClientIdMappingDocument,
                              Value(std::move(variables)), timeout_us_);
      if (!data) return data.trouble();
      const Value* mapping = data->get("clientIDMapping");
      const Value* server_id = mapping == nullptr ? nullptr : mapping->get("serverID");
      if (server_id == nullptr || !server_id->is_string()) {
        return Trouble{
            .kind = TroubleKind::kRefused,
            .message = "it refers to an artifact that is not on the server: " + entry.ref};
      }
      server_ids_[client_id] = server_id->string_or("");
    }
    const std::string bytes = from_base64(server_ids_[client_id]).value_or("");
    entry.ref = "wandb-artifact://" + to_hex(bytes) + rest.substr(client_id.size());
  }
  job_->stage = Stage::kFiles;
  return std::nullopt;
}

std::optional<Trouble> ArtifactUploads::ask_for_files(ApiClient& api) {
  auto& contents = job_->record.manifest.contents;
  std::vector<const protocol::ManifestEntry*> batch;
  std::vector<std::size_t> indices;
  std::size_t at = job_->next_file;
  for (; at < contents.size() && batch.size() < kFilesPerRequest; ++at) {
    if (!contents[at].ref.empty() || contents[at].local_path.empty()) continue;
    batch.push_back(&contents[at]);
    indices.push_back(at);
  }
  if (batch.empty()) {
    job_->stage = Stage::kManifestFile;
    return std::nullopt;
  }
  auto data = api.graphql(
      "CreateArtifactFiles", protocol::kCreateArtifactFilesDocument,
      protocol::create_artifact_files_variables(job_->server_id, job_->manifest_id, batch),
      timeout_us_);
  if (!data) return data.trouble();
  auto slots = protocol::parse_artifact_files(*data, batch.size());
  if (!slots) return trouble_of(slots.error());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto& entry = contents[indices[i]];
    auto& slot = (*slots)[i];
    if (!slot.id.empty()) entry.birth_artifact_id = slot.id;
    if (slot.url.empty()) continue;  // the server has these bytes
    job_->puts.push_back({.url = {.name = entry.path, .url = slot.url},
                          .headers = std::move(slot.headers),
                          .upload = {.name = entry.path, .path = artifact::content_path(entry)},
                          .timeout_us = file_timeout_us_ + entry.size_bytes * kLongestUsPerByte});
  }
  job_->next_file = at;
  return std::nullopt;
}

std::optional<Trouble> ArtifactUploads::ask_for_manifest_file(ApiClient& api,
                                                              const protocol::RunAddress& run) {
  if (job_->manifest_is_put) {
    job_->stage = Stage::kCommit;
    return std::nullopt;
  }
  job_->manifest_text = artifact::manifest_json(job_->record.manifest);
  const auto request = manifest_request(artifact::md5_base64(job_->manifest_text));
  const bool is_whole = request.type == "FULL";
  auto data =
      is_whole
          ? api.graphql("CreateArtifactManifest", protocol::kCreateArtifactManifestDocument,
                        protocol::create_artifact_manifest_variables(run, request), timeout_us_)
          : api.graphql("UpdateArtifactManifest", protocol::kUpdateArtifactManifestDocument,
                        protocol::update_artifact_manifest_variables(job_->manifest_id, request),
                        timeout_us_);
  if (!data) return data.trouble();
  auto slot = protocol::parse_artifact_manifest(*data);
  if (!slot) return trouble_of(slot.error());
  job_->manifest_is_put = true;
  if (slot->url.empty()) return std::nullopt;
  job_->puts.push_back({.url = {.name = kManifestName, .url = slot->url},
                        .headers = std::move(slot->headers),
                        .upload = {.name = kManifestName, .bytes = job_->manifest_text},
                        .timeout_us = file_timeout_us_});
  return std::nullopt;
}

std::optional<Trouble> ArtifactUploads::commit(ApiClient& api) {
  if (job_->record.finalize) {
    Dict input, variables;
    input.set("artifactID", job_->server_id);
    variables.set("input", std::move(input));
    auto data = api.graphql("CommitArtifact", protocol::kCommitArtifactDocument,
                            Value(std::move(variables)), timeout_us_);
    if (!data) return data.trouble();
  }
  if (job_->record.use_after_commit) {
    job_->stage = Stage::kUse;
  } else {
    finish_job();
  }
  return std::nullopt;
}

std::optional<Trouble> ArtifactUploads::use(ApiClient& api, const protocol::RunAddress& run) {
  auto data = api.graphql("UseArtifact", protocol::kUseArtifactDocument,
                          protocol::use_artifact_variables(run, job_->server_id), timeout_us_);
  if (!data) return data.trouble();
  finish_job();
  return std::nullopt;
}

std::optional<Trouble> ArtifactUploads::collect(FileSender& sender, bool& progress) {
  std::optional<Trouble> passing;
  for (FinishedFile& file : sender.take_finished()) {
    progress = true;
    if (!job_ || job_->in_flight == 0) continue;  // of a job that has failed meanwhile
    --job_->in_flight;
    if (!file.trouble) continue;
    const bool is_manifest = file.upload.name == kManifestName && !file.upload.bytes.empty();
    const bool is_final =
        file.trouble->kind == TroubleKind::kNoFile ||
        (file.trouble->kind == TroubleKind::kRefused && ++job_->refused_puts > kRefusedPutsMax);
    if (is_final) {
      job_->failure = "file \"" + file.upload.name + "\": " + file.trouble->message;
      job_->puts.clear();
      continue;
    }
    // An address may have run out: ask again from here on. What is there already gets none.
    if (is_manifest) {
      job_->manifest_is_put = false;
    } else {
      job_->next_file = 0;
      job_->puts.clear();
    }
    if (file.trouble->kind != TroubleKind::kRefused) passing = std::move(file.trouble);
  }
  return passing;
}

void ArtifactUploads::finish_job() {
  artifact::put_copies_away(job_->record.manifest);
  if (!job_->record.client_id.empty()) {
    outcomes_.push_back({job_->record.client_id, job_->server_id, ""});
  }
  job_.reset();
}

void ArtifactUploads::fail_job(const std::string& why) {
  ++failed_;
  const std::string name = job_->record.name.empty() ? job_->server_id : job_->record.name;
  outcomes_.push_back(
      {job_->record.client_id, "", "artifact \"" + name + "\" was not sent: " + why});
  job_.reset();
}

void ArtifactUploads::give_up(const std::string& why) {
  while (start_next()) fail_job(why);
}

}  // namespace runstone::uplink
