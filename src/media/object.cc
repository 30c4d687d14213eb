#include "media/object.h"

#include "base/try.h"

namespace runstone::media {

Result<Value> Object::bind(Sink& sink, const Place& place) {
  const std::scoped_lock lock(mutex_);
  return bind_locked(sink, place);
}

Result<Value> Object::bind_locked(Sink& sink, const Place& place) {
  if (bound_run_ == sink.run_id()) return bound_;
  RUNSTONE_TRY(Value value, encode(sink, place));
  bound_run_ = sink.run_id();
  bound_ = value;
  return value;
}

Result<std::string> Object::artifact_json(Package&) {
  return fail(ErrorCode::kInvalidType, "an artifact cannot hold a " + std::string(type()));
}

}  // namespace runstone::media
