// A list of media of one kind has a form of its own.
#include "base/try.h"
#include "media/audio.h"
#include "media/file_object.h"
#include "media/image.h"
#include "media/object.h"
#include "media/video.h"

namespace runstone::media {
namespace {

constexpr std::size_t kMaxImages = 108;

Value field_of(const Value& value, const char* name) {
  const Value* field = value.get(name);
  return field == nullptr ? Value() : *field;
}

/// The values at `name`; null where there is none.
List fields_of(const List& singles, const char* name) {
  List fields;
  for (const Value& single : singles) fields.push_back(field_of(single, name));
  return fields;
}

bool any(const List& values) {
  for (const Value& value : values) {
    if (!value.is_null()) return true;
  }
  return false;
}

// The first one decides whether there are captions at all.
Value captions_or_false(const List& singles) {
  List captions = fields_of(singles, "caption");
  return captions[0].is_null() ? Value(false) : Value(std::move(captions));
}

Dict batch_of_type(const char* type, const List& singles) {
  Dict batch;
  batch.set("_type", type);
  batch.set("count", singles.size());
  return batch;
}

// Null captions are left out.
Value listed(const char* type, const char* field, const List& items, Value captions) {
  Dict batch = batch_of_type(type, items);
  batch.set(field, items);
  if (!captions.is_null()) batch.set("captions", std::move(captions));
  return Value(std::move(batch));
}

Value images(const List& singles) {
  Dict batch = batch_of_type("images/separated", singles);
  for (const char* name : {"width", "height", "format"})
    batch.set(name, field_of(singles[0], name));
  batch.set("filenames", fields_of(singles, "path"));
  if (Value captions = captions_or_false(singles); captions.is_list()) {
    batch.set("captions", std::move(captions));
  }
  List boxes = fields_of(singles, "boxes");
  if (any(boxes)) batch.set("all_boxes", std::move(boxes));
  List masks = fields_of(singles, "masks");
  if (any(masks)) batch.set("all_masks", std::move(masks));
  return Value(std::move(batch));
}

Value audios(const List& singles, Span<Object* const> objects) {
  List rates, durations;
  for (Object* object : objects) {
    const auto& audio = static_cast<const AudioObject&>(*object);
    rates.emplace_back(audio.sample_rate() == 0 ? Value() : Value(audio.sample_rate()));
    durations.emplace_back(audio.sample_rate() == 0 ? Value() : Value(audio.duration_secs()));
  }
  Dict batch = batch_of_type("audio", singles);
  batch.set("audio", singles);
  batch.set("sampleRates", std::move(rates));
  batch.set("durations", std::move(durations));
  List captions = fields_of(singles, "caption");
  if (any(captions)) {
    for (Value& caption : captions) caption = std::string(caption.string_or(""));
    batch.set("captions", std::move(captions));
  }
  return Value(std::move(batch));
}

Value objects_3d(const List& singles) {
  constexpr std::string_view kFolder = "media/object3D/";
  List names;
  for (const Value& single : singles) {
    names.emplace_back(field_of(single, "path").string_or("").substr(kFolder.size()));
  }
  Dict batch = batch_of_type("object3D", singles);
  batch.set("filenames", std::move(names));
  batch.set("objects", singles);
  return Value(std::move(batch));
}

bool is_one_kind(Span<Object* const> objects) {
  for (Object* object : objects) {
    if (object->kind() != objects[0]->kind()) return false;
  }
  return true;
}

Value batch_of(const List& singles, Span<Object* const> objects) {
  switch (objects[0]->kind()) {
    case Kind::kImage:
      return images(singles);
    case Kind::kAudio:
      return audios(singles, objects);
    case Kind::kVideo:
      return listed("videos", "videos", singles, captions_or_false(singles));
    case Kind::kHtml:
      return listed("html", "html", singles, Value());
    case Kind::kObject3D:
      return objects_3d(singles);
    case Kind::kMolecule:
      return listed("molecule", "filenames", fields_of(singles, "path"),
                    captions_or_false(singles));
    default:
      return Value(singles);
  }
}

}  // namespace

Result<Value> bind_list(Span<Object* const> objects, Sink& sink, const Place& place) {
  if (objects.empty()) return Value(List());
  const bool one_kind = is_one_kind(objects);
  std::size_t count = objects.size();
  if (one_kind && objects[0]->kind() == Kind::kImage && count > kMaxImages) {
    sink.warn("Only " + std::to_string(kMaxImages) + " of the " + std::to_string(count) +
              " images of '" + place.key + "' are logged: a list holds no more.");
    count = kMaxImages;
  }
  const Span<Object* const> kept(objects.data(), count);
  List singles;
  for (Object* object : kept) {
    RUNSTONE_TRY(Value single, object->bind(sink, place));
    singles.push_back(std::move(single));
  }
  return one_kind ? batch_of(singles, kept) : Value(std::move(singles));
}

}  // namespace runstone::media
