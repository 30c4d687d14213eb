#include "media/joined_table.h"

#include "base/try.h"
#include "media/json_text.h"
#include "media/table_object.h"

namespace runstone::media {

Result<std::string> JoinedTableObject::artifact_json(Package& package) {
  Dict fields;
  fields.set("_type", type());
  const char* names[] = {"table1", "table2"};
  for (int i = 0; i < 2; ++i) {
    std::string path = parts_[i].path;
    if (parts_[i].table) {
      RUNSTONE_TRY(const std::string json, parts_[i].table.object()->artifact_json(package));
      RUNSTONE_TRY(const PackedFile file, pack_generated(package, "tables", ".table.json", json));
      path = file.path;
    } else if (!package.has_entry(path)) {
      return fail(ErrorCode::kInvalidArgument,
                  "the artifact has no table '" + path + "': add it before the JoinedTable");
    }
    fields.set(names[i], path);
  }
  fields.set("join_key", join_key_);
  JsonText text(JsonText::Form::kArtifact);
  text.add_value(Value(std::move(fields)));
  return std::move(text).take();
}

Result<Value> JoinedTableObject::encode(Sink& sink, const Place& place) {
  const std::string entry = place.key + ".joined-table.json";
  RUNSTONE_TRY(const Sink::Address address,
               sink.log_artifact(own_artifact_name("run-" + sink.run_name() + "-" + place.key),
                                 "run_table", false, [&](Package& package) -> Result<void> {
                                   RUNSTONE_TRY(const std::string text, artifact_json(package));
                                   RUNSTONE_TRY(package.add_bytes(entry, text));
                                   return {};
                                 }));
  return Value{{"_type", type()}, {"artifact_path", address.client + entry}};
}

}  // namespace runstone::media
