// Puts media into an artifact on the server that the environment names and takes them out again, in
// a program of C++17 without exceptions. Exits with 0 if everything is as it was put in.
#include <runstone/runstone.h>

#include <runstone/artifact.h>
#include <runstone/media.h>
#include <runstone/run.h>
#include <runstone/table.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("FAILED: %s\n", what);
  ++failures;
}

template <typename T>
bool check(const runstone::Result<T>& result, const char* what) {
  if (!result) std::printf("FAILED: %s: %s\n", what, result.error().message.c_str());
  failures += result ? 0 : 1;
  return result.has_value();
}

runstone::Result<runstone::Image> picture() {
  runstone::ImageOptions options;
  options.caption = "a picture";
  options.classes = {{"0", "road"}};
  return runstone::Image::from_rgb(std::vector<std::uint8_t>(12, 7), 2, 2, options);
}

bool log_things(runstone::Run& run, const runstone::Table& table) {
  auto things = runstone::Artifact::create("cpp-things", "dataset");
  if (!check(things, "an artifact")) return false;
  check(things->get("t").error().code == runstone::ErrorCode::kFailedPrecondition,
        "a draft gives no objects");
  check(things->add(table, "t"), "a table");
  check(things->add(*picture(), "i"), "an image");
  check(things->add(*runstone::Html::from_text("<b>x</b>", false), "sub/h"), "a page");
  check(things->add(*runstone::Audio::from_samples(std::vector<float>(8), 8000, 1, "s"), "s"),
        "a sound");
  check(things->add(*runstone::Classes::create({{{"id", 0}, {"name", "road"}}}), "c"), "classes");
  check(things->add(*runstone::JoinedTable::create(table, table, {"n"}), "j"), "a joined table");
  check(things->add_bytes("plain.txt", "text"), "a file");
  return check(run.log_artifact(*things), "log_artifact") && check(things->wait(60), "wait");
}

void read_things(const runstone::Artifact& things, const runstone::Table& table) {
  const auto read = things.get("t").and_then(runstone::Table::of);
  if (check(read, "get of a table")) {
    check(*read->get_column("n") == *table.get_column("n"), "numbers");
    check(*read->get_column("t") == *table.get_column("t"), "texts");
    check(*read->get_column("a") == *table.get_column("a"), "arrays");
    check(read->media_at(0, "i").type() == "image-file", "an image in a cell");
    check(read->column_type("n") == table.column_type("n"), "the type of a column");
  }
  struct Expected {
    const char* name;
    const char* type;
  };
  const Expected all[] = {{"i", "image-file"},   {"sub/h", "html-file"},
                          {"s", "audio-file"},   {"c", "classes"},
                          {"j", "joined-table"}, {"t.table.json", "table-file"}};
  for (const Expected& one : all) {
    const auto object = things.get(one.name);
    if (check(object, one.name)) check(object->type() == one.type, one.name);
  }
  check(things.get_entry("i")->path == "i.image-file.json", "an object's entry by its name");
  const auto none = things.get("plain.txt");
  check(none && !*none, "what is no object");
  check(runstone::Table::of(*things.get("i")).error().code == runstone::ErrorCode::kInvalidType,
        "an image is no table");
}

}  // namespace

int main() {
  runstone::InitOptions options;
  options.project = "cpp-objects";
  auto run = runstone::Run::init(options);
  if (!check(run, "init")) return 1;
  auto table = runstone::Table::create({"n", "t", "a", "i"});
  const std::vector<double> numbers = {1, 2, 3, 4};
  const auto array = runstone::NumberArray::of(runstone::Span<const double>(numbers), {2, 2});
  check(table->add_data({1, "x", array, *picture()}), "a row");
  check(table->add_data({2.5, nullptr, array, nullptr}), "a row with nothing in it");
  if (log_things(*run, *table)) {
    const auto things = run->use_artifact("cpp-things:latest");
    if (check(things, "use_artifact")) {
      read_things(*things, *table);
      // Out of one artifact into a row and another artifact; and a reference to it.
      check(run->log({{"again", *things->get("t").and_then(runstone::Table::of)},
                      {"picture", *things->get("i")}}),
            "log of what was read");
      auto second = runstone::Artifact::create("cpp-second", "dataset");
      check(second->add_reference(*things, "t", "linked.table.json"), "a reference to an object");
      check(second->add_reference(*things->ref_url(*things->get_entry("plain.txt"))),
            "a reference by its address");
      check(run->log_artifact(*second), "log of references");
      check(second->wait(60), "wait for references");
      const auto linked = second->get("linked").and_then(runstone::Table::of);
      if (check(linked, "an object that is in another artifact")) {
        check(linked->row_count() == 2, "its rows");
      }
      check(*second->ref_target(*second->get_entry("plain.txt")) ==
                *things->ref_url(*things->get_entry("plain.txt")),
            "where a reference leads");
    }
  }
  check(run->finish().delivered, "everything is delivered");
  if (failures == 0) std::printf("everything is as it was put in\n");
  return failures == 0 ? 0 : 1;
}
