// Drives a scenario through the C++ SDK: `conformance_writer SCENARIO PROJECT`. writer.py is the
// same program in Python. The first thing that fails ends it with exit code 1 and a message.
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/try.h"
#include "runstone/runstone.h"
#include "scenario_media.h"

namespace runstone::conformance {
namespace {

std::string text_at(const Dict& dict, std::string_view key) {
  const Value* value = dict.find(key);
  return std::string(value ? value->string_or("") : "");
}
bool bool_at(const Dict& dict, std::string_view key, bool fallback) {
  const Value* value = dict.find(key);
  return value ? value->bool_or(fallback) : fallback;
}
std::optional<std::string> maybe_text(const Dict& dict, std::string_view key) {
  const Value* value = dict.find(key);
  return value && value->is_string() ? std::optional(*value->if_string()) : std::nullopt;
}
std::vector<std::string> texts_at(const Dict& dict, std::string_view key) {
  std::vector<std::string> texts;
  if (const Value* list = dict.find(key)) {
    for (const Value& item : *list->if_list()) texts.emplace_back(item.string_or(""));
  }
  return texts;
}

bool is_media(const Value& value) { return value.get("$media") != nullptr; }
bool holds_media(const Value& value) {
  if (is_media(value)) return true;
  if (const Dict* dict = value.if_dict()) {
    for (const auto& [key, item] : *dict) {
      if (holds_media(item)) return true;
    }
  }
  const List* list = value.if_list();
  return list && !list->empty() && is_media(list->front());
}

/// A row of the scenario, and the media that it borrows.
class ScenarioRow {
 public:
  Result<void> add(const std::string& key, const Value& value) {
    if (is_media(value)) {
      RUNSTONE_TRY(Media media, made(value));
      media_.push_back(std::move(media));
      row_.add(key, media_.back());
    } else if (const List* list = value.if_list(); list && holds_media(value)) {
      auto& batch = lists_.emplace_back();
      for (const Value& item : *list) {
        RUNSTONE_TRY(Media media, made(item));
        batch.push_back(std::move(media));
      }
      row_.add(key, batch);
    } else if (const Dict* dict = value.if_dict(); dict && holds_media(value)) {
      row_.begin_dict(key);
      for (const auto& [inner, item] : *dict) RUNSTONE_TRY(add(inner, item));
      row_.end_dict();
    } else {
      row_.add(key, value);
    }
    return {};
  }
  const Row& row() const { return row_; }

 private:
  static Result<Media> made(const Value& spec) { return make_media(*spec.if_dict()); }

  Row row_;
  std::deque<Media> media_;
  std::deque<std::vector<Media>> lists_;
};

Result<void> log(Run& run, const Dict& command) {
  ScenarioRow row;
  for (const auto& [key, value] : *command.find("log")->if_dict())
    RUNSTONE_TRY(row.add(key, value));
  LogOptions options;
  if (const Value* step = command.find("step")) options.step = step->int_or(0);
  if (const Value* commit = command.find("commit")) options.commit = commit->bool_or(true);
  return run.log(row.row(), options);
}

Result<void> define_metric(Run& run, const Dict& command) {
  MetricOptions options;
  options.step_metric = maybe_text(command, "step_metric");
  options.summary = maybe_text(command, "summary");
  options.goal = maybe_text(command, "goal");
  if (command.contains("step_sync")) options.step_sync = bool_at(command, "step_sync", false);
  if (command.contains("hidden")) options.hidden = bool_at(command, "hidden", false);
  options.overwrite = bool_at(command, "overwrite", false);
  RUNSTONE_TRY(const auto metric, run.define_metric(text_at(command, "define_metric"), options));
  (void)metric;
  return {};
}

Result<void> change_config(Run& run, const Dict& command) {
  return run.config().update(*command.find("config")->if_dict(),
                             bool_at(command, "allow_val_change", false));
}

Result<void> set_summary(Run& run, const Dict& command) {
  for (const auto& [key, value] : *command.find("summary")->if_dict()) {
    if (is_media(value)) {
      RUNSTONE_TRY(const Media media, make_media(*value.if_dict()));
      RUNSTONE_TRY(Value stored, run.bind_media(media, key, "summary"));
      RUNSTONE_TRY(run.summary().set(key, std::move(stored)));
    } else {
      RUNSTONE_TRY(run.summary().set(key, value));
    }
  }
  return {};
}

Result<void> save(Run& run, const Dict& command) {
  SaveOptions options;
  options.base_path = maybe_text(command, "base_path");
  options.policy = maybe_text(command, "policy").value_or("live");
  RUNSTONE_TRY(const auto paths, run.save(text_at(command, "save"), options));
  if (paths.empty()) return fail(ErrorCode::kNotFound, "nothing was saved");
  return {};
}

Result<void> alert(Run& run, const Dict& command) {
  const Dict& what = *command.find("alert")->if_dict();
  AlertOptions options;
  options.level = maybe_text(what, "level").value_or("INFO");
  if (const Value* wait = what.find("wait_duration")) {
    options.wait_duration_secs = wait->number_or(60);
  }
  return run.alert(text_at(what, "title"), text_at(what, "text"), options);
}

Result<void> print(Run& run, const Dict& command) {
  run.write_console(Run::Stream::kStdout, text_at(command, "print") + "\n");
  return {};
}

Result<Artifact> make_artifact(const Dict& spec) {
  ArtifactOptions options;
  options.description = text_at(spec, "description");
  if (const Value* metadata = spec.find("metadata")) options.metadata = *metadata->if_dict();
  RUNSTONE_TRY(Artifact made,
               Artifact::create(text_at(spec, "name"), text_at(spec, "type"), options));
  for (const Value& item : *spec.find("add")->if_list()) {
    const Dict& entry = *item.if_dict();
    const std::string name = text_at(entry, "as");
    if (entry.contains("dir")) {
      RUNSTONE_TRY(made.add_dir(text_at(entry, "dir"), name));
    } else if (entry.contains("file")) {
      AddFileOptions file;
      file.name = name;
      RUNSTONE_TRY(made.add_file(text_at(entry, "file"), file));
    } else if (entry.contains("reference")) {
      std::string uri = text_at(entry, "reference");
      if (const auto place = uri.find("{cwd}"); place != std::string::npos) {
        uri.replace(place, 5, std::filesystem::current_path().string());
      }
      RUNSTONE_TRY(made.add_reference(uri, name, bool_at(entry, "checksum", true)));
    } else {
      return fail(ErrorCode::kInvalidArgument, "the scenario adds something unknown");
    }
  }
  return made;
}

Result<void> wait_if_online(const Run& run, const Artifact& artifact) {
  return run.offline() ? Result<void>() : artifact.wait();
}

Result<void> log_artifact(Run& run, const Dict& command) {
  LogArtifactOptions options;
  options.aliases = texts_at(command, "aliases");
  options.tags = texts_at(command, "tags");
  const Value& what = *command.find("artifact");
  if (const Dict* spec = what.if_dict()) {
    RUNSTONE_TRY(const Artifact made, make_artifact(*spec));
    RUNSTONE_TRY(run.log_artifact(made, options));
    return wait_if_online(run, made);
  }
  RUNSTONE_TRY(const Artifact made,
               run.log_artifact(std::string(what.string_or("")), text_at(command, "name"),
                                maybe_text(command, "type").value_or("unspecified"), options));
  return wait_if_online(run, made);
}

Result<void> log_model(Run& run, const Dict& command) {
  RUNSTONE_TRY(const Artifact made,
               run.log_model(text_at(command, "log_model"), text_at(command, "name"),
                             texts_at(command, "aliases")));
  return wait_if_online(run, made);
}

/// The first key of a command names it.
Result<void> obey(Run& run, const Dict& command) {
  using Command = Result<void> (*)(Run&, const Dict&);
  static constexpr std::pair<std::string_view, Command> kCommands[] = {
      {"log", &log},
      {"define_metric", &define_metric},
      {"config", &change_config},
      {"save", &save},
      {"summary", &set_summary},
      {"alert", &alert},
      {"print", &print},
      {"artifact", &log_artifact},
      {"log_model", &log_model},
      {"name", [](Run& r, const Dict& c) { return r.set_name(text_at(c, "name")); }},
      {"notes", [](Run& r, const Dict& c) { return r.set_notes(text_at(c, "notes")); }},
      {"tags", [](Run& r, const Dict& c) { return r.set_tags(texts_at(c, "tags")); }},
  };
  const std::string& name = command.items().front().first;
  for (const auto& [known, action] : kCommands) {
    if (known == name) {
      return action(run, command).transform_error([&](Error e) {
        return std::move(e).with_context(json::to_text(Value(command)));
      });
    }
  }
  return fail(ErrorCode::kInvalidArgument, "the scenario has a command " + name);
}

Result<void> write_run(const std::string& project, const Dict& spec) {
  InitOptions options;
  options.project = project;
  options.id = text_at(spec, "id");
  if (const Value* given = spec.find("init")) {
    const Dict& init = *given->if_dict();
    options.name = maybe_text(init, "name");
    options.notes = maybe_text(init, "notes");
    options.group = maybe_text(init, "group");
    options.job_type = maybe_text(init, "job_type");
    options.resume = maybe_text(init, "resume");
    if (init.contains("tags")) options.tags = texts_at(init, "tags");
    if (const Value* config = init.find("config")) options.config = *config->if_dict();
  }
  RUNSTONE_TRY(Run run, Run::init(options));
  for (const Value& command : *spec.find("do")->if_list()) {
    RUNSTONE_TRY(obey(run, *command.if_dict()));
  }
  std::optional<int> exit_code;
  if (const Value* code = spec.find("exit_code")) exit_code = static_cast<int>(code->int_or(0));
  const FinishReport report = run.finish(exit_code);
  if (!report.delivered) return fail(ErrorCode::kUnavailable, report.message);
  return {};
}

Result<void> write_all(const char* path, const char* project) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  RUNSTONE_TRY(const Value scenario, json::parse(text));
  for (const Value& run : *scenario.get("runs")->if_list()) {
    RUNSTONE_TRY(write_run(project, *run.if_dict()).transform_error([&](Error e) {
      return std::move(e).with_context("run " + text_at(*run.if_dict(), "id"));
    }));
  }
  return {};
}

}  // namespace
}  // namespace runstone::conformance

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: conformance_writer SCENARIO PROJECT\n");
    return 2;
  }
  if (auto done = runstone::conformance::write_all(argv[1], argv[2]); !done) {
    std::fprintf(stderr, "conformance_writer: %s\n", done.error().message.c_str());
    return 1;
  }
  return 0;
}
