#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "probe/git_facts.h"
#include "runstone/value.h"
#include "sdk/init_plan.h"

namespace runstone {

class RunState;

/// The program as a file of a repository, or of the working directory.
struct ProgramPlace {
  std::string absolute;    ///< "" if the program is no file
  std::string code_path;   ///< from the repository's root (else the working directory) to it; "" if
                           ///< it is not below, or no source (a C++ program's executable)
  std::string local_path;  ///< the same from the working directory
  std::optional<probe::GitRepository> repository;
};
ProgramPlace place_of_program(const InitPlan& plan);
/// Whether the run keeps the program's source; where, relative to files(): "code/<code path>".
std::string saved_code_path(const InitPlan& plan, const ProgramPlace& place);
/// What is known of program and machine without waiting for anything, under the names of
/// wandb-metadata.json. Empty if the settings forbid it.
Dict first_facts(const InitPlan& plan, const ProgramPlace& place, std::int64_t start_time_us);

/// Finds what may take time: GPUs, git's patches, packages, the program's source. On a thread of
/// its own, so that neither init() nor the once-a-second work waits for a slow disk or for git;
/// each part is recorded when it is there.
class Surroundings : public std::enable_shared_from_this<Surroundings> {
 public:
  /// What the thread needs of the run, copied: it may outlive the run by a moment.
  struct Request {
    InitPlan plan;
    ProgramPlace place;
    Dict facts;         ///< first_facts()
    std::string files;  ///< the run's directory of files
    std::vector<std::string> environment;
  };
  /// nullptr if the system gives no thread; the run is told.
  static std::shared_ptr<Surroundings> start(RunState& run, Request request);
  Surroundings(RunState& run, Request request);

  /// Waits until all is recorded, but not for long: then git is stopped, and what hangs all the
  /// same is left behind. Without the run's lock.
  void end();

 private:
  void find();
  void write_metadata();
  void write_requirements();
  void save_program();
  void write_patches();
  void log_code_directory();
  void keep(const std::string& name, const std::string& bytes);
  void record(Dict facts);
  void warn(const std::string& text);
  /// Calls `use(run)` unless the run has gone; the run cannot go meanwhile.
  template <typename Use>
  void with_run(const Use& use);

  Request request_;
  std::atomic<bool> cancelled_{false};
  std::mutex run_mutex_;  // before the run's own
  RunState* run_;
  std::mutex done_mutex_;
  std::condition_variable done_signal_;
  bool done_ = false;
};

}  // namespace runstone
