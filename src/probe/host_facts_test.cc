#include "probe/host_facts.h"

#include <gmock/gmock.h>

#include "probe/cpu.h"
#include "probe/test_machine.h"

namespace runstone::probe {
namespace {

TEST(HostFacts, CountCoresAndWhatTheyCanRunAtOnce) {
  TestMachine machine;
  std::string cpus;
  for (const auto& [package, core] : {std::pair{0, 0}, {0, 1}, {1, 0}, {0, 0}, {0, 1}, {1, 0}}) {
    cpus +=
        "processor\t: 1\nmodel name\t: Some CPU: v4\nphysical id\t: " + std::to_string(package) +
        "\ncore id\t\t: " + std::to_string(core) + "\n\n";
  }
  machine.put("proc/cpuinfo", cpus);
  machine.put("proc/meminfo", "MemTotal:  1000 kB\n");
  const Dict facts = host_facts(machine.roots(), {"/", "/no/such/path"}, {});
  EXPECT_EQ(*facts.find("cpu_count"), Value(3));
  EXPECT_EQ(facts.find("cpu_count_logical")->int_or(0), static_cast<std::int64_t>(online_cpus()));
  EXPECT_EQ(*facts.find("cpu")->get("model"), Value("Some CPU: v4"));
  EXPECT_EQ(*facts.find("memory"), Value({{"total", "1024000"}}));
  EXPECT_EQ(facts.find("disk")->if_dict()->size(), 1u);
  EXPECT_FALSE(facts.find("gpu"));
}

TEST(HostFacts, TellOfGpus) {
  TestMachine machine;
  Gpus gpus;
  gpus.nvidia = NvidiaGpus::open(RUNSTONE_FAKE_NVML);
  const Dict facts = host_facts(machine.roots(), {}, gpus);
  EXPECT_EQ(*facts.find("gpu"), Value("Fake H100"));
  EXPECT_EQ(*facts.find("gpu_count"), Value(3));
  EXPECT_EQ(*facts.find("cudaVersion"), Value("12.4"));
  EXPECT_EQ(facts.find("gpu_nvidia")->if_list()->size(), 2u);  // the third is lost
}

TEST(HostFacts, AMachineThatSaysNothingIsNoError) {
  TestMachine machine;
  machine.put("proc/cpuinfo", ":\nmodel name\nphysical id:\n\n");
  const Dict facts = host_facts(machine.roots(), {}, {});
  EXPECT_FALSE(facts.find("memory"));
  EXPECT_FALSE(facts.find("cpu"));
  EXPECT_TRUE(facts.find("cpu_count"));
}

TEST(HostFacts, SlurmVariablesLoseTheirPrefix) {
  ::setenv("SLURM_JOB_ID", "12", 1);
  ::setenv("SLURM_STEP_NODELIST", "n1", 1);
  const Dict facts = slurm_facts();
  ::unsetenv("SLURM_JOB_ID");
  ::unsetenv("SLURM_STEP_NODELIST");
  EXPECT_EQ(*facts.find("job_id"), Value("12"));
  EXPECT_EQ(*facts.find("step_nodelist"), Value("n1"));
}

}  // namespace
}  // namespace runstone::probe
