// Media on their way into a row: their files first, without the run's lock, then the row with what
// the files are.
#include <deque>

#include "artifact/draft.h"
#include "artifact/draft_package.h"
#include "base/try.h"
#include "media/chart.h"
#include "media/media_files.h"
#include "media/object.h"
#include "model/key_path.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

// The training goes on without what the disk would not take or give.
bool is_loss(ErrorCode code) {
  return code == ErrorCode::kIo || code == ErrorCode::kResourceExhausted ||
         code == ErrorCode::kNotFound || code == ErrorCode::kPermissionDenied;
}

std::string inner_key(const Field& field) {
  return field.is_path ? split_key_path(field.key).back() : std::string(field.key);
}

// Below dicts a chart's key is the labels joined by dots.
std::string joined_key(const Field& field) {
  std::string key;
  for (const std::string& label : split_key_path(field.key))
    key += (key.empty() ? "" : ".") + label;
  return key;
}

const media::ChartObject* chart_of(const ValueRef& value) {
  if (value.kind() != ValueRef::Kind::kMedia || !value.media()[0]) return nullptr;
  const media::Object* const object = value.media()[0].object().get();
  return object->kind() == media::Kind::kChart ? static_cast<const media::ChartObject*>(object)
                                               : nullptr;
}

}  // namespace

/// What a medium has become in a row.
struct BoundField {
  std::string key;
  Value value;
  bool is_path = false;
};

/// Stores files for one value, and says which in a record before the row that names them.
class MediaSink final : public media::Sink {
 public:
  explicit MediaSink(RunState& run) : run_(run) {}

  const std::string& run_id() const override { return run_.directory_.path; }

  Result<media::StoredFile> store(std::string_view folder, std::string_view extension,
                                  const media::Place& place,
                                  Span<const std::string_view> bytes) override {
    return noted(media::store_media(run_.directory_.files, folder, extension, place, bytes));
  }
  Result<media::StoredFile> store_file(std::string_view folder, std::string_view extension,
                                       const media::Place& place,
                                       const std::string& path) override {
    const Settings& settings = run_.plan_.settings;
    const bool is_own = path.compare(0, run_.directory_.path.size() + 1,
                                     run_.directory_.path + "/") == 0;  // made for a moment
    if (settings.flag("allow_media_symlink") && !is_own) {
      return noted(media::link_media_file(run_.directory_.files, folder, extension, place, path,
                                          settings.flag("symlink")));
    }
    return noted(media::store_media_file(run_.directory_.files, folder, extension, place, path));
  }

  Result<void> set_private_config(const std::vector<std::string>& path, Value value) override {
    {
      const std::scoped_lock lock(run_.mutex_);
      const Value* known = run_.config_.values().find("_wandb");
      for (const std::string& label : path) known = known == nullptr ? nullptr : known->get(label);
      if (known != nullptr && *known == value) return {};
    }
    return run_.set_private_config(path, std::move(value));
  }

  void warn(const std::string& text) override { run_.terminal_.warn(text); }

  Result<Address> log_artifact(const std::string& name, const std::string& type, bool incremental,
                               const std::function<Result<void>(media::Package&)>& fill) override {
    ArtifactOptions options;
    options.incremental = incremental;
    const auto draft = std::make_shared<artifact::Draft>(name, type, std::move(options));
    artifact::DraftPackage package(draft, {false, run_.refuses_long_tables(),
                                           [this](const std::string& text) { warn(text); }});
    RUNSTONE_TRY(fill(package));
    RunState::ArtifactUse use;
    use.is_internal = true;
    RUNSTONE_TRY(run_.log_artifact("log", Artifact(draft), {}, use));
    constexpr const char* kScheme = "wandb-client-artifact://";
    return Address{kScheme + draft->client_id + "/",
                   kScheme + draft->sequence_client_id + ":latest/"};
  }
  const std::string& run_name() const override { return run_.plan_.id; }
  std::optional<Value> known_value(const std::string& key) const override {
    return run_.summary_value({key});
  }

  void record_files() {
    if (files_.files.empty()) return;
    const std::scoped_lock lock(run_.mutex_);
    run_.append_record(std::exchange(files_, {}));
  }

 private:
  Result<media::StoredFile> noted(Result<media::StoredFile> stored) {
    if (stored) {
      files_.files.push_back(
          {stored->path, protocol::FilesRecord::Policy::kNow, protocol::FilesRecord::Type::kMedia});
    }
    return stored;
  }

  RunState& run_;
  protocol::FilesRecord files_;
};

Result<Value> RunState::bind_media(ValueRef media, const std::string& key,
                                   const std::string& step) {
  if (media.kind() == ValueRef::Kind::kError) return fail(media.error());
  std::vector<media::Object*> objects;
  for (const Media& one : media.media()) {
    if (!one) {
      return fail(ErrorCode::kInvalidArgument, "the media of '" + key + "' holds nothing");
    }
    objects.push_back(one.object().get());
  }
  MediaSink sink(*this);
  const media::Place place{key, step};
  auto value = media.kind() == ValueRef::Kind::kMedia
                   ? objects[0]->bind(sink, place)
                   : media::bind_list(Span<media::Object* const>(objects), sink, place);
  sink.record_files();
  return value;
}

// A chart's table is under a key of its own, and how it is drawn in the config.
Result<BoundField> RunState::bind_field(const Field& field, const std::string& step) {
  const media::ChartObject* const chart = chart_of(field.value);
  if (chart == nullptr) {
    RUNSTONE_TRY(Value value, bind_media(field.value, inner_key(field), step));
    return BoundField{std::string(field.key), std::move(value), field.is_path};
  }
  const std::string key = field.is_path ? joined_key(field) : std::string(field.key);
  std::string table_key = chart->table_key(key);
  RUNSTONE_TRY(Value value, bind_media(chart->table(), table_key, step));
  RUNSTONE_TRY(
      MediaSink(*this).set_private_config(chart->config_path(key), chart->config_value(key)));
  return BoundField{std::move(table_key), std::move(value), false};
}

Result<void> RunState::log_media(Span<const Field> fields, const LogOptions& options) {
  // Another thread may write a row meanwhile: then only the number in the file's name is behind.
  const std::int64_t current = this->step();
  const bool has_step = options.step && !ignores_steps();
  const bool is_past = has_step && *options.step < current;  // log() will say so
  const std::string step = std::to_string(has_step ? *options.step : current);
  std::deque<BoundField> bounds;
  std::vector<Field> plain;
  plain.reserve(fields.size());
  for (const Field& field : fields) {
    if (!field.value.is_media()) {
      plain.push_back(field);
      continue;
    }
    if (field.key.empty() || is_past) continue;
    auto bound = bind_field(field, step);
    if (bound) {
      const BoundField& kept = bounds.emplace_back(*std::move(bound));
      plain.emplace_back(kept.key, kept.value, kept.is_path);
      continue;
    }
    Error error = std::move(bound).error();
    if (field.value.kind() == ValueRef::Kind::kError || !is_loss(error.code)) {
      return fail(std::move(error));
    }
    terminal_.warn("'" + std::string(field.key) + "' could not be stored: " + error.message +
                   ". The rest of the row is.");
    const std::scoped_lock lock(mutex_);
    ++lost_media_;
    media_loss_reason_ = std::move(error.message);
  }
  return log(Span<const Field>(plain.data(), plain.size()), options);
}

}  // namespace runstone
