#include "uplink/file_uploads.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

namespace runstone::uplink {
namespace {

constexpr const char* kStandardFiles[] = {"config.yaml", "wandb-metadata.json",
                                          "wandb-summary.json", "requirements.txt"};

bool is_standard(const std::string& name) {
  return std::find(std::begin(kStandardFiles), std::end(kStandardFiles), name) !=
         std::end(kStandardFiles);
}

constexpr std::size_t kMaxFilesOfPattern = 10'000;

/// A journal may come from anywhere: a name must not lead out of the run's directory.
bool stays_inside(const std::string& name) {
  const fs::Path path(name);
  if (name.empty() || path.is_absolute()) return false;
  return std::none_of(path.begin(), path.end(), [](const fs::Path& part) { return part == ".."; });
}

/// Names of the plain files below a directory, relative to it. Links to directories are not
/// followed.
std::vector<std::string> names_below(fs::FileSystem& disk, const fs::Path& directory) {
  std::vector<std::string> found;
  std::deque<std::string> folders{""};
  while (!folders.empty() && found.size() < kMaxFilesOfPattern) {
    const std::string folder = std::move(folders.front());
    folders.pop_front();
    const auto names = disk.list(directory / folder);
    if (!names) continue;
    for (const std::string& name : *names) {
      const std::string path = folder.empty() ? name : folder + "/" + name;
      const auto info = disk.info(directory / path);
      if (!info || (info->is_directory && info->is_symlink)) continue;
      if (info->is_directory) {
        folders.push_back(path);
      } else {
        found.push_back(path);
      }
    }
  }
  return found;
}

}  // namespace

FileUploads::FileUploads(fs::FileSystem& disk, fs::Path files_directory)
    : disk_(disk), directory_(std::move(files_directory)) {}

void FileUploads::enqueue(Upload upload) {
  const bool ignored = std::any_of(ignored_.begin(), ignored_.end(), [&](const auto& pattern) {
    return fnmatch(pattern.c_str(), upload.name.c_str(), 0) == 0;
  });
  if (ignored) return;
  const auto same = std::find_if(due_.begin(), due_.end(),
                                 [&](const Upload& other) { return other.name == upload.name; });
  if (same == due_.end()) due_.push_back(std::move(upload));
}

void FileUploads::share(const std::string& console_name, bool is_primary) {
  console_name_ = console_name;
  is_primary_ = is_primary;
}

void FileUploads::add(const std::vector<protocol::FilesRecord::File>& files) {
  for (const auto& file : files) {
    if (!stays_inside(file.path)) {
      ++failed_;
      complaints_.push_back("file \"" + file.path + "\" is outside of the run's directory");
      continue;
    }
    if (!is_primary_ && is_standard(file.path)) continue;
    const bool at_end = file.policy != protocol::FilesRecord::Policy::kNow;
    if (at_end && std::find(at_end_.begin(), at_end_.end(), file.path) == at_end_.end()) {
      at_end_.push_back(file.path);
    }
    // A live file that is not there yet is no failure: it is looked for again at the end.
    if (file.policy == protocol::FilesRecord::Policy::kEnd) continue;
    if (at_end && !disk_.exists(directory_ / file.path)) continue;
    enqueue_from_disk(file.path);
  }
}

void FileUploads::enqueue_from_disk(const std::string& name) {
  // The stock client notes a folder that was saved by its name alone (and then sends nothing of
  // it).
  if (const auto info = disk_.info(directory_ / name); info && info->is_directory) {
    const auto below = names_below(disk_, directory_ / name);
    for (const std::string& found : below) {
      const std::string path = (fs::Path(name) / found).generic_string();
      enqueue({.name = path, .path = (directory_ / path).string()});
    }
    if (below.size() < kMaxFilesOfPattern) return;
    return give_up(
        name, "only the first " + std::to_string(kMaxFilesOfPattern) + " files of the folder were");
  }
  // A name may be a pattern; a file that is called just so comes first.
  if (name.find_first_of("*?[") == std::string::npos || disk_.exists(directory_ / name)) {
    return enqueue({.name = name, .path = (directory_ / name).string()});
  }
  for (const std::string& found : names_below(disk_, directory_)) {
    if (fnmatch(name.c_str(), found.c_str(), 0) != 0) continue;
    enqueue({.name = found, .path = (directory_ / found).string()});
  }
}

void FileUploads::end_run(
    bool disk_may_be_old,
    const std::function<std::optional<std::string>(const std::string& name)>& make) {
  for (const std::string& name : std::exchange(at_end_, {})) enqueue_from_disk(name);
  std::vector<std::string> names;
  if (is_primary_) names.assign(std::begin(kStandardFiles), std::end(kStandardFiles));
  names.push_back(console_name_);
  for (const std::string& name : names) {
    const bool on_disk = disk_.exists(directory_ / name);
    auto bytes = disk_may_be_old || !on_disk ? make(name) : std::nullopt;
    if (bytes) {
      due_.erase(std::remove_if(due_.begin(), due_.end(),
                                [&](const Upload& other) { return other.name == name; }),
                 due_.end());
      enqueue({.name = name, .bytes = std::move(*bytes)});
    } else if (on_disk || disk_.exists(directory_ / name)) {  // make() may have put it there
      enqueue({.name = name, .path = (directory_ / name).string()});
    }
  }
}

std::deque<Upload>::const_iterator FileUploads::next_startable() const {
  return std::find_if(due_.begin(), due_.end(),
                      [&](const Upload& upload) { return sending_.count(upload.name) == 0; });
}

bool FileUploads::has_startable() const { return next_startable() != due_.end(); }

std::optional<Trouble> FileUploads::start_one(ApiClient& api, const RunIdentity& run,
                                              FileSender& sender, std::int64_t timeout_us,
                                              std::int64_t file_timeout_us) {
  const auto next = next_startable();
  if (next == due_.end()) return std::nullopt;
  const auto url = urls_.find(next->name);
  if (url == urls_.end()) return ask_for_urls(api, run, timeout_us);
  FileJob job{.url = {.name = next->name, .url = url->second},
              .headers = put_headers_,
              .upload = *next,
              .timeout_us = file_timeout_us};
  sending_.insert(next->name);
  urls_.erase(url);
  due_.erase(next);
  sender.start(std::move(job));
  return std::nullopt;
}

FileUploads::Collected FileUploads::collect(FileSender& sender) {
  Collected collected;
  for (FinishedFile& file : sender.take_finished()) {
    ++collected.count;
    sending_.erase(file.upload.name);
    if (!file.trouble) {
      uploaded_.push_back(file.upload.name);
    } else if (file.trouble->kind == TroubleKind::kRefused ||
               file.trouble->kind == TroubleKind::kNoFile) {
      give_up(file.upload.name, file.trouble->message);
    } else {
      urls_.clear();  // a signed address may have run out by the next try
      const auto same = std::find_if(due_.begin(), due_.end(), [&](const Upload& other) {
        return other.name == file.upload.name;
      });
      if (same == due_.end()) due_.push_front(std::move(file.upload));
      collected.trouble = std::move(file.trouble);
    }
  }
  return collected;
}

std::optional<Trouble> FileUploads::ask_for_urls(ApiClient& api, const RunIdentity& run,
                                                 std::int64_t timeout_us) {
  std::vector<std::string> names;
  for (const Upload& upload : due_) {
    if (sending_.count(upload.name) == 0 && names.size() < kNamesPerRequest) {
      names.push_back(upload.name);
    }
  }
  const auto drop = [&](const std::string& name, const std::string& why) {
    const auto upload = std::find_if(due_.begin(), due_.end(),
                                     [&](const Upload& other) { return other.name == name; });
    due_.erase(upload);
    give_up(name, why);
  };
  auto created = api.create_run_files(run, names, timeout_us);
  if (!created) {
    const Trouble& trouble = created.trouble();
    if (trouble.kind != TroubleKind::kRefused) return trouble;
    for (const std::string& name : names) drop(name, trouble.message);
    return std::nullopt;
  }
  put_headers_ = std::move(created->headers);
  urls_.clear();
  for (auto& file : created->files) {
    if (!file.url.empty()) urls_.emplace(std::move(file.name), std::move(file.url));
  }
  if (urls_.count(names.front()) == 0) drop(names.front(), "the server gives no address for it");
  return std::nullopt;
}

void FileUploads::give_up(const std::string& name, const std::string& why) {
  ++failed_;
  complaints_.push_back("file \"" + name + "\" was not sent: " + why);
}

}  // namespace runstone::uplink
