// An image as a part of an artifact: its file, its masks' files, the names of its classes.
#include <algorithm>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/try.h"
#include "media/classes.h"
#include "media/image.h"
#include "media/json_fields.h"

namespace runstone::media {
namespace {

void replace(Dict& all, const Dict& labels) {
  for (const auto& [id, name] : labels) all.set(id, name);
}

// As an entry of a class set writes it: a number where it is one.
Value class_id(const std::string& text) {
  const bool is_number = !text.empty() && text.size() < 18 &&
                         text.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? Value(std::stoll(text)) : Value(text);
}

std::string md5_hex(std::string_view bytes) {
  Digest digest(Digest::Kind::kMd5);
  digest.add(bytes);
  return to_hex(digest.finish());
}

// As Python's repr() shows it, of text without characters that it takes for unprintable.
std::string python_text(const std::string& text) {
  const char quote =
      text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
  std::string shown(1, quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == quote) {
      shown += {'\\', c};
    } else if (c == '\n') {
      shown += "\\n";
    } else if (c == '\r') {
      shown += "\\r";
    } else if (c == '\t') {
      shown += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      shown += "\\x" + to_hex(std::string_view(&c, 1));
    } else {
      shown += c;
    }
  }
  return shown + quote;
}

// The stock client names the entry by the text that Python shows of the set. The same name here
// gives the same artifact the same digest.
std::string class_set_name(const List& class_set) {
  std::string shown;
  for (const Value& one : class_set) {
    const Value& id = *one.get("id");
    const std::string* const text = id.if_string();
    shown += (shown.empty() ? "{'id': " : ", {'id': ") +
             (text ? python_text(*text) : std::to_string(id.int_or(0))) +
             ", 'name': " + python_text(std::string(one.get("name")->string_or(""))) + "}";
  }
  return md5_hex("[" + shown + "]");
}

// Without class_labels: they have an entry of their own.
Value boxes_of(const ImageOptions& options) {
  Dict boxes;
  for (const auto& [name, layer] : options.boxes) boxes.set(name, *layer.get("box_data"));
  return Value(std::move(boxes));
}

}  // namespace

Dict class_map_of(const ImageOptions& options) {
  // One set of names for all layers: the last that names a class has it, as in the stock client.
  Dict all;
  for (const auto& [name, layer] : options.boxes) replace(all, labels_of_boxes(layer));
  for (const auto& [name, mask] : options.masks) replace(all, labels_of_mask(mask));
  replace(all, options.classes);
  return all;
}

Result<PackedFile> ImageObject::pack(Package& package) const {
  if (!pixels_) return pack_file(package, "images", path_);
  RUNSTONE_TRY(const std::string bytes, encoded());
  return pack_generated(package, "images", "." + format_, bytes);
}

Result<void> ImageObject::pack_layers(Package& package, Dict& fields) const {
  List class_set;
  for (const auto& [id, name] : class_map_of(options_)) {
    class_set.push_back(Value{{"id", class_id(id)}, {"name", name}});
  }
  if (!class_set.empty()) {
    const std::string path = "media/classes/" + class_set_name(class_set) + "_cls.classes.json";
    const auto classes = std::make_shared<ClassesObject>(std::move(class_set));
    RUNSTONE_TRY(const std::string json, classes->artifact_json(package));
    RUNSTONE_TRY(const PackedFile entry, package.add_bytes(path, json));
    fields.set("classes",
               Value{{"type", "classes-file"}, {"path", entry.path}, {"digest", entry.digest}});
  }
  if (!options_.boxes.empty()) fields.set("boxes", boxes_of(options_));
  if (options_.masks.empty()) return {};
  Dict masks;
  for (const auto& [name, mask] : options_.masks) {
    PackedFile file;
    if (mask.path.empty()) {
      RUNSTONE_TRY(const Pixels ids, copy_pixels(mask.class_ids, mask.height, mask.width, 1));
      RUNSTONE_TRY(file, pack_generated(package, "images/mask", ".mask.png", encode_png(ids)));
    } else {
      RUNSTONE_TRY(file, pack_file(package, "images/mask", mask.path));
    }
    masks.set(name, Value{{"_type", "mask"}, {"path", file.path}, {"sha256", file.sha256}});
  }
  fields.set("masks", Value(std::move(masks)));
  return {};
}

Result<std::string> ImageObject::artifact_json(Package& package) {
  RUNSTONE_TRY(const PackedFile file, pack(package));
  Dict fields = caption_field(options_.caption);
  fields.set("format", format_);
  if (width_ > 0) {
    fields.set("width", width_);
    fields.set("height", height_);
  }
  if (options_.grouping) fields.set("grouping", *options_.grouping);
  RUNSTONE_TRY(pack_layers(package, fields));
  return artifact_text_of(type(), file, std::move(fields));
}

bool ImageObject::same_content(const Object& other) const {
  if (other.kind() != kind()) return false;
  const auto& image = static_cast<const ImageObject&>(other);
  const auto same_mask = [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.class_ids == b.second.class_ids &&
           a.second.path == b.second.path && a.second.class_labels == b.second.class_labels;
  };
  return format_ == image.format_ && path_ == image.path_ && width_ == image.width_ &&
         height_ == image.height_ && pixels_.has_value() == image.pixels_.has_value() &&
         (!pixels_ || pixels_->bytes == image.pixels_->bytes) &&
         options_.caption == image.options_.caption &&
         options_.grouping == image.options_.grouping && options_.boxes == image.options_.boxes &&
         std::equal(options_.masks.begin(), options_.masks.end(), image.options_.masks.begin(),
                    image.options_.masks.end(), same_mask);
}

}  // namespace runstone::media
