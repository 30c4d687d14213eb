// What the machine says, as records of the run.
#include "base/json.h"
#include "probe/sampler.h"
#include "sdk/run_state.h"

namespace runstone {

void RunState::start_sampler() {
  const Settings& settings = plan_.settings;
  if (settings.flag("x_disable_stats") || settings.flag("x_disable_machine_info")) return;
  probe::MachineOptions options;
  options.disk_paths = settings.texts("x_stats_disk_paths");
  options.with_descendants = settings.flag("x_stats_track_process_tree");
  options.use_cgroup = !settings.flag("x_stats_no_cgroup");
  if (const auto ids = settings.get("x_stats_gpu_device_ids"); ids && ids->is_list()) {
    for (const Value& id : *ids->if_list()) {
      options.gpu_indices.push_back(static_cast<int>(id.int_or(-1)));
    }
  }
  // Rows of several writers of one run meet on the server: a labelled one marks its keys.
  const std::string label = settings.text("x_label");
  const std::string suffix = label.empty() ? "" : "/l:" + label;
  const auto deliver = [this, suffix](std::int64_t timestamp_us, const probe::Readings& readings) {
    protocol::StatsRecord record;
    record.timestamp_us = timestamp_us;
    for (const probe::Reading& reading : readings) {
      std::string text;
      json::append_double(text, reading.value);
      record.items.emplace_back(reading.key + suffix, std::move(text));
    }
    const std::scoped_lock lock(mutex_);
    if (life_ == Life::kRecording) append_record(std::move(record));
  };
  auto added = probe::Sampler::of_this_process().add(
      std::move(options), settings.number("x_stats_sampling_interval"), deliver);
  if (added) {
    sampler_id_ = *added;
  } else {
    terminal_.warn("System metrics are not recorded: " + added.error().message);
  }
}

// Without the run's lock: the sampler may be waiting for it.
void RunState::stop_sampler() {
  if (sampler_id_ == 0) return;
  probe::Sampler::of_this_process().remove(sampler_id_);
  sampler_id_ = 0;
}

}  // namespace runstone
