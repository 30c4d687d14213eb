#pragma once

#include "media/json_text.h"
#include "media/object.h"

namespace runstone::media {

/// Names of classes: an entry of an artifact, and nothing that a row could hold.
class ClassesObject final : public Object {
 public:
  explicit ClassesObject(List class_set) : class_set_(std::move(class_set)) {}
  Kind kind() const override { return Kind::kClasses; }
  std::string_view type() const override { return "classes"; }
  const List& class_set() const { return class_set_; }
  Result<std::string> artifact_json(Package& package) override;
  bool same_content(const Object& other) const override;

 protected:
  Result<Value> encode(Sink& sink, const Place& place) override;

 private:
  List class_set_;
};

}  // namespace runstone::media
