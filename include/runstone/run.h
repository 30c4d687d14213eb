#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/artifact.h"
#include "runstone/config.h"
#include "runstone/metric.h"
#include "runstone/result.h"
#include "runstone/row.h"
#include "runstone/settings.h"
#include "runstone/span.h"
#include "runstone/summary.h"

namespace runstone {

enum class MessageLevel { kInfo, kWarning, kError };
/// Takes each line that a run has to say to its user. Called from any thread, never with a lock
/// held.
using Printer = std::function<void(MessageLevel, const std::string& line)>;

/// What a language's own layer knows about the program; C++ programs leave it as it is.
struct ProgramFacts {
  std::string language_version;  ///< "CPython 3.11.7"; empty for C++
  std::string python_version;    ///< "3.11.7"; empty for C++
  std::string program;           ///< path of the script or executable; found by init() if empty
  std::vector<std::string> args;
  std::string executable;
  std::string colab;  ///< the notebook's page, of a program that runs in Colab
  std::string directory_name = "runstone";  ///< of the directory that holds the runs' directories
  /// Gives the lines of requirements.txt. Called once, on a background thread; may be empty.
  std::function<std::vector<std::string>()> requirements;
  /// Asked a few times a second, on init()'s own thread, while init() waits for a server; true (the
  /// user pressed Ctrl-C) makes it give up. May be empty.
  std::function<bool()> is_interrupted;
};

/// What init() takes. Each value not given comes from the settings, the environment, the settings
/// files or a default, in that order. (docs/sdk.md has every rule.)
struct InitOptions {
  std::optional<std::string> entity, project, dir, id, name, notes, group, job_type;
  std::optional<std::vector<std::string>> tags;
  Dict config;                             ///< of Values; NaN becomes null
  std::optional<std::string> config_file;  ///< a YAML file; `config` wins over what it has
  std::optional<bool> allow_val_change;
  std::vector<std::string> config_exclude_keys, config_include_keys;
  std::optional<std::string> mode;  ///< online, offline, disabled, shared
  /// allow, never, must, auto. The setting `resume` with the value false: none, whatever the
  /// environment says.
  std::optional<std::string> resume;
  std::optional<std::string> resume_from, fork_from;  ///< "<run id>?_step=<number>"
  std::optional<bool> force, save_code, sync_tensorboard;
  std::optional<bool> monitor_gym;  ///< Python's only: kNotImplemented in other programs
  Settings settings;                ///< init(settings=)
  Settings
      setup_settings;  ///< of the process; weaker than `settings`, stronger than the environment
  ProgramFacts program;
  /// Called once, on a background thread, when somebody presses stop in the pages (or, with the
  /// setting stop_on_fatal_error, when nothing more can be sent). Empty: see Run::should_stop().
  std::function<void()> stop_fn;
  Printer printer;  ///< where the run's lines go, from any thread; standard error if empty
};

/// How log() treats the open row; the default writes it and goes on to the next step.
struct LogOptions {
  std::optional<std::int64_t> step;
  std::optional<bool> commit;
};

/// How a run's alert is told.
struct AlertOptions {
  std::string level = "INFO";      ///< INFO, WARN or ERROR
  double wait_duration_secs = 60;  ///< in which further alerts of this title are dropped; 0: 60
};

/// Which files save() takes and when they are sent.
struct SaveOptions {
  std::optional<std::string> base_path;  ///< what is above the files' place in the run
  std::string policy = "live";           ///< live: at each change; now: once; end: at finish()
  bool glob = true;                      ///< false: the pattern is one path, taken literally
};

/// How a version of an artifact is called.
struct LogArtifactOptions {
  std::vector<std::string> aliases;  ///< "latest" is always added
  std::vector<std::string> tags;
};
struct UseArtifactOptions {
  std::string type;                  ///< that it must have; empty: any
  std::vector<std::string> aliases;  ///< of a draft, which is logged first
};
/// Which file restore() brings, and where.
struct RestoreOptions {
  std::string run_path;  ///< "[[entity/]project/]id"; empty: the run's own
  bool replace = false;  ///< also a file that is here is downloaded
  std::string root;      ///< the folder that gets it; empty: the run's dir(), without a run "."
};
/// Which files log_code() takes: both get the absolute path and the absolute root.
using CodeFilter = std::function<bool(const std::string& path, const std::string& root)>;

/// What has been delivered. All zero for a run that is not online.
struct RunStatus {
  std::uint64_t sync_items_total = 0;    ///< rows written by this process
  std::uint64_t sync_items_pending = 0;  ///< of them, rows that no server has acknowledged
  std::optional<double> sync_time;       ///< Unix seconds of the last acknowledgement
};

/// What is known when a run has ended.
struct FinishReport {
  bool first_call = false;         ///< false: the run was finished before, nothing was done
  bool delivered = true;           ///< online: the server has acknowledged everything
  std::uint64_t rows = 0;          ///< rows written to the journal by this process
  std::uint64_t lost_records = 0;  ///< records that could not be written (disk full)
  std::uint64_t lost_media = 0;    ///< media whose files could not be written
  std::uint64_t left_records = 0;  ///< online: records the server has not acknowledged
  std::string message;             ///< what is left and how to sync it; "" if nothing is
};

/// One run: what a training logs, kept in a journal file and, online, delivered to a server.
///
///   auto run = runstone::Run::init({.project = "demo"});   // (designated initialisers: C++20)
///   run->log({{"loss", 0.5}, {"acc", 0.9}});
///   run->finish();
///
/// Any member may be called from any thread. After finish(), what would write gives
/// kFailedPrecondition. In a forked child, log() goes to a file of the child's own, from which the
/// parent takes the rows over. No call throws; none but init() and finish() waits for the network.
class Run {
 public:
  /// Makes a run's directory and journal and, online, asks the server for its name (at most 2 s;
  /// with resume, resume_from and fork_from as long as the setting init_timeout says). Errors:
  /// kInvalidArgument and kInvalidType (bad options or settings), kFailedPrecondition (bad project
  /// or id, no API key, a resume rule broken), kConfigLocked (bad config), kUnauthenticated (the
  /// server refused the key), kUnavailable (no answer, or no such run, for one that goes on from a
  /// stored run), kNotImplemented (the message names the parameter), kIo (no directory can be
  /// made).
  static Result<Run> init(const InitOptions& options = {});

  /// For a process that was not forked but started anew (multiprocessing's spawn): a Run that logs
  /// into the run of another process on this machine, as a forked child does. `token` is that run's
  /// child_token(). Its finish() writes its open row; it does not end the run.
  static Result<Run> attach(std::string_view token);
  std::string child_token() const;
  /// Whether this is a forked child's copy, or attached.
  bool is_child() const;

  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;
  /// Finishes the run if finish() was not called: exit code 0, or 1 while an exception unwinds.
  ~Run();

  // --- rows -------------------------------------------------------------------------------------
  /// Merges the fields into the open row and, unless told otherwise, writes it. On return a written
  /// row survives SIGKILL of this process. Nothing is allocated once a row's keys are known.
  /// Media are encoded and written to files first, on this thread. Files that the disk refuses, or
  /// that have vanished, are left out, told and counted; the rest of the row is stored.
  /// Errors: kFailedPrecondition (finished; no encoder for a video), what making a media gave. A
  /// row that is not stored uses up no step.
  Result<void> log(Span<const Field> fields, const LogOptions& options = {});
  Result<void> log(std::initializer_list<Field> fields, const LogOptions& options = {}) {
    return log(Span<const Field>(fields.begin(), fields.size()), options);
  }
  Result<void> log(const Row& row, const LogOptions& options = {}) {
    return log(row.fields(), options);
  }
  Result<void> log(const Dict& row, const LogOptions& options = {});
  /// The shortest road: `values[i]` belongs to `keys[i]`; both have the same size.
  Result<void> log_numbers(Span<const std::string_view> keys, Span<const double> values,
                           const LogOptions& options = {});

  /// Stores a media value's files as log() would under `key` at `step` ("summary" for what is set
  /// in the summary by hand), and gives the value that a row would hold.
  Result<Value> bind_media(ValueRef media, const std::string& key, const std::string& step);

  // --- metrics, config, summary ------------------------------------------------------------------
  /// Errors: kInvalidArgument (empty name, a `*` not at the end, unknown operation or goal).
  Result<Metric> define_metric(std::string_view name, const MetricOptions& options = {});
  Config config() const { return Config(state_.get()); }
  /// A snapshot of the config: later changes do not show in it.
  Dict config_static() const { return config().all(); }
  Summary summary() const { return Summary(state_.get()); }

  // --- other records -----------------------------------------------------------------------------
  enum class Stream { kStdout, kStderr };
  /// Any fragment of what the program printed; the run's output.log is made of it.
  void write_console(Stream stream, std::string_view text);
  /// A line of a logging library, without its newline: it stands in output.log, too.
  void write_logger_line(std::string_view line);
  /// Adds lines to the console log. Ignored once finished.
  void write_logs(std::string_view text);
  /// Says that files()/<path> is a file of this run (to be uploaded when online).
  Result<void> add_file(std::string_view path, std::string_view policy = "now");
  /// Takes the files that match `pattern` into the run: each appears below dir() at its path
  /// relative to the base path (the working directory; for an absolute pattern the folder two
  /// levels up), as a symbolic link, else a hard link, else a copy. A matched folder is taken
  /// whole. Gives the paths below dir(), sorted; none if nothing matches. Errors: kInvalidArgument
  /// (an unknown policy, a pattern that is not below the base path).
  Result<std::vector<std::string>> save(const std::string& pattern,
                                        const SaveOptions& options = {});
  /// Takes the artifact into the run as a new version of its collection, unless the newest has the
  /// same content. The draft becomes final; its files are sent in the background (offline: by
  /// `runstone sync`). Artifact::wait() says when the server has it. Online, the server is asked
  /// once for each name, for at most 2 s, whether its versions are of another type.
  /// Errors: kInvalidArgument (aliases, tags, another type, a draft of a version of another
  /// project), kFailedPrecondition (finished).
  Result<void> log_artifact(const Artifact& artifact, const LogArtifactOptions& options = {});
  /// The same of a file, a folder or an address, as an artifact made for it: by default named
  /// run-<id>-<its name>, of the type "unspecified".
  Result<Artifact> log_artifact(const std::string& path, const std::string& name = "",
                                const std::string& type = "unspecified",
                                const LogArtifactOptions& options = {});
  /// The draft that log_artifact() makes of a path.
  Result<Artifact> artifact_of_path(const std::string& path, const std::string& name = "",
                                    const std::string& type = "unspecified") const;
  /// One version by many writers: each upserts its files under the same name and id (by default the
  /// run's group), one finishes it. Errors: kInvalidType without a group and an id, and those of
  /// log_artifact().
  Result<void> upsert_artifact(const Artifact& artifact, const std::string& distributed_id = "",
                               const LogArtifactOptions& options = {});
  Result<void> finish_artifact(const Artifact& artifact, const std::string& distributed_id = "",
                               const LogArtifactOptions& options = {});
  /// log_artifact() of the type "model".
  Result<Artifact> log_model(const std::string& path, const std::string& name = "",
                             const std::vector<std::string>& aliases = {});
  /// The program's source files below `root` as an artifact of the type "code"; by default *.py,
  /// C and C++ sources, requirements.txt and Dockerfile*, but not the runs' own directories.
  /// Nothing, with a warning, if there is no such file.
  Result<std::optional<Artifact>> log_code(const std::string& root = ".",
                                           const std::string& name = "",
                                           const CodeFilter& include = nullptr,
                                           const CodeFilter& exclude = nullptr);
  /// A version of the server, "[[entity/]project/]name[:alias]" (what is missing is the run's, and
  /// "latest"), and a note there that this run used it. Waits for the network.
  /// Errors: kInvalidType (offline), kNotFound, kInvalidArgument (another type, a name that cannot
  /// be), kFailedPrecondition (finished), and those of Artifact's calls.
  Result<Artifact> use_artifact(const std::string& name, const UseArtifactOptions& options = {});
  /// The same of one that is at hand; a draft is logged first, and waited for.
  Result<Artifact> use_artifact(const Artifact& artifact, const UseArtifactOptions& options = {});
  /// Puts a version into a collection, "[[entity/]project/]collection" (what is missing is the
  /// run's); a draft is logged first. Gives the version there. Waits for the network.
  /// Errors: kNotImplemented (offline), and those of Artifact::link().
  Result<Artifact> link_artifact(const Artifact& artifact, const std::string& target_path,
                                 const std::vector<std::string>& aliases = {});
  /// use_artifact() and download(): the path of its one file, else of its folder. Errors:
  /// kNotImplemented (offline), kInvalidType (its type is not one of a model), those of the two.
  Result<std::string> use_model(const std::string& name);
  /// Logs the files as a model (of the type that `name` has already) and links it to
  /// <entity>/model-registry/<registered name>. Errors: kInvalidType (a registered name that is a
  /// path, a name whose versions are no models), and those of log_model() and link_artifact().
  Result<Artifact> link_model(const std::string& path, const std::string& registered_model_name,
                              const std::string& name = "",
                              const std::vector<std::string>& aliases = {});
  /// Brings a file of a run from the server into a folder and gives its path; a file that is there
  /// is kept, unless it is to be replaced. Waits for the network.
  /// Errors: kInvalidArgument (a name that leads out of the folder), kNotFound,
  /// kFailedPrecondition (no server, or no key for it, is known), kUnauthenticated,
  /// kPermissionDenied, kUnavailable, kIo.
  Result<std::string> restore(const std::string& name, const RestoreOptions& options = {}) const;
  /// The same without a run: of the server that init() would send to; the path is needed then.
  static Result<std::string> restore_of(const std::string& name, const RestoreOptions& options,
                                        const Settings& setup_settings = {});
  /// Says that this run reads a version that is on the server, by its id there.
  Result<void> use_artifact_id(const std::string& server_id);
  /// Sends a message to the people who follow the run. Titles are shown up to 64 characters.
  /// Errors: kInvalidArgument (level, a negative wait).
  Result<void> alert(std::string_view title, std::string_view text,
                     const AlertOptions& options = {});
  /// Says that the machine is about to be taken away: if the run then ends without exit code 0, its
  /// state is preempted, not failed or crashed.
  Result<void> mark_preempting();
  /// Shows these config keys first on the run's page, replacing those pinned before.
  Result<void> pin_config_keys(const std::vector<std::string>& keys);
  Result<RunStatus> status() const;
  /// Logs what the program writes for TensorBoard into event files below this directory: scalars,
  /// images, histograms and texts under their tags, with `global_step`. A tag gets the directory's
  /// path below `root` in front; without a root, below what several directories have in common.
  /// From then on log()'s step is ignored. Errors: kInvalidArgument (a directory that is not below
  /// the root), kFailedPrecondition (finished, a child process).
  Result<void> sync_tensorboard(const std::string& directory, const std::string& root = "");

  /// Writes the open row and the exit record, waits for delivery within the setting finish_timeout,
  /// and says what was kept and lost. A second call does nothing.
  FinishReport finish(std::optional<int> exit_code = std::nullopt);
  bool finished() const;
  /// Whether somebody pressed stop: end the loop and finish(). A program that has asked is left to
  /// end by itself; one that has not, and gave no stop_fn, gets SIGINT as by Ctrl-C. Takes no lock.
  bool should_stop() const;

  // --- facts -------------------------------------------------------------------------------------
  std::string id() const;
  std::optional<std::string> name() const;
  std::optional<std::string> notes() const;
  std::vector<std::string> tags() const;
  std::string project() const;
  std::string entity() const;              ///< "" if unknown
  std::string group() const;               ///< "" if none
  std::string job_type() const;            ///< "" if none
  std::string path() const;                ///< entity/project/id without the parts that are unknown
  std::optional<std::string> url() const;  ///< nothing if not online
  std::optional<std::string> project_url() const;  ///< nothing if not online
  std::optional<std::string> sweep_id() const;     ///< nothing if it is of no sweep
  std::optional<std::string> sweep_url() const;    ///< nothing if not online, or of no sweep
  /// HTML of a frame with the run's page, `height` pixels high; `hidden` puts it behind a button.
  /// Of a run without a page a line that names it.
  std::string to_html(int height = 420, bool hidden = false) const;
  std::string dir() const;       ///< absolute path of the run's `files` directory
  std::string sync_dir() const;  ///< the run's directory
  bool offline() const;
  bool disabled() const;
  bool resumed() const;
  double start_time() const;           ///< Unix seconds; of a resumed run its first start
  std::int64_t starting_step() const;  ///< the first step that this process can log
  /// The step that the next plain log() will use; -1 in shared mode, where the server numbers rows.
  std::int64_t step() const;
  Settings settings() const;        ///< a copy: changing it changes nothing
  std::uint64_t row_count() const;  ///< rows written so far by this process

  /// kFailedPrecondition once finished.
  Result<void> set_name(std::string_view name);
  Result<void> set_notes(std::string_view notes);
  /// Tags of 1 to 64 characters; else a warning is printed and nothing changes.
  Result<void> set_tags(const std::vector<std::string>& tags);

 private:
  explicit Run(std::shared_ptr<RunState> state);
  std::shared_ptr<RunState> state_;  // owners: this handle and the run's background thread
};

}  // namespace runstone
