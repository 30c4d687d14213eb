#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runstone/run.h"
#include "uplink/uplink.h"

namespace runstone {

enum class RunMode { kOnline, kOffline, kDisabled };

/// Everything init() has decided before it touches the disk or the network.
struct InitPlan {
  RunMode mode = RunMode::kOffline;
  Settings settings;  ///< of all sources, the arguments included
  std::string id, project, entity, group, job_type, sweep_id;
  std::optional<std::string> name, notes;
  std::vector<std::string> tags;
  Dict config;           ///< of files and of init(config=)
  Dict sweep_config;     ///< of the setting sweep_param_path: locked
  std::string root_dir;  ///< absolute; the directory that gets `runstone/`

  std::optional<bool> hides_runs;  ///< in `.runstone/`; not said: if that is there already

  uplink::StartFrom start_from;    ///< which stored run this one goes on from
  protocol::WriterRecord writer;   ///< mode="shared": which of several writers of the run this is
  bool keeps_resume_file = false;  ///< resume="auto": the id is kept for the next process

  // Where to send.
  std::string base_url, api_key;
  bool named_server = false;  ///< the user named it; else it is the local server's client.json
  std::string notice;         ///< a line to print, e.g. why the run is offline

  std::vector<std::string> warnings;
  std::string host, username;
  ProgramFacts program;
  std::function<void()> stop_fn;
};

/// Merges the sources by precedence and checks every rule of init() that needs no network.
Result<InitPlan> plan_init(const InitOptions& options);

}  // namespace runstone
