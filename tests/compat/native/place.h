#pragma once

#include <runstone/api.h>
#include <runstone/run.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace native {

/// The project of the running test: its name, so that tests share a server and nothing else.
std::string project();
/// The entity that runs go to when none is named.
std::string entity();

/// Of a run in that project, which prints nothing.
runstone::InitOptions options(const std::string& id, const std::string& mode = "online");
runstone::Run start(const std::string& id, const std::string& mode = "online");
/// Ends the run and expects that everything is on the server.
void finish(runstone::Run& run);

/// A run of the project, as the server has it.
runstone::PublicRun stored(const std::string& id);
/// Its rows in order, without the keys that the client adds by itself.
std::vector<runstone::Dict> rows_of(const runstone::PublicRun& run);
std::vector<std::int64_t> steps_of(const runstone::PublicRun& run);
/// The value at a path of the summary; null if there is none.
runstone::Value summary_of(const runstone::PublicRun& run, const std::vector<std::string>& path);
/// The bytes of one of its files, fetched from the server.
std::string file_of(const runstone::PublicRun& run, const std::string& name);
std::vector<std::string> file_names_of(const runstone::PublicRun& run);

/// Asks again and again until it holds, for at most half a minute; then the test fails.
void eventually(const char* what, const std::function<bool()>& holds);

/// How a command ended and what it said.
struct Said {
  int exit_code = -1;
  std::string text;
};
/// `runstone sync ARGUMENTS`, of the command that is under test. `server`: instead of the
/// environment's.
Said sync(const std::string& arguments, const std::string& server = "");

/// One acceptance program (run-api 12): what it does in a run, and what it leaves.
struct Acceptance {
  std::function<void(runstone::Run& run)> program;
  std::function<void(const runstone::PublicRun& run)> check;
};
/// Runs it online, then offline in another project and synced, each in an empty folder, and checks
/// both.
void in_both_modes(const Acceptance& acceptance, const std::string& id = "a");

/// Writes a file in the working folder, with the folders above it.
void write(const std::filesystem::path& path, std::string_view content);
std::string read(const std::filesystem::path& path);
/// Bytes that are no text, the same for the same seed.
std::string noise(std::size_t size, unsigned seed);

}  // namespace native
