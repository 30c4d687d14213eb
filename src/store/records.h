#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/ids.h"

namespace runstone::store {

struct User {
  UserId id{};
  std::string name;  ///< unique; the user's own entity has the same name
  std::string email;
  std::string display_name;
  bool admin = false;
  std::int64_t created_at_us = 0;
  bool service = false;            ///< a team's account for machines: no entity, no password
  std::string default_entity;      ///< where his runs go; "": his own entity
  std::int64_t deleted_at_us = 0;  ///< 0 for all who can sign in; the name stays taken

  const std::string& home() const { return default_entity.empty() ? name : default_entity; }
};

/// A key as it is kept: never the key itself, only what it hashes to.
struct ApiKey {
  ApiKeyId id{};
  UserId user{};
  std::string hash;  ///< as auth made it; unique
  std::string name;
  std::string description;
  std::int64_t created_at_us = 0;
};

/// A browser's sign-in, or a one-use token for one; both are kept by hash.
struct Session {
  std::string hash;
  UserId user{};
  std::int64_t created_at_us = 0;
  std::int64_t expires_at_us = 0;
};

enum class EntityKind : std::uint8_t { kUser, kTeam, kOrganization };
/// "user", "team", "organization".
const char* to_string(EntityKind kind);

struct Entity {
  EntityId id{};
  std::string name;            ///< unique
  std::optional<UserId> user;  ///< of a user's own; else none
  std::int64_t created_at_us = 0;
  EntityKind kind = EntityKind::kUser;
  std::optional<OrganizationId>
      organization;  ///< which a team belongs to, or whose own entity it is
};

struct Project {
  ProjectId id{};
  EntityId entity{};
  std::string entity_name;
  std::string name;
  std::string description;
  std::int64_t created_at_us = 0;
  std::int64_t run_count = 0;            ///< counted by the list and find calls
  std::int64_t last_activity_at_us = 0;  ///< the newest heartbeat of its runs, or created_at_us
  // Of registries only, see RegistryStore:
  bool restricted = false;
  bool listed_types = false;
};

enum class RunState : std::uint8_t {
  kPending,
  kRunning,
  kFinished,
  kFailed,
  kKilled,
  kCrashed,
  kPreempting,
  kPreempted,
};
/// "running", "crashed", ... as the wire and the pages spell it.
const char* to_string(RunState state);
std::optional<RunState> run_state_from(std::string_view text);
/// Pending, running, preempting: a writer may still come.
bool is_live(RunState state);

/// Which lines: a run has one of each. The summary is no stream: it is a column of the run.
enum class Stream : std::uint8_t { kHistory = 0, kEvents = 1, kConsole = 2 };
inline constexpr int kStreamCount = 3;

/// What is asked of a run besides its plain columns; config and summary may be large.
struct RunColumns {
  bool config = true;
  bool summary = true;
};

struct RunInfo {
  RunId id{};
  ProjectId project{};
  std::string entity_name;
  std::string project_name;
  std::string name;  ///< the run id that users see: unique in the project
  std::string display_name;
  std::string
      config_json;  ///< `{"lr":{"value":0.1},...}` as last sent; "{}" at first, "" if not asked
  std::string summary_json;  ///< extended JSON (NaN); "{}" at first, "" if not asked
  std::vector<std::string> tags;
  std::string notes;
  std::string description;
  std::string group;
  std::string job_type;
  std::string sweep;
  std::string host;
  std::string program;
  std::string commit;
  std::string repo;
  std::optional<UserId> user;
  std::string user_name;
  RunState state = RunState::kRunning;
  std::optional<int> exit_code;
  bool stop_requested = false;
  bool preempting = false;
  std::int64_t created_at_us = 0;
  std::int64_t updated_at_us = 0;    ///< the last change of config, tags, notes, state, names
  std::int64_t heartbeat_at_us = 0;  ///< the writer's last request
  std::optional<std::int64_t> finished_at_us;
  std::int64_t history_lines = 0;  ///< 1 + the highest line number
  std::int64_t event_lines = 0;
  std::int64_t console_lines = 0;
  std::int64_t gaps = 0;               ///< lines skipped by offsets that jumped ahead
  std::int64_t last_step = -1;         ///< the highest `_step` of the history; -1 if none
  std::int64_t keys_through_line = 0;  ///< history lines counted in the key catalogue's counts
  /// The run whose history up to `fork_step` this one began with; its lines are copied here, with
  /// numbers below zero. The other run may be gone.
  std::optional<RunId> fork_of;
  std::int64_t fork_step = -1;

  std::int64_t lines(Stream stream) const {
    return stream == Stream::kHistory  ? history_lines
           : stream == Stream::kEvents ? event_lines
                                       : console_lines;
  }
};

/// Lines as they came, in a run's tail. `data` is what store/tail_lines.h encodes and decodes.
struct TailChunk {
  RunId run{};
  Stream stream{};
  std::int64_t first_line = 0;
  std::int64_t line_count = 0;
  std::int64_t first_step = -1;  ///< lowest `_step` in it; -1 for none, and for other streams
  std::int64_t last_step = -1;   ///< highest
  std::int64_t raw_bytes = 0;    ///< of the lines, before compression
  std::string data;

  std::int64_t end_line() const { return first_line + line_count; }
};

/// An immutable Parquet file with part of a run's history (or events), and its overview.
struct PartInfo {
  PartId id{};
  RunId run{};
  Stream stream = Stream::kHistory;
  std::string object_key;    ///< empty: the bytes are in SQL, Store::part_bytes
  std::string overview_key;  ///< empty: in SQL, Store::part_overview
  std::int64_t size_bytes = 0;
  std::int64_t row_count = 0;  ///< tall rows: values
  std::int64_t line_count =
      0;  ///< lines in it; fewer than end_line - first_line where there are gaps
  std::int64_t first_line = 0;
  std::int64_t end_line = 0;  ///< one past the last
  std::int64_t first_step = -1;
  std::int64_t last_step = -1;
  std::int64_t created_at_us = 0;
};

/// What is known of one key of a run's history. Names are leaf paths (model/key_path.h).
struct KeyInfo {
  std::string name;
  std::int64_t numbers = 0;  ///< NaN and the infinities are numbers
  std::int64_t strings = 0;
  std::int64_t bools = 0;
  std::int64_t media = 0;   ///< objects with a "_type"
  std::int64_t others = 0;  ///< null, lists, {}
  std::int64_t last_step = -1;

  std::int64_t count() const { return numbers + strings + bools + media + others; }
  /// "number", "string", "bool", "media", "other"; "mixed" for two or more of them.
  const char* type_name() const;
};

struct RunFile {
  std::string name;        ///< the path under the run's files, with /
  std::string object_key;  ///< where the bytes are; empty: announced, not yet stored
  std::int64_t size_bytes = 0;
  std::string md5_base64;
  std::string mimetype;
  std::int64_t updated_at_us = 0;
};

}  // namespace runstone::store
