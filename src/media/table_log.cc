// A table on its way into a run: a file of its first rows and an artifact of all of them.
#include <libdeflate.h>

#include <algorithm>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/try.h"
#include "media/json_fields.h"
#include "media/npz.h"
#include "media/table_object.h"

namespace runstone::media {
namespace {

constexpr std::size_t kRowsOfEstimate = 256;
constexpr int kMaxNesting = 16;  // of tables in tables and tables that link to each other
constexpr std::int64_t kMaxShownIncrements = 99;
constexpr const char* kChangedAfterLog =
    "A Table with log_mode='IMMUTABLE' was changed after it had been logged: later logs show it as "
    "it was. Give it log_mode='MUTABLE' to log it anew after a change.";

using Form = JsonText::Form;
using Column = TableObject::Column;

/// Writes cells; in an artifact, media put their own files beside the table.
class CellWriter {
 public:
  CellWriter(JsonText& text, Package* package) : text_(text), package_(package) {}

  Result<void> write(const CellView& cell) {
    using Kind = CellView::Kind;
    switch (cell.kind) {
      case Kind::kNull:
        text_.add_null();
        return {};
      case Kind::kBool:
        text_.add_bool(cell.integer != 0);
        return {};
      case Kind::kInt:
        text_.add_int(cell.integer);
        return {};
      case Kind::kDouble:
        text_.add_double(cell.number);
        return {};
      case Kind::kText:
        text_.add_string(cell.text);
        return {};
      case Kind::kNode:
        return write_node(*cell.node);
    }
    return {};
  }

 private:
  bool is_artifact() const { return package_ != nullptr; }

  Result<void> write_node(const Node& node) {
    if (const auto* object = node.if_is<std::shared_ptr<Object>>(); object && is_artifact()) {
      RUNSTONE_TRY(const std::string json, (*object)->artifact_json(*package_));
      text_.add_raw(json);
      return {};
    }
    if (const auto* moment = node.if_is<Timestamp>(); moment && is_artifact()) {
      text_.add_int(unix_ms(*moment));
      return {};
    }
    if (const auto* foreign = node.if_is<Node::Foreign>()) return write_node(*foreign->value);
    if (const auto* items = node.if_is<Node::NodeList>()) return write_list(*items);
    if (const auto* items = node.if_is<Node::NodeDict>()) return write_dict(*items);
    text_.add_value(plain_value(node));
    return {};
  }

  Result<void> write_list(const Node::NodeList& items) {
    text_.add_raw("[");
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) text_.add_separator();
      RUNSTONE_TRY(write_node(items[i]));
    }
    text_.add_raw("]");
    return {};
  }

  Result<void> write_dict(const Node::NodeDict& items) {
    std::vector<const Node::NodeDict::value_type*> order;
    for (const auto& item : items) order.push_back(&item);
    if (is_artifact()) {
      std::sort(order.begin(), order.end(),
                [](const auto* a, const auto* b) { return a->first < b->first; });
    }
    text_.add_raw("{");
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i > 0) text_.add_separator();
      text_.add_key(order[i]->first);
      RUNSTONE_TRY(write_node(order[i]->second));
    }
    text_.add_raw("}");
    return {};
  }

  JsonText& text_;
  Package* package_;
};

Result<void> write_rows(JsonText& text, Package* package, const std::vector<Column>& columns,
                        const std::vector<bool>& is_elsewhere, std::size_t first,
                        std::size_t count) {
  CellWriter cells(text, package);
  text.add_raw("[");
  const std::size_t before = text.text().size();
  for (std::size_t row = first; row < first + count; ++row) {
    if (row > first) text.add_separator();
    if (text.has_sink()) {
      RUNSTONE_TRY(text.pass_on_if_long());
    } else if (row == first + kRowsOfEstimate) {  // a text that doubles is there twice meanwhile
      const std::size_t bytes_a_row = (text.text().size() - before) / kRowsOfEstimate + 1;
      text.text().reserve(before + bytes_a_row * count + bytes_a_row * count / 8);
    }
    text.add_raw("[");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text.add_separator();
      if (!is_elsewhere.empty() && is_elsewhere[i]) {
        text.add_null();
      } else {
        RUNSTONE_TRY(cells.write(columns[i].cells.at(row)));
      }
    }
    text.add_raw("]");
  }
  text.add_raw("]");
  return {};
}

List names_of(const std::vector<Column>& columns) {
  List names;
  for (const Column& column : columns) names.push_back(column.name);
  return names;
}

Result<std::string> pack_arrays(Package& package, const Column& column,
                                const std::vector<std::int64_t>& shape, std::size_t first,
                                std::size_t count) {
  std::vector<std::shared_ptr<const NumberArray>> arrays;
  arrays.reserve(count);
  for (std::size_t row = first; row < first + count; ++row) {
    const CellView cell = column.cells.at(row);
    const auto* array =
        cell.node == nullptr ? nullptr : cell.node->if_is<std::shared_ptr<const NumberArray>>();
    arrays.push_back(array == nullptr ? nullptr : *array);
  }
  RUNSTONE_TRY(const PackedFile packed, pack_generated(package, "serialized_data", ".npz",
                                                       stacked_npz(column.key, arrays, shape)));
  return packed.path;
}

std::string entry_name_of_increment(const std::optional<std::int64_t>& increment,
                                    const std::string& key) {
  return (increment ? std::to_string(*increment) : "None") + "-" +
         std::to_string(system_clock().now_us() / 1000) + "." + key;
}

}  // namespace

std::string own_artifact_name(const std::string& name) {
  std::string kept;
  for (const char c : name) {
    const bool is_allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    if (is_allowed) kept += c;
  }
  constexpr std::size_t kMaxChars = 128, kSuffixChars = 7;
  if (kept == name && name.size() <= kMaxChars) return name;
  kept.resize(std::min(kept.size(), kMaxChars - kSuffixChars));
  const std::uint32_t crc = libdeflate_crc32(0, name.data(), name.size());
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(crc >> shift));
  return kept + "-" + to_base64url(bytes);
}

// --- one table's texts

std::string TableObject::file_text(Rows rows) const {
  JsonText text(Form::kCompact);
  text.add_raw("{\"columns\":");
  text.add_value(Value(names_of(columns_)));
  text.add_raw(",\"data\":");
  const auto written =
      write_rows(text, nullptr, columns_, {}, rows.first, std::min(rows.count, max_rows_));
  discard(written, "only media that are put into an artifact can fail");
  text.add_raw("}");
  return std::move(text).take();
}

Result<TableObject::Rows> TableObject::rows_of_artifact(Package& package, Rows rows) const {
  if (rows.count <= max_artifact_rows_) return rows;
  const std::string counts = "table has " + std::to_string(rows.count) + " rows, limit is " +
                             std::to_string(max_artifact_rows_);
  if (package.refuses_long_tables()) {
    return fail(
        ErrorCode::kInvalidArgument,
        "Table row limit exceeded: " + counts +
            ". Set a higher limit (Table.MAX_ARTIFACT_ROWS, set_limits()), or log fewer rows");
  }
  package.warn("Truncating a table to " + std::to_string(max_artifact_rows_) + " rows: the " +
               counts +
               ". Set a higher limit (Table.MAX_ARTIFACT_ROWS, set_limits()) to keep all.");
  return Rows{rows.first, max_artifact_rows_};
}

Result<void> TableObject::write_for_artifact(JsonText& text, Package& package, Rows rows,
                                             const Dict& more) {
  thread_local int nesting = 0;
  struct Nesting {
    Nesting() { ++nesting; }
    ~Nesting() { --nesting; }
  } const guard;
  if (nesting > kMaxNesting) {
    return fail(ErrorCode::kInvalidArgument,
                "tables that hold or link to each other in a circle "
                "cannot be stored");
  }
  RUNSTONE_TRY(rows, rows_of_artifact(package, rows));
  Dict types;
  std::vector<bool> is_elsewhere(columns_.size(), false);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    TypePlaces places;
    const TypePtr type = artifact_column_type(columns_[i].type);
    if (const TypePtr array = array_type_of(type)) {
      RUNSTONE_TRY(places.array_path,
                   pack_arrays(package, columns_[i], array->shape, rows.first, rows.count));
      places.array_key = columns_[i].key;
      is_elsewhere[i] = true;
    }
    if (type->table != nullptr) {
      RUNSTONE_TRY(const std::string json, type->table->artifact_json(package));
      RUNSTONE_TRY(const PackedFile packed, pack_generated(package, "tables", ".table.json", json));
      places.table_path = [path = packed.path](const Object&) { return path; };
    }
    types.set(columns_[i].key, type_json(type, places));
  }
  bool is_first = true;
  const auto add = [&](const char* key, const Value& value) {
    if (!is_first) text.add_separator();
    is_first = false;
    text.add_key(key);
    text.add_value(value);
  };
  text.add_raw("{");
  add("_type", "table");
  add("column_types",
      Value{{"wb_type", "typedDict"}, {"params", {{"type_map", Value(std::move(types))}}}});
  add("columns", Value(names_of(columns_)));
  text.add_raw(", \"data\": ");
  RUNSTONE_TRY(write_rows(text, &package, columns_, is_elsewhere, rows.first, rows.count));
  if (const Value* increment = more.find("increment_num")) add("increment_num", *increment);
  add("log_mode", log_mode_ == LogMode::kImmutable ? "IMMUTABLE"
                  : log_mode_ == LogMode::kMutable ? "MUTABLE"
                                                   : "INCREMENTAL");
  add("ncols", Value(columns_.size()));
  add("nrows", Value(rows.count));
  if (const Value* paths = more.find("previous_increments_paths")) {
    add("previous_increments_paths", *paths);
  }
  text.add_raw("}");
  return {};
}

Result<std::string> TableObject::artifact_json(Package& package) {
  const std::scoped_lock lock(data_mutex_);
  JsonText text(Form::kArtifact);
  RUNSTONE_TRY(write_for_artifact(text, package, {0, rows_}, {}));
  return std::move(text).take();
}

// Piece by piece: the text of many rows would take as much memory as they do.
Result<void> TableObject::add_to_artifact(Package& package, const std::string& path, Rows rows,
                                          const Dict& more) {
  const auto fill = [&](const Package::Write& write) -> Result<void> {
    JsonText text(Form::kArtifact, write);
    RUNSTONE_TRY(write_for_artifact(text, package, rows, more));
    return text.pass_on();
  };
  RUNSTONE_TRY(package.add_written(path, fill));
  return {};
}

// --- one table's logs

Result<Value> TableObject::bind(Sink& sink, const Place& place) {
  const std::scoped_lock lock(mutex_);
  if (take_change_warning()) sink.warn(kChangedAfterLog);
  if (log_mode_ == LogMode::kIncremental) return encode_increment(sink, place);
  {
    const std::scoped_lock data_lock(data_mutex_);
    if (log_mode_ == LogMode::kMutable && changes_ != logged_changes_) forget_binding();
  }
  return bind_locked(sink, place);
}

Dict TableObject::run_fields(const StoredFile& file, const Sink::Address& address,
                             const std::string& entry, std::size_t rows) const {
  Dict fields = fields_of_file(type(), file);
  fields.set("artifact_path", address.client + entry);
  fields.set("_latest_artifact_path", address.latest + entry);
  fields.set("ncols", columns_.size());
  fields.set("nrows", rows);
  fields.set("log_mode", log_mode_ == LogMode::kImmutable ? "IMMUTABLE"
                         : log_mode_ == LogMode::kMutable ? "MUTABLE"
                                                          : "INCREMENTAL");
  return fields;
}

Result<Value> TableObject::encode(Sink& sink, const Place& place) {
  const std::scoped_lock lock(data_mutex_);
  const std::string entry = place.key + ".table.json";
  const Rows rows{0, rows_};
  RUNSTONE_TRY(const Sink::Address address,
               sink.log_artifact(own_artifact_name("run-" + sink.run_name() + "-" + place.key),
                                 "run_table", false, [&](Package& package) {
                                   return add_to_artifact(package, entry, rows, {});
                                 }));
  RUNSTONE_TRY(const StoredFile file, sink.store("table", ".table.json", place, file_text(rows)));
  was_logged_ = true;
  logged_changes_ = changes_;
  return Value(run_fields(file, address, entry, rows_));
}

// The rows that are new since the last log. The first increment is called None, as the stock client
// calls it, unless the run has increments under this key already.
Result<Value> TableObject::encode_increment(Sink& sink, const Place& place) {
  const std::scoped_lock lock(data_mutex_);
  if (was_logged_ && increments_run_ != sink.run_id()) {
    return fail(ErrorCode::kFailedPrecondition,
                "An incremental Table can only be logged to one run.");
  }
  if (was_logged_ && changes_ == logged_changes_) return last_value_;
  if (!was_logged_) continue_increments(sink, place.key);
  const std::string entry = entry_name_of_increment(increment_, place.key) + ".table.json";
  const std::int64_t number = increment_.value_or(0);
  if (number == kMaxShownIncrements + 1) {
    sink.warn("This table has more than 100 increments: pages show the latest 100.");
  }
  Dict more;
  more.set("increment_num", number);
  more.set("previous_increments_paths", Value(previous_paths_));
  const Rows rows{logged_rows_, rows_ - logged_rows_};
  RUNSTONE_TRY(const Sink::Address address,
               sink.log_artifact(own_artifact_name("run-" + sink.run_name() + "-incr-" + place.key),
                                 "wandb-run-incremental-table", true, [&](Package& package) {
                                   return add_to_artifact(package, entry, rows, more);
                                 }));
  RUNSTONE_TRY(const StoredFile file, sink.store("table", ".table.json", place, file_text(rows)));
  Dict fields = run_fields(file, address, entry, rows_);
  for (const auto& [key, value] : more) fields.set(key, value);
  previous_paths_.emplace_back(address.client + entry);
  increment_ = number + 1;
  increments_run_ = sink.run_id();
  logged_rows_ = rows_;
  was_logged_ = true;
  logged_changes_ = changes_;
  last_value_ = Value(std::move(fields));
  return last_value_;
}

void TableObject::continue_increments(const Sink& sink, const std::string& key) {
  const std::optional<Value> known = sink.known_value(key);
  if (!known) return;
  const Value* type = known->get("_type");
  if (type == nullptr || type->string_or("") != "incremental-table-file") return;
  if (const Value* paths = known->get("previous_increments_paths"); paths && paths->is_list()) {
    previous_paths_ = *paths->if_list();
  }
  if (const Value* last = known->get("artifact_path")) previous_paths_.push_back(*last);
  const Value* number = known->get("increment_num");
  increment_ = (number == nullptr ? 0 : number->int_or(0)) + 1;
}

}  // namespace runstone::media
