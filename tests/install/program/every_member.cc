// What a C++17 program without exceptions and RTTI writes to use the whole class Run: each member
// once, as one would. Run offline in an empty folder; exits with the line of the first thing that
// was not so.
#include <runstone/runstone.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#define EXPECT(condition)                                          \
  do {                                                             \
    if (!(condition)) {                                            \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      std::exit(1);                                                \
    }                                                              \
  } while (false)

using namespace runstone;

namespace {

/// The value, or the end of the program with the words of the error.
template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", to_string(result.error().code),
                 result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}

Run start() {
  InitOptions options;
  options.project = "every member";
  options.id = "every1";
  options.name = "first name";
  options.notes = "what it is for";
  options.tags = {"a", "b c"};
  options.group = "g";
  options.job_type = "train";
  options.config = {{"lr", 0.1}, {"net", {{"layers", 3}, {"widths", List{64, 32, 10}}}}};
  EXPECT(options.settings.set("x_disable_stats", true));
  options.printer = [](MessageLevel level, const std::string& line) {
    if (level == MessageLevel::kError) std::fprintf(stderr, "%s\n", line.c_str());
  };
  return must(Run::init(options));
}

void use_config_and_summary(Run& run) {
  Config config = run.config();
  EXPECT(config.update({{"lr", 0.1}, {"opt", {{"name", "adam"}}}}));
  EXPECT(config.set("batch", 32));
  EXPECT(config.update({{"batch", 64}}).error().code == ErrorCode::kConfigLocked);
  EXPECT(config.update({{"batch", 64}}, true));
  EXPECT(config.set_defaults({{"batch", 1}, {"seed", 7}}));
  EXPECT(config.update_locked({{"sweep", "s"}}, "sweep"));
  EXPECT(config.set_private({"visualize", "x"}, {{"panel", "p"}}));
  EXPECT(config.persist());
  EXPECT(*config.get("batch") == 64 && !config.get("none"));
  EXPECT(config.get("opt")->get("name")->string_or("") == "adam");
  const Dict snapshot = run.config_static();
  EXPECT(config.set("later", 1) && !snapshot.contains("later") && snapshot.contains("opt"));
  EXPECT(!config.all().contains("_wandb") && config.all_with_private().contains("_wandb"));

  Summary summary = run.summary();
  EXPECT(summary.set("best", {{"acc", 0.9}}));
  EXPECT(summary.set({"best", "epoch"}, 3));
  EXPECT(summary.update({{"done", true}, {"note", "w"}}));
  EXPECT(summary.erase({"note"}));
  EXPECT(summary.get("best")->get("acc")->number_or(0) == 0.9);
  EXPECT(*summary.get({"best", "epoch"}) == 3 && !summary.get("note"));
  EXPECT(summary.all().contains("done"));
}

void log_numbers_in_every_way(Run& run) {
  EXPECT(run.log({{"loss", 0.5}, {"n", 7}, {"ok", true}, {"text", "w"}, {"none", nullptr}}));
  EXPECT(run.log({{"loss", 0.25f}, {"unsigned", std::size_t{3}}}, {5, true}));
  Row row;
  row.clear();
  row.add("loss", 0.125);
  row.begin_dict("val");
  row.add("acc", 0.9);
  row.end_dict();
  row.add("text", row.copy(std::string("of a piece")));
  EXPECT(run.log(row));
  const Dict tree = {{"loss", 0.1}, {"deep", {{"er", {{"still", 1}}}}}};
  EXPECT(run.log(tree));
  const std::vector<std::string_view> keys = {"a", "b"};
  const std::vector<double> values = {1, 2};
  EXPECT(run.log_numbers(keys, values));
  const std::array<Field, 2> fields = {Field{"a", 1}, Field{"deep.er", 2, true}};
  LogOptions open;
  open.commit = false;
  EXPECT(run.log(fields, open));
  EXPECT(run.step() == 9);
}

void log_media(Run& run) {
  constexpr int kHeight = 4, kWidth = 6;
  const std::vector<std::uint8_t> pixels(kHeight * kWidth * 4, 128);
  const Span<const std::uint8_t> gray(pixels.data(), kHeight * kWidth);
  const Span<const std::uint8_t> rgb(pixels.data(), kHeight * kWidth * 3);
  EXPECT(run.log({{"loss", 0.5}, {"image", Image::from_rgb(rgb, kHeight, kWidth)}}));

  ImageOptions options;
  options.caption = "boxes";
  options.boxes = {
      {"predictions",
       {{"box_data", List{Dict{{"position", {{"minX", 0}, {"maxX", 1}, {"minY", 0}, {"maxY", 1}}},
                               {"class_id", 1}}}},
        {"class_labels", {{"1", "cat"}}}}}};
  ImageMask mask;
  mask.class_ids.assign(kHeight * kWidth, 1);
  mask.height = kHeight;
  mask.width = kWidth;
  options.masks = {{"truth", mask}};
  const std::vector<Image> gallery = {must(Image::from_gray(gray, kHeight, kWidth, options)),
                                      must(Image::from_gray(gray, kHeight, kWidth))};
  EXPECT(run.log({{"gallery", gallery}, {"rgba", Image::from_rgba(pixels, kHeight, kWidth)}}));
  EXPECT(gallery[0].type() == "image-file" && gallery[0]);

  const float weights[] = {0.5f, 1, 2, 4};
  const std::vector<std::int64_t> counts = {1, 2, 3};
  EXPECT(run.log(
      {{"of floats", Histogram::of(weights)},
       {"of a span", Histogram::of(Span<const float>(weights, 2), 8)},
       {"of doubles", Histogram::of(std::vector<double>{1, 2}, 16)},
       {"of ints", Histogram::of(counts)},
       {"made", Histogram::from_counts(std::vector<double>{1, 3}, std::vector<double>{0, 1, 2})}}));

  const std::vector<double> points = {0, 0, 0, 1, 1, 1};
  const Box3D box = Box3D::around({0, 0, 0}, {2, 2, 2}, {1, 0, 0, 0}, {255, 0, 0}, "unit");
  std::ofstream("atom.pdb") << "ATOM\n";
  EXPECT(run.log(
      {{"video", Video::from_frames(rgb, 1, kHeight, kWidth, 3)},
       {"audio", Audio::from_samples(weights, 8000, 1, "a click")},
       {"audio 16", Audio::from_samples(std::vector<std::int16_t>{0, 100}, 8000)},
       {"html", Html::from_text("<b>hi</b>", false)},
       {"points", Object3D::from_points(points, 3)},
       {"cloud", Object3D::from_point_cloud(points, 3, std::vector<Box3D>{box})},
       {"scene", Object3D::from_scene({{"type", "lidar/beta"}, {"points", List{List{0, 0, 0}}}})},
       {"molecule", Molecule::from_file("atom.pdb")},
       {"plotly", Plotly::from_json("{\"data\": []}")}}));
  const std::string image_path =
      run.dir() + "/" + std::string(run.summary().get("image")->get("path")->string_or(""));
  EXPECT(run.log({{"from file", Image::from_file(image_path)}}));
  // What cannot be made is the row's error, and nothing of the row is stored.
  const auto step = run.step();
  const auto refused = run.log({{"loss", 1}, {"image", Image::from_rgb(rgb, 99, kWidth)}});
  EXPECT(refused.error().code == ErrorCode::kInvalidArgument && run.step() == step);
  EXPECT(must(run.bind_media(gallery[0], "kept", "summary")).get("caption")->string_or("") ==
         "boxes");
}

/// Offline there is no server to ask: each of these says so, and does no harm.
void use_what_only_a_server_has(Run& run, Artifact& data) {
  const auto refused = [](const auto& result, ErrorCode code) {
    return !result && result.error().code == code;
  };
  const auto no_version = ErrorCode::kFailedPrecondition;
  EXPECT(refused(run.use_artifact("ds:latest"), ErrorCode::kInvalidType));
  EXPECT(refused(run.link_artifact(data, "portfolio"), ErrorCode::kNotImplemented));
  EXPECT(refused(run.use_model("net:latest"), ErrorCode::kNotImplemented));
  EXPECT(refused(run.restore("../outside"), ErrorCode::kInvalidArgument));
  EXPECT(data.is_draft() && !data.is_link() && data.state() == "PENDING");
  EXPECT(refused(data.version(), no_version) && refused(data.qualified_name(), no_version));
  EXPECT(refused(data.aliases(), no_version) && refused(data.tags(), no_version));
  EXPECT(refused(data.download(), no_version) && refused(data.verify(), no_version));
  EXPECT(refused(data.link("portfolio"), no_version) && refused(data.facts(), no_version));
  EXPECT(refused(data.get("table"), no_version) &&
         refused(Table::of(Media()), ErrorCode::kInvalidType));
  auto other = must(Artifact::create("other", "dataset"));
  EXPECT(refused(other.add_reference(data, "weights.bin"), no_version));
  EXPECT(refused(other.add_reference("wandb-artifact://zz/x"), ErrorCode::kInvalidArgument));
  EXPECT(must(data.ref_target(must(data.entries()).front())) == "gs://bucket/object");
}

void use_files_and_artifacts(Run& run) {
  std::ofstream("weights.bin") << "hello\n";
  SaveOptions once;
  once.policy = "now";
  EXPECT(must(run.save("weights.*", once)).size() == 1);
  std::ofstream(run.dir() + "/extra.txt") << "x";
  EXPECT(run.add_file("extra.txt"));

  ArtifactOptions options;
  options.metadata = {{"epochs", 3}};
  auto data = must(Artifact::create("ds", "dataset", options));
  EXPECT(must(data.add_file("weights.bin")).path == "weights.bin");
  EXPECT(must(data.add_bytes("n/note.txt", "x")).size_bytes == 1);
  EXPECT(data.add_dir(".", "copy"));
  EXPECT(must(data.add_reference("s3://bucket/key", "", false)).front().ref == "s3://bucket/key");
  ArtifactEntry by_hand;
  by_hand.path = "by hand";
  by_hand.ref = by_hand.digest = "gs://bucket/object";
  EXPECT(data.add_entry(by_hand));
  EXPECT(data.remove("copy"));
  data.set_description("d");
  EXPECT(data.set_ttl_secs(3600));
  EXPECT(data.set_metadata({{"epochs", 4}}));
  EXPECT(data.name() == "ds" && data.type() == "dataset" && data.description() == "d");
  EXPECT(*data.metadata().find("epochs") == 4 && *data.ttl_secs() == 3600 && !data.incremental());
  EXPECT(must(data.entries()).size() == 4 && data.digest().size() == 32 && data.size_bytes() >= 7);
  EXPECT(!data.is_final() && !data.is_sent() && data.id().empty());
  EXPECT(run.log_artifact(data, {{"best"}, {"tag"}}));
  use_what_only_a_server_has(run, data);
  EXPECT(data.is_final() && data.wait(1).error().code == ErrorCode::kFailedPrecondition);

  EXPECT(must(run.log_artifact("weights.bin", "by-path", "dataset")).name() == "by-path");
  EXPECT(must(run.log_model("weights.bin", "net", {"prod"})).type() == "model");
  auto part = must(Artifact::create("big", "dataset"));
  EXPECT(run.upsert_artifact(part, "job7"));
  auto rest = must(Artifact::create("big", "dataset"));
  rest.finalize();
  EXPECT(run.finish_artifact(rest));  // by the run's group
  std::ofstream("main.cc") << "int main() {}\n";
  const auto code = must(run.log_code(".", "", [](const std::string& path, const std::string&) {
    return path.size() > 3 && path.substr(path.size() - 3) == ".cc";
  }));
  EXPECT(code && must(code->entries()).size() == 1);
}

void tell(Run& run) {
  MetricOptions metric;
  metric.step_metric = "n";
  metric.summary = "min,max";
  EXPECT(must(run.define_metric("val/*", metric)).summary.size() == 2);
  AlertOptions alert;
  alert.level = "WARN";
  EXPECT(run.alert("title", "text", alert));
  run.write_console(Run::Stream::kStdout, "printed\n");
  run.write_logs("a line of one's own");
  EXPECT(run.mark_preempting());
  EXPECT(run.pin_config_keys({"lr"}));
  EXPECT(must(run.status()).sync_items_pending == 0);
  EXPECT(run.set_name("new name") && run.set_notes("new notes") && run.set_tags({"c"}));
}

void look_at_facts(const Run& run) {
  EXPECT(run.id() == "every1" && *run.name() == "new name" && *run.notes() == "new notes");
  EXPECT(run.tags() == std::vector<std::string>{"c"} && run.group() == "g" &&
         run.job_type() == "train");
  EXPECT(run.project() == "every member" && run.entity().empty() &&
         run.path() == "every member/every1");
  EXPECT(!run.sweep_id() && !run.sweep_url() &&
         run.to_html().find("not online") != std::string::npos);
  EXPECT(!run.url() && !run.project_url() && run.dir().find(run.sync_dir()) == 0);
  EXPECT(run.offline() && !run.disabled() && !run.resumed() && !run.finished() && !run.is_child());
  EXPECT(run.start_time() > 1.6e9 && run.starting_step() == 0 && run.row_count() > 5);
  EXPECT(run.settings().text("mode") == "offline" && !run.settings().flag("silent"));
  EXPECT(run.settings().number("finish_timeout") > 0 &&
         run.settings().texts("run_tags").size() == 2);
}

}  // namespace

int main() {
  Run run = start();
  use_config_and_summary(run);
  log_numbers_in_every_way(run);
  log_media(run);
  use_files_and_artifacts(run);
  tell(run);
  look_at_facts(run);
  EXPECT(!run.should_stop());
  EXPECT(read_config_file("nowhere.yaml").error().code == ErrorCode::kConfigLocked);
  Run child = must(Run::attach(run.child_token()));
  EXPECT(child.is_child() && child.log({{"of a child", 1}}));
  EXPECT(child.finish().rows == 1);
  const FinishReport report = run.finish(0);
  EXPECT(report.first_call && report.delivered && report.lost_records == 0 &&
         report.lost_media == 0);
  EXPECT(!run.finish().first_call && run.finished());
  EXPECT(run.log({{"late", 1}}).error().code == ErrorCode::kFailedPrecondition);
  EXPECT(must(settings_from_environment()).is_set("mode") && Settings::fields().size() > 50);
  EXPECT(same_value(Value(1), Value(1.0)) && Value(1) != Value(1.0));
  return 0;
}
