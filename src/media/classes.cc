#include "media/classes.h"

namespace runstone::media {

Result<std::string> ClassesObject::artifact_json(Package&) {
  JsonText text(JsonText::Form::kArtifact);
  text.add_value(Value{{"_type", "classes"}, {"class_set", Value(class_set_)}});
  return std::move(text).take();
}

bool ClassesObject::same_content(const Object& other) const {
  return other.kind() == kind() &&
         class_set_ == static_cast<const ClassesObject&>(other).class_set_;
}

Result<Value> ClassesObject::encode(Sink&, const Place& place) {
  return fail(ErrorCode::kInvalidType, "the Classes of '" + place.key +
                                           "' cannot be logged; give them to an Image, or add them "
                                           "to an artifact");
}

}  // namespace runstone::media
