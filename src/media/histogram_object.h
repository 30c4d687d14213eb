#pragma once

#include "media/json_text.h"
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
  /// As a cell of a table; it is no entry of its own.
  Result<std::string> artifact_json(Package&) override {
    JsonText text(JsonText::Form::kArtifact);
    text.add_value(value());
    return std::move(text).take();
  }
  bool same_content(const Object& other) const override {
    if (other.kind() != kind()) return false;
    const auto& histogram = static_cast<const HistogramObject&>(other);
    return counts_ == histogram.counts_ && edges_ == histogram.edges_;
  }

 protected:
  Result<Value> encode(Sink&, const Place&) override { return value(); }

 private:
  Value value() const {
    Dict fields;
    fields.set("_type", type());
    fields.set("values", counts_);
    fields.set("bins", edges_);
    return Value(std::move(fields));
  }

  List counts_, edges_;
};

}  // namespace runstone::media
