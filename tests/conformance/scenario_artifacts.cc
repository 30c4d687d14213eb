#include "scenario_artifacts.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "spec_value.h"

namespace runstone::conformance {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Result<void> add(Artifact& artifact, MediaMaker& maker, const Dict& entry) {
  const std::string name = text_at(entry, "as");
  if (entry.contains("dir")) return artifact.add_dir(text_at(entry, "dir"), name);
  if (entry.contains("file")) {
    AddFileOptions file;
    file.name = name;
    RUNSTONE_TRY(artifact.add_file(text_at(entry, "file"), file));
    return {};
  }
  if (entry.contains("reference")) {
    std::string uri = text_at(entry, "reference");
    if (const auto place = uri.find("{cwd}"); place != std::string::npos) {
      uri.replace(place, 5, std::filesystem::current_path().string());
    }
    RUNSTONE_TRY(artifact.add_reference(uri, name, bool_at(entry, "checksum", true)));
    return {};
  }
  if (entry.contains("object")) {
    RUNSTONE_TRY(const Media object, maker.make(dict_at(entry, "object")));
    RUNSTONE_TRY(artifact.add(object, name));
    return {};
  }
  return fail(ErrorCode::kInvalidArgument, "the scenario adds something unknown");
}

Result<Artifact> make_artifact(MediaMaker& maker, const Dict& spec) {
  ArtifactOptions options;
  options.description = text_at(spec, "description");
  if (const Value* metadata = spec.find("metadata")) options.metadata = *metadata->if_dict();
  RUNSTONE_TRY(Artifact made,
               Artifact::create(text_at(spec, "name"), text_at(spec, "type"), options));
  for (const Value& entry : list_at(spec, "add")) {
    RUNSTONE_TRY(add(made, maker, *entry.if_dict()));
  }
  return made;
}

/// A draft that is described, or else made of the path that is meant.
Result<Artifact> named(Run& run, MediaMaker& maker, const Dict& command, std::string_view key) {
  const Value& what = *command.find(key);
  if (const Dict* spec = what.if_dict()) return make_artifact(maker, *spec);
  return run.artifact_of_path(std::string(what.string_or("")), text_at(command, "name"),
                              maybe_text(command, "type").value_or("unspecified"));
}

LogArtifactOptions options_of(const Dict& command) {
  LogArtifactOptions options;
  options.aliases = texts_at(command, "aliases");
  options.tags = texts_at(command, "tags");
  return options;
}

/// So that versions are numbered in the scenario's order.
Result<void> wait_if_online(const Run& run, const Artifact& artifact) {
  return run.offline() ? Result<void>() : artifact.wait();
}

}  // namespace

Result<void> log_artifact(Run& run, MediaMaker& maker, const Dict& command) {
  RUNSTONE_TRY(const Artifact made, named(run, maker, command, "artifact"));
  RUNSTONE_TRY(run.log_artifact(made, options_of(command)));
  return wait_if_online(run, made);
}

Result<void> upsert_artifact(Run& run, MediaMaker& maker, const Dict& command) {
  RUNSTONE_TRY(const Artifact made, named(run, maker, command, "upsert_artifact"));
  return run.upsert_artifact(made, text_at(command, "distributed_id"), options_of(command));
}

Result<void> finish_artifact(Run& run, MediaMaker& maker, const Dict& command) {
  RUNSTONE_TRY(const Artifact made, named(run, maker, command, "finish_artifact"));
  RUNSTONE_TRY(run.finish_artifact(made, text_at(command, "distributed_id"), options_of(command)));
  return wait_if_online(run, made);
}

Result<void> use_artifact(Run& run, MediaMaker& maker, const Dict& command) {
  UseArtifactOptions options;
  options.type = text_at(command, "type");
  options.aliases = texts_at(command, "aliases");
  const Value& what = *command.find("use_artifact");
  std::optional<Artifact> used;
  if (what.if_dict()) {
    RUNSTONE_TRY(const Artifact made, make_artifact(maker, *what.if_dict()));
    RUNSTONE_TRY(used, run.use_artifact(made, options));
  } else {
    RUNSTONE_TRY(used, run.use_artifact(std::string(what.string_or("")), options));
  }
  for (const auto& [name, text] : dict_at(command, "read")) {
    RUNSTONE_TRY(const std::string folder, used->download());
    if (content_of(folder + "/" + name) != text.string_or("")) {
      return fail(ErrorCode::kCorrupt, name + " is not what was logged");
    }
  }
  if (const auto key = maybe_text(command, "config")) {
    RUNSTONE_TRY(Value value, used->config_value());
    RUNSTONE_TRY(run.config().set(*key, std::move(value)));
  }
  return {};
}

Result<void> link_artifact(Run& run, MediaMaker& maker, const Dict& command) {
  const Value& what = *command.find("link_artifact");
  std::optional<Artifact> source;
  if (what.if_dict()) {
    RUNSTONE_TRY(source, make_artifact(maker, *what.if_dict()));
  } else {
    RUNSTONE_TRY(source, run.use_artifact(std::string(what.string_or(""))));
  }
  RUNSTONE_TRY(run.link_artifact(*source, text_at(command, "to"), texts_at(command, "aliases")));
  return {};
}

Result<void> log_model(Run& run, MediaMaker& /*maker*/, const Dict& command) {
  RUNSTONE_TRY(const Artifact made,
               run.log_model(text_at(command, "log_model"), text_at(command, "name"),
                             texts_at(command, "aliases")));
  return wait_if_online(run, made);
}

Result<void> use_model(Run& run, MediaMaker& /*maker*/, const Dict& command) {
  RUNSTONE_TRY(const std::string path, run.use_model(text_at(command, "use_model")));
  if (content_of(path) != content_of(text_at(command, "equals"))) {
    return fail(ErrorCode::kCorrupt, path + " is not what was logged");
  }
  return {};
}

Result<void> link_model(Run& run, MediaMaker& /*maker*/, const Dict& command) {
  RUNSTONE_TRY(run.link_model(text_at(command, "link_model"), text_at(command, "to"),
                              text_at(command, "name"), texts_at(command, "aliases")));
  return {};
}

/// `include` are patterns of file names, `*` and an ending; `exclude` is a folder below the root.
Result<void> log_code(Run& run, MediaMaker& /*maker*/, const Dict& command) {
  CodeFilter include, exclude;
  if (command.contains("include")) {
    include = [patterns = texts_at(command, "include")](const std::string& path,
                                                        const std::string& /*root*/) {
      for (const std::string& pattern : patterns) {
        const std::string_view ending = std::string_view(pattern).substr(1);
        if (path.size() >= ending.size() &&
            path.compare(path.size() - ending.size(), ending.size(), ending) == 0) {
          return true;
        }
      }
      return false;
    };
  }
  if (command.contains("exclude")) {
    exclude = [folder = text_at(command, "exclude") + "/"](const std::string& path,
                                                           const std::string& root) {
      return std::filesystem::path(path).lexically_relative(root).string().rfind(folder, 0) == 0;
    };
  }
  RUNSTONE_TRY(const auto logged, run.log_code(text_at(command, "log_code"),
                                               text_at(command, "name"), include, exclude));
  if (logged.has_value() == bool_at(command, "none", false)) {
    return fail(ErrorCode::kInvalidArgument,
                "log_code took no files, or some against the scenario");
  }
  return {};
}

}  // namespace runstone::conformance
