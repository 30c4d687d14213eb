#include "public_api/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/encoding.h"
#include "base/try.h"
#include "protocol/documents.h"
#include "protocol/public_documents.h"
#include "public_api/json_node.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;
using public_api::FileRecord;
using public_api::RunRecord;

// "ProjectInternalId:17" in base64, or a plain number.
std::int64_t project_number_in(const std::string& internal_id) {
  const std::string text = from_base64(internal_id).value_or("");
  const auto colon = text.find(':');
  const std::string digits = colon == text.npos ? internal_id : text.substr(colon + 1);
  std::int64_t number = -1;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() ? number : -1;
}

RunFile parse_file(const Value* node, std::int64_t project_number,
                   const std::shared_ptr<RunRecord>& run) {
  auto record = std::make_shared<FileRecord>();
  record->run = run;
  record->id = public_api::text_at(node, "id");
  record->name = public_api::text_at(node, "name");
  record->url = public_api::text_at(node, "url");
  if (record->url.empty()) record->url = public_api::text_at(node, "directUrl");
  record->mimetype = public_api::text_at(node, "mimetype");
  record->md5 = public_api::text_at(node, "md5");
  record->updated_at = public_api::text_at(node, "updatedAt");
  record->size_bytes = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, public_api::int_at(node, "sizeBytes", 0)));
  record->project_number = project_number;
  return RunFile(std::move(record));
}

Result<Page<RunFile>> file_page(const std::shared_ptr<RunRecord>& run, const FileOptions& options,
                                const std::string& cursor) {
  Dict variables = run->variables();
  variables.set("names", List(options.names.begin(), options.names.end()));
  variables.set("perPage", options.per_page);
  if (!options.pattern.empty()) variables.set("pattern", options.pattern);
  if (!cursor.empty()) variables.set("cursor", cursor);
  RUNSTONE_TRY(const auto data,
               run->session().ask("RunFiles", protocol::kRunFilesDocument, variables));
  RUNSTONE_TRY(const Value* node, run->run_in(data));
  const Value* files = node->get("files");
  const std::int64_t project_number =
      project_number_in(public_api::text_at(public_api::at(&data, "project"), "internalId"));
  Page<RunFile> page;
  for (const Value* file : public_api::nodes_of(files)) {
    page.items.push_back(parse_file(file, project_number, run));
  }
  const Value* info = public_api::at(files, "pageInfo");
  page.cursor = public_api::text_at(info, "endCursor");
  const Value* more = public_api::at(info, "hasNextPage");
  page.has_more = more != nullptr && more->bool_or(false);
  // What the server counts is all files of the run, whatever was asked for.
  if (options.names.empty() && options.pattern.empty()) {
    page.total = public_api::int_at(node, "fileCount", -1);
  } else if (cursor.empty() && !page.has_more) {
    page.total = static_cast<std::int64_t>(page.items.size());
  }
  return page;
}

bool leads_out(const std::string& name) {
  if (name.empty() || name.front() == '/' || name.find('\0') != name.npos) return true;
  for (const auto& part : stdfs::path(name)) {
    if (part == "..") return true;
  }
  return false;
}

// A name beside the target that nobody else uses.
std::string partial_name(const stdfs::path& target) {
  static std::atomic<unsigned> count = 0;
  return target.string() + ".part-" + std::to_string(getpid()) + "-" + std::to_string(count++);
}

// The path of a file below a folder, with `/`; nothing if it is not below it.
std::optional<std::string> path_below(const std::string& path, const std::string& root) {
  std::error_code error;
  const stdfs::path full = stdfs::absolute(stdfs::path(root) / path, error).lexically_normal();
  const stdfs::path base = stdfs::absolute(root, error).lexically_normal();
  const std::string relative = full.lexically_relative(base).generic_string();
  if (relative.empty() || relative == "." || leads_out(relative)) return std::nullopt;
  return relative;
}

bool server_marks_uploads(public_api::Session& session) {
  // A server without the question has not the feature either.
  const auto data = session.ask("ServerFeaturesQuery", protocol::kServerFeaturesDocument, Dict());
  const Value* features = data ? public_api::at(&*data, "serverInfo", "features") : nullptr;
  if (features == nullptr || features->if_list() == nullptr) return false;
  for (const Value& feature : *features->if_list()) {
    const Value* enabled = feature.get("isEnabled");
    if (public_api::text_at(&feature, "name") == "MARK_RUN_FILES_UPLOADED") {
      return enabled != nullptr && enabled->bool_or(false);
    }
  }
  return false;
}

}  // namespace

std::string RunFile::name() const { return record_->name; }
std::uint64_t RunFile::size() const { return record_->size_bytes; }
std::string RunFile::url() const { return record_->url; }
std::string RunFile::mimetype() const { return record_->mimetype; }
std::string RunFile::md5() const { return record_->md5; }
std::string RunFile::updated_at() const { return record_->updated_at; }
std::string RunFile::id() const { return record_->id; }

Result<std::string> RunFile::download(const DownloadOptions& options) const {
  if (leads_out(record_->name)) {
    return fail(ErrorCode::kInvalidArgument,
                "the file's name '" + record_->name + "' leads out of the folder: not downloaded");
  }
  const stdfs::path target = stdfs::path(options.root) / record_->name;
  std::error_code error;
  if (stdfs::exists(target, error) && !options.replace) {
    if (options.exist_ok) return target.string();
    return fail(ErrorCode::kConflict, target.string() +
                                          ": File already exists, pass replace=True to overwrite "
                                          "it or exist_ok=True to leave it as it is");
  }
  stdfs::create_directories(target.parent_path(), error);
  if (error) {
    return fail(ErrorCode::kIo, target.parent_path().string() + ": " + error.message());
  }
  const std::string partial = partial_name(target);
  auto got = record_->run->session().download(record_->url, partial);
  if (got) {
    stdfs::rename(partial, target, error);
    if (!error) return target.string();
    got = fail(ErrorCode::kIo, target.string() + ": " + error.message());
  }
  unlink(partial.c_str());
  return fail(std::move(got).error().with_context("file " + record_->name));
}

Result<void> RunFile::remove() const {
  Dict variables{{"files", List{Value(record_->id)}}};
  if (record_->project_number >= 0) variables.set("projectId", record_->project_number);
  RUNSTONE_TRY(
      record_->run->session().ask("deleteFiles", protocol::kDeleteFilesDocument, variables));
  return {};
}

Result<Pages<RunFile>> PublicRun::files(const FileOptions& options) const {
  if (!options.names.empty() && !options.pattern.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "files are asked for by names or by a pattern, not by both");
  }
  if (options.per_page < 1) {
    return fail(ErrorCode::kInvalidArgument, "per_page must be at least 1");
  }
  return Pages<RunFile>([run = record_, options](const std::string& cursor) {
    return file_page(run, options, cursor);
  });
}

Result<RunFile> PublicRun::file(const std::string& name) const {
  RUNSTONE_TRY(auto found, files({.names = {name}}));
  RUNSTONE_TRY(auto page, found.next());
  if (page.empty()) {
    return fail(ErrorCode::kNotFound, "Could not find file " + name + " of run " + entity() + "/" +
                                          project() + "/" + id() +
                                          ": run.files() lists those that it has");
  }
  return std::move(page.front());
}

Result<RunFile> PublicRun::upload_file(const std::string& path, const std::string& root) const {
  const auto name = path_below(path, root);
  if (!name) {
    return fail(ErrorCode::kInvalidArgument,
                path + " is not below " + root + ": its name in the run is its path there");
  }
  const std::string source = (stdfs::path(root) / path).string();
  struct stat facts {};
  if (stat(source.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return fail(ErrorCode::kNotFound, source + ": there is no such file");
  }
  auto& session = record_->session();
  RUNSTONE_TRY(const auto data, session.ask("CreateRunFiles", protocol::kCreateRunFilesDocument,
                                            protocol::create_run_files_variables(
                                                entity(), project(), id(), {*name})));
  RUNSTONE_TRY(const auto created, protocol::parse_created_run_files(data));
  if (created.files.size() != 1 || created.files.front().url.empty()) {
    return fail(ErrorCode::kUnavailable, "the server gives no address for the file " + *name);
  }
  RUNSTONE_TRY(session.upload(created.files.front(), created.headers, source));
  if (server_marks_uploads(session)) {
    RUNSTONE_TRY(
        session.ask("MarkRunFilesUploaded", protocol::kMarkRunFilesUploadedDocument,
                    protocol::create_run_files_variables(entity(), project(), id(), {*name})));
  }
  return file(*name);
}

}  // namespace runstone
