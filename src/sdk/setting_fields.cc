#include <algorithm>

#include "runstone/settings.h"

namespace runstone {
namespace {

using T = SettingType;

SettingField text(const char* name) { return {name, T::kText, true, false, nullptr}; }
SettingField text(const char* name, const char* value) {
  return {name, T::kText, false, false, value};
}
SettingField flag(const char* name, bool value) { return {name, T::kBool, false, false, value}; }
SettingField flag_or_null(const char* name) { return {name, T::kBool, true, false, nullptr}; }
SettingField number(const char* name, double value) {
  return {name, T::kNumber, false, false, value};
}
SettingField number_or_null(const char* name) { return {name, T::kNumber, true, false, nullptr}; }
SettingField count(const char* name, int value) { return {name, T::kInt, false, false, value}; }
SettingField texts(const char* name) { return {name, T::kTextList, true, false, List()}; }
SettingField any(const char* name) { return {name, T::kAny, true, false, nullptr}; }
SettingField computed(const char* name) { return {name, T::kAny, true, true, nullptr}; }

std::vector<SettingField> make_fields() {
  return {
      text("mode", "online"),
      text("project"),
      text("entity"),
      text("run_id"),
      text("run_name"),
      text("run_notes"),
      {"run_tags", T::kTextList, true, false, nullptr},
      text("run_group"),
      text("run_job_type"),
      text("root_dir"),
      text("base_url"),
      text("app_url"),
      text("api_key"),
      text("console", "auto"),
      flag("console_multipart", false),
      count("console_chunk_max_bytes", 0),
      count("console_chunk_max_seconds", 0),
      flag("silent", false),
      flag("quiet", false),
      flag("show_info", true),
      flag("show_warnings", true),
      flag("show_errors", true),
      {"reinit", T::kAny, true, false, "default"},
      any("resume"),
      flag("resumed", false),
      text("fork_from"),
      text("resume_from"),
      number("init_timeout", 90.0),
      number("login_timeout", 0.0),
      number("finish_timeout", 60.0),
      flag("finish_timeout_raises", false),
      number("summary_timeout", 60.0),
      count("summary_warnings", 5),
      number("heartbeat_seconds", 30.0),
      texts("ignore_globs"),
      flag("symlink", true),
      flag_or_null("save_code"),
      text("code_dir"),
      flag("disable_git", false),
      flag("disable_git_fork_point", true),
      flag("disable_code", false),
      text("host"),
      text("program"),
      text("program_abspath"),
      text("program_relpath"),
      text("git_commit"),
      text("git_remote"),
      text("git_remote_url"),
      text("git_root"),
      flag_or_null("sync_tensorboard"),
      flag_or_null("monitor_gym"),
      flag("table_raise_on_max_row_limit_exceeded", false),
      flag_or_null("strict"),
      any("stop_fn"),
      flag("stop_on_fatal_error", false),
      any("capture_loggers"),
      flag("allow_val_change", false),
      flag("allow_media_symlink", false),
      count("max_end_of_run_history_metrics", 10),
      count("max_end_of_run_summary_metrics", 10),
      flag_or_null("use_dot_wandb"),
      text("sweep_id"),
      text("sweep_param_path"),
      any("config_paths"),
      text("username"),
      text("email"),
      text("docker"),
      text("notebook_name"),
      text("anonymous"),
      flag_or_null("force"),
      flag_or_null("relogin"),
      flag("label_disable", false),
      flag("disable_job_creation", true),
      flag("disable_code_saving", false),
      flag("insecure_disable_ssl", false),
      text("http_proxy"),
      text("https_proxy"),
      text("cache_dir"),
      text("data_dir"),
      text("artifact_dir"),
      text("config_dir"),
      number_or_null("http_timeout"),
      number_or_null("file_pusher_timeout"),
      flag("debug", false),
      flag("error_reporting", true),
      text("service"),
      text("executable"),
      text("deployment"),
      flag("x_disable_stats", false),
      number("x_stats_sampling_interval", 15.0),
      {"x_stats_disk_paths", T::kTextList, true, false, List{"/"}},
      any("x_stats_gpu_device_ids"),
      flag("x_stats_track_process_tree", true),
      flag("x_stats_no_cgroup", false),
      flag("x_disable_meta", false),
      flag("x_disable_machine_info", false),
      flag("x_save_requirements", true),
      text("x_label"),
      flag("x_primary", true),
      flag("x_update_finish_state", true),
      number_or_null("x_start_time"),
      number("x_transaction_log_flush_interval", 15.0),
      flag("x_journal_json", false),
      text("step_order", "increasing"),
      flag("x_disable_service", false),
      flag("x_disable_viewer", false),
      flag("x_cli_only_mode", false),
      // Made by init(), read-only.
      computed("wandb_dir"),
      computed("sync_dir"),
      computed("sync_file"),
      computed("files_dir"),
      computed("log_dir"),
      computed("log_user"),
      computed("log_internal"),
      computed("resume_fname"),
      computed("run_url"),
      computed("project_url"),
      computed("sweep_url"),
      computed("run_mode"),
      computed("timespec"),
  };
}

}  // namespace

Span<const SettingField> Settings::fields() {
  static const std::vector<SettingField> fields = make_fields();
  return {fields.data(), fields.size()};
}

const SettingField* Settings::find(std::string_view name) {
  const auto all = fields();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const SettingField& f) { return name == f.name; });
  return found == all.end() ? nullptr : found;
}

}  // namespace runstone
