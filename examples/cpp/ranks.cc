// One program on many ranks, as MPI and Slurm start it: each rank throws darts at a square and
// counts those inside the circle; together they know pi. Every rank logs what it sees. The ranks'
// processes need not know each other for that: each finds its rank in the environment.
//
//   mpirun -n 4 ranks          or   srun -n 4 ranks      or   torchrun-like: RANK=0 WORLD_SIZE=4
//   ranks ranks --start 4            starts four ranks itself, on this machine
#include <runstone/runstone.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

struct Place {
  int rank = 0, size = 1;
  std::string job = "alone";  ///< the same for all ranks of one start, and for no other
};

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == 0) return std::nullopt;
  return std::string(value);
}

/// Which rank this process is, by the variables of the launchers that are in use.
Place find_place() {
  struct Launcher {
    const char *rank, *size, *job;
  };
  constexpr Launcher kLaunchers[] = {
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMIX_NAMESPACE"},  // Open MPI
      {"PMI_RANK", "PMI_SIZE", "PMI_JOBID"},                               // MPICH, Intel MPI
      {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_JOB_ID"},                    // srun
      {"RANK", "WORLD_SIZE", "JOB_ID"},                                    // torchrun, and our own
  };
  Place place;
  for (const Launcher& launcher : kLaunchers) {
    const auto rank = variable(launcher.rank), size = variable(launcher.size);
    if (!rank || !size) continue;
    place.rank = std::atoi(rank->c_str());
    place.size = std::atoi(size->c_str());
    place.job = variable(launcher.job).value_or("job");
    break;
  }
  return place;
}

/// Starts this program once per rank and waits for all. Gives what the first that failed returned.
int start_ranks(int count, bool one_run) {
  const std::string job = "pi-" + std::to_string(getpid());
  std::vector<pid_t> ranks;
  for (int rank = 0; rank < count; ++rank) {
    const pid_t child = fork();
    if (child == 0) {
      setenv("RANK", std::to_string(rank).c_str(), 1);
      setenv("WORLD_SIZE", std::to_string(count).c_str(), 1);
      setenv("JOB_ID", job.c_str(), 1);
      execl("/proc/self/exe", "ranks", one_run ? "--one-run" : nullptr,
            static_cast<char*>(nullptr));
      _exit(127);
    }
    if (child > 0) ranks.push_back(child);
  }
  int failed = static_cast<int>(ranks.size()) == count ? 0 : 1;
  for (const pid_t rank : ranks) {
    int status = 0;
    waitpid(rank, &status, 0);
    if (status != 0 && failed == 0) failed = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }
  return failed;
}

/// A run of each rank's own, in one group: on the page they are compared, and averaged, as one.
runstone::InitOptions run_of_its_own(const Place& place) {
  runstone::InitOptions options;
  options.group = place.job;
  options.job_type = place.rank == 0 ? "first" : "other";
  options.name = "rank " + std::to_string(place.rank);
  options.config = {{"rank", place.rank}, {"size", place.size}};
  return options;
}

/// One run that all ranks write to: the job's id is the run's. The first rank gives it its config
/// and its end; the others only add rows, which the server puts in order.
runstone::Result<runstone::InitOptions> run_of_the_job(const Place& place) {
  runstone::InitOptions options;
  options.mode = "shared";
  options.id = place.job;
  if (place.rank == 0) options.config = {{"size", place.size}};
  const std::pair<const char*, runstone::Value> settings[] = {
      {"x_label", "rank " + std::to_string(place.rank)},
      {"x_primary", place.rank == 0},
      {"x_update_finish_state", place.rank == 0}};
  for (const auto& [name, value] : settings) {
    if (auto set = options.settings.set(name, value); !set) return runstone::fail(set.error());
  }
  return options;
}

runstone::Result<runstone::Run> start_run(const Place& place, bool one_run) {
  auto options = one_run ? run_of_the_job(place) : run_of_its_own(place);
  if (!options) return runstone::fail(options.error());
  options->project = "ranks";
  return runstone::Run::init(*options);
}

}  // namespace

int main(int argc, char** argv) {
  int start = 0;
  bool one_run = false;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--one-run") one_run = true;
    if (std::string(argv[i]) == "--start" && i + 1 < argc) start = std::atoi(argv[++i]);
  }
  if (start > 0) return start_ranks(start, one_run);

  const Place place = find_place();
  auto run = start_run(place, one_run);
  if (!run) {
    std::fprintf(stderr, "rank %d: %s\n", place.rank, run.error().message.c_str());
    return 1;
  }
  // In one run the rows of all ranks meet: each rank's numbers have keys of their own.
  const std::string prefix = one_run ? "rank " + std::to_string(place.rank) + "/" : "";
  const std::string pi_key = prefix + "pi", darts_key = prefix + "darts";
  std::mt19937_64 random(static_cast<std::uint64_t>(place.rank) + 1);
  std::uniform_real_distribution<double> coordinate(-1, 1);
  constexpr int kRounds = 50, kDarts = 10000;
  long inside = 0, thrown = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int dart = 0; dart < kDarts; ++dart, ++thrown) {
      const double x = coordinate(random), y = coordinate(random);
      inside += x * x + y * y <= 1;
    }
    const double pi = 4 * static_cast<double>(inside) / static_cast<double>(thrown);
    runstone::discard(run->log({{pi_key, pi}, {darts_key, thrown}}),
                      "a job goes on without its log");
  }
  return run->finish().lost_records == 0 ? 0 : 1;
}
