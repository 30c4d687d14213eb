#include "base/json.h"
#include "capi/fields.h"

namespace runstone::capi {
namespace {

using Text = std::optional<std::string>;

std::string truth(bool value) { return value ? "true" : "false"; }
std::string texts(const std::vector<std::string>& list) {
  return json::to_text(Value(List(list.begin(), list.end())));
}

Result<Text> entries_text(const Artifact& artifact) {
  List list;
  RUNSTONE_TRY(const auto entries, artifact.entries());
  for (const ArtifactEntry& entry : entries) {
    Dict dict{{"path", entry.path}, {"digest", entry.digest}, {"size", entry.size_bytes}};
    if (!entry.ref.empty()) dict.set("ref", entry.ref);
    list.emplace_back(std::move(dict));
  }
  return Text(json::to_text(Value(std::move(list))));
}

template <Result<std::string> (Artifact::*kMember)() const>
Result<Text> of_server(const Artifact& it) {
  RUNSTONE_TRY(auto text, (it.*kMember)());
  return Text(std::move(text));
}
template <Result<std::vector<std::string>> (Artifact::*kMember)() const>
Result<Text> list_of_server(const Artifact& it) {
  RUNSTONE_TRY(const auto list, (it.*kMember)());
  return Text(texts(list));
}

struct Property {
  const char* name;
  Result<Text> (*get)(const Artifact& artifact);
};
constexpr Property kProperties[] = {
    {"name", [](const Artifact& it) -> Result<Text> { return Text(it.name()); }},
    {"type", [](const Artifact& it) -> Result<Text> { return Text(it.type()); }},
    {"description", [](const Artifact& it) -> Result<Text> { return Text(it.description()); }},
    {"metadata",
     [](const Artifact& it) -> Result<Text> { return Text(json::to_text(Value(it.metadata()))); }},
    {"digest", [](const Artifact& it) -> Result<Text> { return Text(it.digest()); }},
    {"size",
     [](const Artifact& it) -> Result<Text> { return Text(std::to_string(it.size_bytes())); }},
    {"state", [](const Artifact& it) -> Result<Text> { return Text(it.state()); }},
    {"id",
     [](const Artifact& it) -> Result<Text> { return it.id().empty() ? Text() : Text(it.id()); }},
    {"entries", entries_text},
    {"is_final", [](const Artifact& it) -> Result<Text> { return Text(truth(it.is_final())); }},
    {"is_sent", [](const Artifact& it) -> Result<Text> { return Text(truth(it.is_sent())); }},
    {"is_link", [](const Artifact& it) -> Result<Text> { return Text(truth(it.is_link())); }},
    {"version", of_server<&Artifact::version>},
    {"entity", of_server<&Artifact::entity>},
    {"project", of_server<&Artifact::project>},
    {"collection", of_server<&Artifact::collection>},
    {"qualified_name", of_server<&Artifact::qualified_name>},
    {"url", of_server<&Artifact::url>},
    {"aliases", list_of_server<&Artifact::aliases>},
    {"tags", list_of_server<&Artifact::tags>},
};

}  // namespace
}  // namespace runstone::capi

using namespace runstone;
using namespace runstone::capi;

runstone_status runstone_artifact_new(const char* name, const char* type,
                                      const runstone_field* options, size_t count,
                                      runstone_artifact** artifact) {
  return make<Artifact>(artifact, [&]() -> Result<Artifact> {
    RUNSTONE_TRY(const auto name_text, required(name, "the name"));
    RUNSTONE_TRY(const auto type_text, required(type, "the type"));
    ArtifactOptions wanted;
    OptionReader reader("runstone_artifact_new", options, count);
    reader.read("description", wanted.description);
    reader.read("metadata", wanted.metadata);
    reader.read("incremental", wanted.incremental);
    RUNSTONE_TRY(reader.done());
    return Artifact::create(name_text, type_text, wanted);
  });
}

runstone_status runstone_artifact_add_file(runstone_artifact* artifact, const char* path,
                                           const runstone_field* options, size_t count) {
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer {
    RUNSTONE_TRY(const auto file, required(path, "the path"));
    AddFileOptions wanted;
    OptionReader reader("runstone_artifact_add_file", options, count);
    reader.read("name", wanted.name);
    reader.read("policy", wanted.policy);
    reader.read("overwrite", wanted.overwrite);
    RUNSTONE_TRY(reader.done());
    RUNSTONE_TRY(it.add_file(file, wanted));
    return {};
  });
}

runstone_status runstone_artifact_add_dir(runstone_artifact* artifact, const char* path,
                                          const runstone_field* options, size_t count) {
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer {
    RUNSTONE_TRY(const auto folder, required(path, "the path"));
    std::string name, policy = "mutable";
    OptionReader reader("runstone_artifact_add_dir", options, count);
    reader.read("name", name);
    reader.read("policy", policy);
    RUNSTONE_TRY(reader.done());
    return it.add_dir(folder, name, policy);
  });
}

runstone_status runstone_artifact_add_bytes(runstone_artifact* artifact, const char* path,
                                            const void* bytes, size_t size,
                                            const runstone_field* options, size_t count) {
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer {
    RUNSTONE_TRY(const auto name, required(path, "the path"));
    RUNSTONE_TRY(const auto content, array(static_cast<const char*>(bytes), size, "the bytes"));
    bool overwrite = false;
    OptionReader reader("runstone_artifact_add_bytes", options, count);
    reader.read("overwrite", overwrite);
    RUNSTONE_TRY(reader.done());
    RUNSTONE_TRY(it.add_bytes(name, std::string_view(content.data(), content.size()), overwrite));
    return {};
  });
}

runstone_status runstone_artifact_add_reference(runstone_artifact* artifact, const char* uri,
                                                const runstone_field* options, size_t count) {
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer {
    RUNSTONE_TRY(const auto address, required(uri, "the address"));
    std::string name;
    bool checksum = true;
    std::optional<std::int64_t> max_objects;
    OptionReader reader("runstone_artifact_add_reference", options, count);
    reader.read("name", name);
    reader.read("checksum", checksum);
    reader.read("max_objects", max_objects);
    RUNSTONE_TRY(reader.done());
    if (max_objects && *max_objects < 0) {
      return fail(ErrorCode::kInvalidArgument, "max_objects is negative");
    }
    RUNSTONE_TRY(max_objects ? it.add_reference(address, name, checksum,
                                                static_cast<std::uint64_t>(*max_objects))
                             : it.add_reference(address, name, checksum));
    return {};
  });
}

runstone_status runstone_artifact_remove(runstone_artifact* artifact, const char* path) {
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer {
    RUNSTONE_TRY(const auto entry, required(path, "the path"));
    return it.remove(entry);
  });
}

runstone_status runstone_artifact_property(const runstone_artifact* artifact, const char* name,
                                           char** text, size_t* size) {
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer {
    RUNSTONE_TRY(const auto wanted, required(name, "the property's name"));
    if (text == nullptr) return fail(ErrorCode::kInvalidArgument, "there is no place for the text");
    for (const Property& one : kProperties) {
      if (one.name != wanted) continue;
      RUNSTONE_TRY(const auto found, one.get(it));
      return give(found, text, size);
    }
    return fail(ErrorCode::kInvalidArgument, "an artifact has no property '" + wanted + "'");
  });
}

void runstone_artifact_free(runstone_artifact* artifact) { free_handle<Artifact>(artifact); }
