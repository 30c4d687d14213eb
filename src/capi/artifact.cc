#include "base/json.h"
#include "capi/fields.h"

namespace runstone::capi {
namespace {

Result<std::string> entries_text(const Artifact& artifact) {
  List list;
  RUNSTONE_TRY(const auto entries, artifact.entries());
  for (const ArtifactEntry& entry : entries) {
    Dict dict{{"path", entry.path}, {"digest", entry.digest}, {"size", entry.size_bytes}};
    if (!entry.ref.empty()) dict.set("ref", entry.ref);
    list.emplace_back(std::move(dict));
  }
  return json::to_text(Value(std::move(list)));
}

std::string truth(bool value) { return value ? "true" : "false"; }

using Text = std::optional<std::string>;
struct Property {
  const char* name;
  Text (*get)(const Artifact& artifact);
};
constexpr Property kProperties[] = {
    {"name", [](const Artifact& it) -> Text { return it.name(); }},
    {"type", [](const Artifact& it) -> Text { return it.type(); }},
    {"description", [](const Artifact& it) -> Text { return it.description(); }},
    {"metadata", [](const Artifact& it) -> Text { return json::to_text(Value(it.metadata())); }},
    {"digest", [](const Artifact& it) -> Text { return it.digest(); }},
    {"size", [](const Artifact& it) -> Text { return std::to_string(it.size_bytes()); }},
    {"id",
     [](const Artifact& it) -> Text { return it.id().empty() ? std::nullopt : Text(it.id()); }},
    {"is_final", [](const Artifact& it) -> Text { return truth(it.is_final()); }},
    {"is_sent", [](const Artifact& it) -> Text { return truth(it.is_sent()); }},
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

runstone_status runstone_log_artifact(runstone_run* run, runstone_artifact* artifact,
                                      const runstone_field* options, size_t count) {
  return with<Run>(run, [&](Run& it) -> Answer {
    const Pinned<Artifact> what(artifact);
    if (!what) return Answer::invalid_handle(HandleOf<Artifact>::kName);
    LogArtifactOptions wanted;
    OptionReader reader("runstone_log_artifact", options, count);
    reader.read("aliases", wanted.aliases);
    reader.read("tags", wanted.tags);
    RUNSTONE_TRY(reader.done());
    return it.log_artifact(*what, wanted);
  });
}

runstone_status runstone_artifact_wait(runstone_artifact* artifact, double timeout_secs) {
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer { return it.wait(timeout_secs); });
}

runstone_status runstone_artifact_property(const runstone_artifact* artifact, const char* name,
                                           char** text, size_t* size) {
  return with<Artifact>(artifact, [&](Artifact& it) -> Answer {
    RUNSTONE_TRY(const auto wanted, required(name, "the property's name"));
    if (text == nullptr) return fail(ErrorCode::kInvalidArgument, "there is no place for the text");
    if (wanted == "entries") {  // the one that may have to ask a server
      RUNSTONE_TRY(auto entries, entries_text(it));
      return give(Text(std::move(entries)), text, size);
    }
    for (const Property& one : kProperties) {
      if (one.name == wanted) return give(one.get(it), text, size);
    }
    return fail(ErrorCode::kInvalidArgument, "an artifact has no property '" + wanted + "'");
  });
}

void runstone_artifact_free(runstone_artifact* artifact) { free_handle<Artifact>(artifact); }
