#include "sdk/tensorboard_sync.h"

#include <algorithm>
#include <deque>
#include <filesystem>

#include "base/clock.h"
#include "fs/file_system.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;

constexpr std::int64_t kWaitForNamesUs = 10'000'000;
constexpr std::string_view kFileMark = "tfevents";

std::string absolute(const std::string& path) {
  std::error_code error;
  std::string text = stdfs::absolute(path, error).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

bool is_below(const std::string& path, const std::string& root) {
  if (root == "/" || path == root) return true;
  return path.size() > root.size() && path.compare(0, root.size(), root) == 0 &&
         path[root.size()] == '/';
}

/// The deepest folder that both are in.
std::string common_root(const std::string& a, const std::string& b) {
  std::string root = a;
  while (!is_below(b, root)) root = stdfs::path(root).parent_path().string();
  return root;
}

}  // namespace

Result<void> TensorboardSync::add_directory(const std::string& directory, const std::string& root) {
  const std::string path = absolute(directory);
  const std::string above = root.empty() ? "" : absolute(root);
  if (!above.empty() && !is_below(path, above)) {
    return fail(ErrorCode::kInvalidArgument,
                "the log directory " + path + " is not below the root " + above);
  }
  const std::scoped_lock lock(mutex_);
  if (roots_.empty()) first_added_us_ = system_clock().monotonic_us();
  roots_[path] = above;
  return {};
}

std::string TensorboardSync::name_space_of(const std::string& directory) const {
  std::string root = roots_.at(directory);
  if (root.empty()) {
    root = directory;
    for (const auto& [other, given] : roots_) {
      if (given.empty()) root = common_root(root, other);
    }
  }
  const std::string inside = stdfs::path(directory).lexically_relative(root).string();
  return inside == "." ? "" : inside + "/";
}

void TensorboardSync::find_files() {
  for (const auto& [directory, root] : roots_) {
    const auto names = fs::real_file_system().list(directory);
    if (!names) continue;  // not there yet, or for a moment not readable: the next look may find it
    for (const std::string& name : *names) {
      const std::string path = (stdfs::path(directory) / name).string();
      if (name.find(kFileMark) == std::string::npos || sources_.count(path) > 0) continue;
      Source& source = sources_[path];
      source.directory = directory;
      new_files_.push_back(path);
    }
  }
}

void TensorboardSync::look(RunState& run, bool at_finish) {
  const std::scoped_lock one_at_a_time(look_mutex_);
  {
    const std::scoped_lock lock(mutex_);
    if (roots_.empty()) return;
    const bool given = std::any_of(roots_.begin(), roots_.end(),
                                   [](const auto& entry) { return !entry.second.empty(); });
    const auto waited_us = system_clock().monotonic_us() - first_added_us_;
    named_ = named_ || given || at_finish || roots_.size() > 1 || waited_us > kWaitForNamesUs;
    if (!named_) return;
    find_files();
    for (auto& [path, source] : sources_) source.name_space = name_space_of(source.directory);
  }
  for (auto& [path, source] : sources_) read(run, path, source, at_finish);
}

std::vector<std::string> TensorboardSync::take_files() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(new_files_, {});
}

void TensorboardSync::read(RunState& run, const std::string& path, Source& source, bool at_finish) {
  if (source.broken) return;
  const auto give_up = [&](const Error& error) {
    source.broken = true;
    run.warn(path + ": " + error.message + "; what follows in it is not logged");
  };
  if (!source.reader) {
    auto opened = TfEventReader::open(path);
    if (!opened) return give_up(opened.error());
    source.reader.emplace(*std::move(opened));
  }
  bool grew = false;
  while (true) {
    auto event = source.reader->next();
    if (!event) {
      give_up(event.error());
      break;
    }
    if (!*event) break;
    if ((*event)->values.empty()) continue;
    grew = true;
    if (source.row && source.row->step != (*event)->step) write_row(run, source);
    if (!source.row) {
      source.row = **std::move(event);
      continue;
    }
    source.row->wall_time = (*event)->wall_time;
    for (TfValue& value : (*event)->values) source.row->values.push_back(std::move(value));
  }
  // A step to which nothing more came for a while is over.
  const bool is_over = at_finish || (!grew && !source.grew);
  source.grew = grew;
  if (source.row && is_over) write_row(run, source);
}

void TensorboardSync::write_row(RunState& run, Source& source) {
  const TfEvent event = *std::move(source.row);
  source.row.reset();
  std::deque<std::string> keys;  // borrowed by the fields, as are the next two
  std::deque<Result<Histogram>> histograms;
  std::deque<Result<Image>> images;
  std::vector<Field> fields;
  for (const TfValue& value : event.values) {
    const std::string& key = keys.emplace_back(source.name_space + value.tag);
    switch (value.kind) {
      case TfValue::Kind::kNumber:
        fields.emplace_back(key, value.number);
        break;
      case TfValue::Kind::kText:
        fields.emplace_back(key, std::string_view(value.bytes));
        break;
      case TfValue::Kind::kHistogram:
        histograms.push_back(Histogram::from_counts(value.counts, value.edges));
        if (histograms.back()) fields.emplace_back(key, histograms.back());
        break;
      case TfValue::Kind::kImage: {
        const std::string path = run.keep_temporary(value.bytes, ".png");
        images.push_back(Image::from_file(path));
        if (images.back()) fields.emplace_back(key, images.back());
        break;
      }
    }
  }
  fields.emplace_back("global_step", event.step);
  fields.emplace_back("_timestamp", event.wall_time);
  const auto logged = run.log({fields.data(), fields.size()}, LogOptions());
  if (!logged) run.warn("A step of TensorBoard's files is not logged: " + logged.error().message);
}

}  // namespace runstone
