// Drives a scenario through the C++ SDK: `conformance_writer SCENARIO PROJECT`. writer.py is the
// same program in Python. The first thing that fails ends it with exit code 1 and a message.
#include <cstdio>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/try.h"
#include "runstone/runstone.h"
#include "scenario_artifacts.h"
#include "scenario_tables.h"
#include "spec_value.h"

namespace runstone::conformance {
namespace {

bool holds_media(const Value& value) {
  if (is_media(value)) return true;
  if (const Dict* dict = value.if_dict()) {
    for (const auto& [key, item] : *dict) {
      if (holds_media(item)) return true;
    }
  }
  return is_media_list(value);
}

/// A row of the scenario, and the media that it borrows.
class ScenarioRow {
 public:
  explicit ScenarioRow(MediaMaker& maker) : maker_(maker) {}

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
  Result<Media> made(const Value& spec) { return maker_.make(*spec.if_dict()); }

  MediaMaker& maker_;
  Row row_;
  std::deque<Media> media_;
  std::deque<std::vector<Media>> lists_;
};

Result<void> log(Run& run, MediaMaker& maker, const Dict& command) {
  ScenarioRow row(maker);
  for (const auto& [key, value] : *command.find("log")->if_dict())
    RUNSTONE_TRY(row.add(key, value));
  LogOptions options;
  if (const Value* step = command.find("step")) options.step = step->int_or(0);
  if (const Value* commit = command.find("commit")) options.commit = commit->bool_or(true);
  return run.log(row.row(), options);
}

Result<void> define_metric(Run& run, MediaMaker& /*maker*/, const Dict& command) {
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

Result<void> change_config(Run& run, MediaMaker& /*maker*/, const Dict& command) {
  return run.config().update(*command.find("config")->if_dict(),
                             bool_at(command, "allow_val_change", false));
}

Result<void> set_summary(Run& run, MediaMaker& maker, const Dict& command) {
  for (const auto& [key, value] : *command.find("summary")->if_dict()) {
    if (is_media(value)) {
      RUNSTONE_TRY(const Media media, maker.make(*value.if_dict()));
      RUNSTONE_TRY(Value stored, run.bind_media(media, key, "summary"));
      RUNSTONE_TRY(run.summary().set(key, std::move(stored)));
    } else {
      RUNSTONE_TRY(run.summary().set(key, value));
    }
  }
  return {};
}

Result<void> save(Run& run, MediaMaker& /*maker*/, const Dict& command) {
  SaveOptions options;
  options.base_path = maybe_text(command, "base_path");
  options.policy = maybe_text(command, "policy").value_or("live");
  RUNSTONE_TRY(const auto paths, run.save(text_at(command, "save"), options));
  if (paths.empty()) return fail(ErrorCode::kNotFound, "nothing was saved");
  return {};
}

Result<void> alert(Run& run, MediaMaker& /*maker*/, const Dict& command) {
  const Dict& what = *command.find("alert")->if_dict();
  AlertOptions options;
  options.level = maybe_text(what, "level").value_or("INFO");
  if (const Value* wait = what.find("wait_duration")) {
    options.wait_duration_secs = wait->number_or(60);
  }
  return run.alert(text_at(what, "title"), text_at(what, "text"), options);
}

Result<void> print(Run& run, MediaMaker& /*maker*/, const Dict& command) {
  run.write_console(Run::Stream::kStdout, text_at(command, "print") + "\n");
  return {};
}

Result<void> append(Run& /*run*/, MediaMaker& /*maker*/, const Dict& command) {
  std::ofstream file(text_at(command, "append"), std::ios::app);
  file << text_at(command, "text");
  if (!file.flush()) return fail(ErrorCode::kIo, "the file cannot be written");
  return {};
}

/// The first key of a command names it.
Result<void> obey(Run& run, MediaMaker& maker, const Dict& command) {
  using Command = Result<void> (*)(Run&, MediaMaker&, const Dict&);
  static constexpr std::pair<std::string_view, Command> kCommands[] = {
      {"log", &log},
      {"define_metric", &define_metric},
      {"config", &change_config},
      {"save", &save},
      {"summary", &set_summary},
      {"alert", &alert},
      {"print", &print},
      {"append", &append},
      {"artifact", &log_artifact},
      {"upsert_artifact", &upsert_artifact},
      {"finish_artifact", &finish_artifact},
      {"use_artifact", &use_artifact},
      {"link_artifact", &link_artifact},
      {"log_model", &log_model},
      {"use_model", &use_model},
      {"link_model", &link_model},
      {"log_code", &log_code},
      {"mark_preempting", [](Run& r, MediaMaker&, const Dict&) { return r.mark_preempting(); }},
      {"name", [](Run& r, MediaMaker&, const Dict& c) { return r.set_name(text_at(c, "name")); }},
      {"notes",
       [](Run& r, MediaMaker&, const Dict& c) { return r.set_notes(text_at(c, "notes")); }},
      {"tags", [](Run& r, MediaMaker&, const Dict& c) { return r.set_tags(texts_at(c, "tags")); }},
  };
  const std::string& name = command.items().front().first;
  for (const auto& [known, action] : kCommands) {
    if (known == name) {
      return action(run, maker, command).transform_error([&](Error e) {
        return std::move(e).with_context(json::to_text(Value(command)));
      });
    }
  }
  return fail(ErrorCode::kInvalidArgument, "the scenario has a command " + name);
}

Result<void> write_run(const std::string& project, const Dict& spec) {
  InitOptions options;
  options.project = maybe_text(spec, "project").value_or(project);
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
  MediaMaker maker;
  for (const Value& command : list_at(spec, "do")) {
    RUNSTONE_TRY(obey(run, maker, *command.if_dict()));
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
