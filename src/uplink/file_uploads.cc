#include "uplink/file_uploads.h"

#include <algorithm>
#include <utility>

namespace runstone::uplink {
namespace {

constexpr const char* kStandardFiles[] = {"config.yaml", "wandb-metadata.json",
                                          "wandb-summary.json", "requirements.txt", "output.log"};

/// A journal may come from anywhere: a name must not lead out of the run's directory.
bool stays_inside(const std::string& name) {
  const fs::Path path(name);
  if (name.empty() || path.is_absolute()) return false;
  return std::none_of(path.begin(), path.end(), [](const fs::Path& part) { return part == ".."; });
}

}  // namespace

FileUploads::FileUploads(fs::FileSystem& disk, fs::Path files_directory)
    : disk_(disk), directory_(std::move(files_directory)) {}

void FileUploads::enqueue(Upload upload) {
  const auto same = std::find_if(due_.begin(), due_.end(),
                                 [&](const Upload& other) { return other.name == upload.name; });
  if (same == due_.end()) due_.push_back(std::move(upload));
}

void FileUploads::add(const std::vector<protocol::FilesRecord::File>& files) {
  for (const auto& file : files) {
    if (!stays_inside(file.path)) {
      ++failed_;
      complaints_.push_back("file \"" + file.path + "\" is outside of the run's directory");
      continue;
    }
    const bool at_end = file.policy != protocol::FilesRecord::Policy::kNow;
    if (at_end && std::find(at_end_.begin(), at_end_.end(), file.path) == at_end_.end()) {
      at_end_.push_back(file.path);
    }
    // A live file that is not there yet is no failure: it is looked for again at the end.
    if (file.policy == protocol::FilesRecord::Policy::kEnd) continue;
    if (at_end && !disk_.exists(directory_ / file.path)) continue;
    enqueue({.name = file.path, .path = (directory_ / file.path).string()});
  }
}

void FileUploads::end_run(
    bool crashed, const std::function<std::optional<std::string>(const std::string& name)>& make) {
  for (const std::string& name : std::exchange(at_end_, {})) {
    enqueue({.name = name, .path = (directory_ / name).string()});
  }
  for (const char* name : kStandardFiles) {
    const bool on_disk = disk_.exists(directory_ / name);
    auto bytes = crashed || !on_disk ? make(name) : std::nullopt;
    if (bytes) {
      enqueue({.name = name, .bytes = std::move(*bytes)});
    } else if (on_disk) {
      enqueue({.name = name, .path = (directory_ / name).string()});
    }
  }
}

std::optional<Trouble> FileUploads::send_one(ApiClient& api, const RunIdentity& run,
                                             std::int64_t timeout_us) {
  if (due_.empty()) return std::nullopt;
  const auto url = urls_.find(due_.front().name);
  if (url == urls_.end()) return ask_for_urls(api, run, timeout_us);
  const Upload& upload = due_.front();
  auto put = api.put({.name = upload.name, .url = url->second}, put_headers_, upload, timeout_us);
  if (!put) {
    const Trouble& trouble = put.trouble();
    if (trouble.kind != TroubleKind::kRefused && trouble.kind != TroubleKind::kNoFile) {
      urls_.clear();  // a signed address may have run out by the next try
      return trouble;
    }
    give_up(trouble.message);
    return std::nullopt;
  }
  uploaded_.push_back(upload.name);
  urls_.erase(url);
  due_.pop_front();
  return std::nullopt;
}

std::optional<Trouble> FileUploads::ask_for_urls(ApiClient& api, const RunIdentity& run,
                                                 std::int64_t timeout_us) {
  std::vector<std::string> names;
  for (const Upload& upload : due_) {
    if (names.size() < kNamesPerRequest) names.push_back(upload.name);
  }
  auto created = api.create_run_files(run, names, timeout_us);
  if (!created) {
    const Trouble& trouble = created.trouble();
    if (trouble.kind != TroubleKind::kRefused) return trouble;
    for (std::size_t i = 0; i < names.size(); ++i) give_up(trouble.message);
    return std::nullopt;
  }
  put_headers_ = std::move(created->headers);
  urls_.clear();
  for (auto& file : created->files) {
    if (!file.url.empty()) urls_.emplace(std::move(file.name), std::move(file.url));
  }
  if (urls_.count(due_.front().name) == 0) give_up("the server gives no address for it");
  return std::nullopt;
}

void FileUploads::give_up(const std::string& why) {
  ++failed_;
  complaints_.push_back("file \"" + due_.front().name + "\" was not sent: " + why);
  urls_.erase(due_.front().name);
  due_.pop_front();
}

}  // namespace runstone::uplink
