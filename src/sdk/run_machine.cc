// What the machine says, as records of the run.
#include "base/json.h"
#include "probe/run_program.h"
#include "probe/sampler.h"
#include "sdk/run_state.h"

namespace runstone {

// What init() itself needs to know, which is little: a few looks at the disk.
void RunState::look_around() {
  place_ = place_of_program(plan_);
  first_facts_ = first_facts(plan_, place_, start_time_us_);
  const std::string code = saved_code_path(plan_, place_);
  if (!code.empty()) config_.set_path({"_wandb", "code_path"}, Value(code));
}

void RunState::start_surroundings() {
  if (plan_.writer.is_secondary) return;  // the primary writer says it for the run
  Surroundings::Request request;
  request.plan = plan_;
  request.place = place_;
  request.facts = first_facts_;
  request.files = directory_.files;
  request.environment = probe::environment_now();
  surroundings_ = Surroundings::start(*this, std::move(request));
}

void RunState::stop_surroundings() {
  if (!surroundings_) return;
  surroundings_->end();
  surroundings_.reset();
}

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
    std::string body;
    protocol::encode_body(body, std::move(record));
    const std::scoped_lock lock(mutex_);
    if (life_ == Life::kRecording) append_encoded(body);
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
