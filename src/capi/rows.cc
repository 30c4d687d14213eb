// What changes with each step of a training: rows, metrics, config, summary.
#include "capi/fields.h"

namespace runstone::capi {
namespace {

Result<LogOptions> log_options(std::int64_t step, int commit) {
  LogOptions options;
  if (step != RUNSTONE_NO_STEP) options.step = step;
  if (commit != RUNSTONE_DEFAULT && commit != 0 && commit != 1) {
    return fail(ErrorCode::kInvalidArgument, "commit must be 0, 1 or RUNSTONE_DEFAULT");
  }
  if (commit != RUNSTONE_DEFAULT) options.commit = commit == 1;
  return options;
}

}  // namespace
}  // namespace runstone::capi

using namespace runstone;
using namespace runstone::capi;

runstone_status runstone_log(runstone_run* run, const runstone_field* fields, size_t count) {
  return runstone_log_step(run, fields, count, RUNSTONE_NO_STEP, RUNSTONE_DEFAULT);
}

runstone_status runstone_log_step(runstone_run* run, const runstone_field* fields, size_t count,
                                  int64_t step, int commit) {
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto options, log_options(step, commit));
    RowFields row;
    if (Answer taken = row.take(fields, count); taken.status() != RUNSTONE_OK) return taken;
    return it.log(row.fields(), options);
  });
}

runstone_status runstone_log_numbers(runstone_run* run, const char* const* keys,
                                     const size_t* key_sizes, const double* values, size_t count) {
  return runstone_log_numbers_step(run, keys, key_sizes, values, count, RUNSTONE_NO_STEP,
                                   RUNSTONE_DEFAULT);
}

runstone_status runstone_log_numbers_step(runstone_run* run, const char* const* keys,
                                          const size_t* key_sizes, const double* values,
                                          size_t count, int64_t step, int commit) {
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto options, log_options(step, commit));
    RUNSTONE_TRY(const auto numbers, array(values, count, "the array of values"));
    RowFields row;
    if (Answer taken = row.take_numbers(keys, key_sizes, count); taken.status() != RUNSTONE_OK) {
      return taken;
    }
    return it.log_numbers(row.keys(), numbers, options);
  });
}

runstone_status runstone_define_metric(runstone_run* run, const char* name,
                                       const runstone_field* options, size_t count) {
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto metric, required(name, "the metric's name"));
    MetricOptions wanted;
    OptionReader reader("runstone_define_metric", options, count);
    reader.read("step_metric", wanted.step_metric);
    reader.read("step_sync", wanted.step_sync);
    reader.read("hidden", wanted.hidden);
    reader.read("summary", wanted.summary);
    reader.read("goal", wanted.goal);
    reader.read("overwrite", wanted.overwrite);
    RUNSTONE_TRY(reader.done());
    RUNSTONE_TRY(it.define_metric(metric, wanted));
    return {};
  });
}

runstone_status runstone_config_update(runstone_run* run, const runstone_field* values,
                                       size_t count, int allow_val_change) {
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto dict, to_dict(values, count));
    return it.config().update(dict, allow_val_change != 0);
  });
}

runstone_status runstone_summary_update(runstone_run* run, const runstone_field* values,
                                        size_t count) {
  return with<Run>(run, [&](Run& it) -> Answer {
    RUNSTONE_TRY(const auto dict, to_dict(values, count));
    return it.summary().update(dict);
  });
}
