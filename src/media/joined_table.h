#pragma once

#include "media/object.h"
#include "runstone/table.h"

namespace runstone::media {

/// Two tables as one. Logged to a run, it is in an artifact with both of them.
class JoinedTableObject final : public Object {
 public:
  JoinedTableObject(JoinedTable::Part first, JoinedTable::Part second, Value join_key)
      : parts_{std::move(first), std::move(second)}, join_key_(std::move(join_key)) {}
  Kind kind() const override { return Kind::kJoinedTable; }
  std::string_view type() const override { return "joined-table"; }
  Result<std::string> artifact_json(Package& package) override;

 protected:
  Result<Value> encode(Sink& sink, const Place& place) override;

 private:
  JoinedTable::Part parts_[2];
  Value join_key_;
};

}  // namespace runstone::media
