#pragma once

#include "media/object.h"

namespace runstone::media {

/// A histogram: it has no file, its counts and edges are the value.
class HistogramObject final : public Object {
 public:
  HistogramObject(List counts, List edges) : counts_(std::move(counts)), edges_(std::move(edges)) {}
  Kind kind() const override { return Kind::kHistogram; }
  std::string_view type() const override { return "histogram"; }
  const List& counts() const { return counts_; }
  const List& edges() const { return edges_; }

 protected:
  Result<Value> encode(Sink&, const Place&) override {
    Dict fields;
    fields.set("_type", type());
    fields.set("values", counts_);
    fields.set("bins", edges_);
    return Value(std::move(fields));
  }

 private:
  List counts_, edges_;
};

}  // namespace runstone::media
