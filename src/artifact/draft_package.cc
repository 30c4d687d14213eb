#include "artifact/draft_package.h"

#include "artifact/draft.h"
#include "artifact/read_object.h"
#include "artifact/references.h"
#include "base/try.h"

namespace runstone::artifact {
namespace {

media::PackedFile packed(const ArtifactEntry& entry) {
  return {entry.path, entry.digest, "", entry.size_bytes};
}

bool is_entry_kind(media::Kind kind) {
  return kind != media::Kind::kHistogram && kind != media::Kind::kPlotly &&
         kind != media::Kind::kChart;
}

}  // namespace

Result<media::PackedFile> DraftPackage::add_bytes(const std::string& path, std::string_view bytes) {
  RUNSTONE_TRY(const ArtifactEntry entry, draft_->add_bytes(path, bytes, rules_.overwrite));
  return packed(entry);
}

Result<media::PackedFile> DraftPackage::add_written(
    const std::string& path, const std::function<Result<void>(const Write& write)>& fill) {
  RUNSTONE_TRY(const ArtifactEntry entry, draft_->add_written(path, fill, rules_.overwrite));
  return packed(entry);
}

Result<media::PackedFile> DraftPackage::add_file(const std::string& path,
                                                 const std::string& local_path) {
  AddFileOptions options;
  options.name = path;
  options.overwrite = rules_.overwrite;
  RUNSTONE_TRY(const ArtifactEntry entry, draft_->add_file(local_path, options));
  return packed(entry);
}

Result<media::PackedFile> DraftPackage::add_reference(const std::string& path,
                                                      const std::string& uri) {
  RUNSTONE_TRY(const auto entries, reference_entries(uri, path, false, 1));
  RUNSTONE_TRY(draft_->add(stored_entry(entries.at(0)), false));
  return packed(entries.at(0));
}

bool DraftPackage::has_entry(const std::string& path) const {
  return draft_->with([&](const Draft& draft) { return draft.entries.count(path) > 0; });
}

Result<media::PackedFile> DraftPackage::add_object(const std::shared_ptr<media::Object>& object,
                                                   const std::string& name) {
  if (object == nullptr) {
    return fail(ErrorCode::kInvalidType, "there is nothing to add to the artifact");
  }
  if (!is_entry_kind(object->kind())) {
    return fail(ErrorCode::kInvalidType,
                "Found an object of the type " + std::string(object->type()) +
                    ", expected a Table, Image, Audio, Video, Html, Object3D, Molecule, Classes or "
                    "JoinedTable");
  }
  RUNSTONE_TRY(draft_->check_still_open());
  if (const auto known = draft_->entry_of(object.get())) return packed(*known);
  const std::string path = object_path(name, object->artifact_type());
  if (!rules_.overwrite) {
    if (const auto taken = draft_->entry_at(path)) return packed(*taken);
  }
  RUNSTONE_TRY(const std::string text, object->artifact_json(*this));
  RUNSTONE_TRY(const media::PackedFile file, add_bytes(path, text));
  draft_->remember(object, file.path);
  return file;
}

}  // namespace runstone::artifact
