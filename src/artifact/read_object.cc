#include "artifact/read_object.h"

#include <map>
#include <set>
#include <vector>

#include "artifact/download.h"
#include "artifact/draft.h"
#include "artifact/other_versions.h"
#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "media/unpack.h"

namespace runstone::artifact {
namespace {

bool is_here_or_local(const std::string& ref) {
  return ref.empty() || ref.rfind("file://", 0) == 0;
}

Result<std::string> file_of(const Artifact& version, const ArtifactEntry& entry) {
  if (is_entry_address(entry.ref)) {
    RUNSTONE_TRY(const std::string target, version.ref_target(entry));
    if (!is_here_or_local(target) && !is_entry_address(target)) return target;
  } else if (!is_here_or_local(entry.ref)) {
    return entry.ref;
  }
  return version.download_entry(entry);
}

/// The entries of one version that objects are made of, each downloaded once.
class VersionPackage final : public media::StoredPackage {
 public:
  VersionPackage(Artifact version, std::vector<ArtifactEntry> entries)
      : version_(std::move(version)) {
    for (ArtifactEntry& entry : entries) {
      std::string path = entry.path;
      entries_.emplace(std::move(path), std::move(entry));
    }
  }

  Result<void> bring(const std::vector<std::string>& paths) override {
    std::vector<ArtifactEntry> wanted;
    for (const std::string& path : std::set<std::string>(paths.begin(), paths.end())) {
      const auto entry = entries_.find(path);
      if (entry == entries_.end() || places_.count(path) > 0) continue;
      if (!is_here_or_local(entry->second.ref)) continue;
      wanted.push_back(entry->second);
    }
    if (wanted.empty()) return {};
    RUNSTONE_TRY(const std::string root, download_entries(version_, wanted, {}));
    for (const ArtifactEntry& entry : wanted) places_[entry.path] = root + "/" + entry.path;
    return {};
  }

  Result<std::string> file(const std::string& path) override {
    const auto known = places_.find(path);
    if (known != places_.end()) return known->second;
    const auto entry = entries_.find(path);
    if (entry == entries_.end()) {
      return fail(ErrorCode::kCorrupt, "it is made of '" + path + "', which is not there");
    }
    RUNSTONE_TRY(std::string place, file_of(version_, entry->second));
    return places_[path] = std::move(place);
  }

  Result<std::string> text(const std::string& path) override {
    RUNSTONE_TRY(const std::string place, file(path));
    return fs::read_file(fs::real_file_system(), place);
  }

  Result<Media> object(const std::string& name) override {
    const auto known = objects_.find(name);
    if (known != objects_.end()) return known->second;
    if (!under_way_.insert(name).second) {
      return fail(ErrorCode::kCorrupt, "the object '" + name + "' is made of itself");
    }
    auto made = make(name);
    under_way_.erase(name);
    if (made) objects_[name] = *made;
    return made;
  }

  std::vector<std::string> paths() const override {
    std::vector<std::string> list;
    for (const auto& [path, entry] : entries_) list.push_back(path);
    return list;
  }

 private:
  Result<Media> make(const std::string& name) {
    RUNSTONE_TRY(const auto place, find_object(version_, name));
    if (!place) return Media();
    if (place->version.id() != version_.id()) return read_object(place->version, place->path);
    RUNSTONE_TRY(const std::string text, this->text(place->path));
    const auto stored = json::parse(text);
    if (!stored) return fail(ErrorCode::kCorrupt, "'" + place->path + "' is no JSON");
    return media::unpack(*this, *stored).transform_error([&](Error error) {
      return std::move(error).with_context("'" + place->path + "'");
    });
  }

  const Artifact version_;
  std::map<std::string, ArtifactEntry> entries_;
  std::map<std::string, std::string> places_;  // of entries that were brought, or their address
  std::map<std::string, Media> objects_;
  std::set<std::string> under_way_;
};

Result<VersionPackage> package_of(const Artifact& version) {
  RUNSTONE_TRY(version.facts());  // a draft's files are the user's own
  RUNSTONE_TRY(auto entries, version.entries());
  return VersionPackage(version, std::move(entries));
}

}  // namespace

std::string object_path(const std::string& name, std::string_view type) {
  const std::string suffix = std::string(type) + ".json";
  const bool has_it = name.size() >= suffix.size() &&
                      name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
  return has_it ? name : name + "." + suffix;
}

Result<std::optional<ObjectPlace>> find_object(const Artifact& version, const std::string& name) {
  RUNSTONE_TRY(version.facts());
  RUNSTONE_TRY(version.draft()->load_entries());
  for (const std::string_view type : kObjectTypes) {
    const std::string path = object_path(name, type);
    const auto entry = version.draft()->entry_at(path);
    if (!entry) continue;
    if (!is_entry_address(entry->ref)) return std::optional<ObjectPlace>({version, path});
    const auto server = version.draft()->with([](const Draft& now) { return now.server; });
    RUNSTONE_TRY(const EntryAddress address, parse_entry_address(entry->ref));
    OtherVersions others(*server);
    RUNSTONE_TRY(auto found, others.follow(address));
    return std::optional<ObjectPlace>(
        {Artifact::of_server(server, std::move(found.facts)), std::move(found.address.path)});
  }
  return std::optional<ObjectPlace>();
}

Result<Media> read_object(const Artifact& version, const std::string& name) {
  RUNSTONE_TRY(auto package, package_of(version));
  return package.object(name).transform_error([&](Error error) {
    return std::move(error).with_context("artifact '" + version.name() + "'");
  });
}

Result<std::string> object_file(const Artifact& version, const std::string& path) {
  RUNSTONE_TRY(const ArtifactEntry entry, version.get_entry(path));
  return file_of(version, entry);
}

Result<void> bring_object_files(const Artifact& version, const std::vector<std::string>& paths) {
  RUNSTONE_TRY(auto package, package_of(version));
  return package.bring(paths);
}

}  // namespace runstone::artifact
