#include "media/object.h"

#include "base/try.h"

namespace runstone::media {

Result<Value> Object::bind(Sink& sink, const Place& place) {
  const std::scoped_lock lock(mutex_);
  if (bound_run_ == sink.run_id()) return bound_;
  RUNSTONE_TRY(Value value, encode(sink, place));
  bound_run_ = sink.run_id();
  bound_ = value;
  return value;
}

}  // namespace runstone::media
