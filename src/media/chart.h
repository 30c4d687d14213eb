#pragma once

#include "media/object.h"
#include "runstone/plot.h"

namespace runstone::media {

/// What is behind a Chart: a table, and how it is drawn.
class ChartObject final : public Object {
 public:
  struct Spec {
    std::string name;
    Dict fields, string_fields;
    bool split_table = false;
    bool is_visualize = false;  // the older form: the table is the value of the key itself
  };
  ChartObject(Table table, Spec spec) : table_(std::move(table)), spec_(std::move(spec)) {}

  Kind kind() const override { return Kind::kChart; }
  std::string_view type() const override { return "custom-chart"; }
  const Table& table() const { return table_; }
  const Spec& spec() const { return spec_; }

  /// The key of the row that its table has when it is logged under `key`.
  std::string table_key(const std::string& key) const;
  /// Where and what the config says of it.
  std::vector<std::string> config_path(const std::string& key) const;
  Value config_value(const std::string& key) const;

 protected:
  /// It is no value of its own: the run logs its table instead.
  Result<Value> encode(Sink& sink, const Place& place) override;

 private:
  Table table_;
  Spec spec_;
};

}  // namespace runstone::media
