#include "media/file_object.h"

#include "base/try.h"
#include "media/json_fields.h"

namespace runstone::media {

std::shared_ptr<FileObject> FileObject::of_bytes(Form form, std::string extension,
                                                 std::string bytes, std::string caption) {
  auto object = std::make_shared<FileObject>(form, std::move(extension), std::move(caption));
  object->bytes_ = std::move(bytes);
  return object;
}

std::shared_ptr<FileObject> FileObject::of_file(Form form, std::string extension, std::string path,
                                                std::string caption) {
  auto object = std::make_shared<FileObject>(form, std::move(extension), std::move(caption));
  object->path_ = std::move(path);
  return object;
}

Result<Value> FileObject::encode(Sink& sink, const Place& place) {
  StoredFile file;
  if (path_.empty()) {
    RUNSTONE_TRY(file, sink.store(form_.folder, extension_, place, bytes_));
  } else {
    RUNSTONE_TRY(file, sink.store_file(form_.folder, extension_, place, path_));
  }
  Dict fields = fields_of_file(type(), file);
  if (!caption_.empty()) fields.set("caption", caption_);
  return Value(std::move(fields));
}

Result<std::string> FileObject::artifact_json(Package& package) {
  if (kind() == Kind::kPlotly) return Object::artifact_json(package);
  RUNSTONE_TRY(const PackedFile file,
               path_.empty() ? pack_generated(package, form_.folder, extension_, bytes_)
                             : pack_file(package, form_.folder, path_));
  return artifact_text_of(type(), file, caption_field(caption_));
}

bool FileObject::same_content(const Object& other) const {
  if (other.kind() != kind()) return false;
  const auto& file = static_cast<const FileObject&>(other);
  return extension_ == file.extension_ && caption_ == file.caption_ && path_ == file.path_ &&
         bytes_ == file.bytes_;
}

}  // namespace runstone::media
