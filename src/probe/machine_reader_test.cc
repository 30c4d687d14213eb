#include "probe/machine_reader.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include <gmock/gmock.h>

#include "base/clock.h"
#include "probe/memory.h"
#include "probe/test_machine.h"

namespace runstone::probe {
namespace {

using testing::DoubleNear;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

constexpr const char* kMemInfo =
    "MemTotal:        1000000 kB\nMemFree:          100000 kB\nMemAvailable:     250000 kB\n";
const Gpus& no_gpus() {
  static const auto* const none = new Gpus;
  return *none;
}

TEST(ProcessTree, CountsChildrenOfChildrenWhateverTheirNames) {
  TestMachine machine;
  machine.put_process(10, 1, 500, 3, 4, "11 12");
  machine.put_process(11, 10, 50, 2, 1, "13");
  machine.put_process(12, 10, 5, 1, 1, "");
  machine.put_process(13, 11, 1, 1, 2, "");
  machine.put_process(99, 1, 7, 7, 7, "");
  const auto tree = read_process_tree(machine.roots(), 10, true);
  ASSERT_THAT(tree, SizeIs(4));
  std::uint64_t ticks = 0, threads = 0;
  for (const auto& process : tree) {
    ticks += process.cpu_ticks;
    threads += process.threads;
  }
  EXPECT_EQ(ticks, 556u);
  EXPECT_EQ(threads, 8u);
  EXPECT_THAT(read_process_tree(machine.roots(), 10, false), SizeIs(1));
}

TEST(ProcessTree, AKernelWithoutListsOfChildrenIsAskedForParents) {
  TestMachine machine;
  machine.put_process(10, 1, 500, 3, 4, "");
  machine.put_process(11, 10, 50, 2, 1, "");
  machine.put_process(13, 11, 50, 2, 1, "");
  machine.put_process(99, 1, 7, 7, 7, "");
  std::filesystem::remove(machine.path() + "/proc/10/task/10/children");
  EXPECT_THAT(read_process_tree(machine.roots(), 10, true), SizeIs(3));
}

TEST(ProcessTree, AChildThatEndsMeanwhileIsLeftOut) {
  TestMachine machine;
  machine.put_process(10, 1, 500, 3, 4, "11 12");
  machine.put_process(12, 10, 5, 1, 1, "");
  EXPECT_THAT(read_process_tree(machine.roots(), 10, true), SizeIs(2));
  EXPECT_THAT(read_process_tree(machine.roots(), 4711, true), IsEmpty());
}

TEST(Cpu, IsWhatTheTreeUsedOfAllProcessorsItMayUse) {
  TestMachine machine;
  const auto per_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  CpuReader reader(machine.roots());
  Readings first, second;
  machine.put("proc/stat",
              "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 100 0 0 900 0 0 0 0 0 0\n"
              "cpu1 0 0 0 1000 0 0 0 0 0 0\nintr 5\n");
  reader.read({{10, 1000, 1, 1, 0}}, 4, 1'000'000, first);
  EXPECT_THAT(first, IsEmpty());  // a difference needs two moments
  machine.put("proc/stat",
              "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 150 0 25 925 0 0 0 0 0 0\n"
              "cpu1 0 0 0 1050 50 0 0 0 0 0\nintr 5\n");
  // Two seconds of one processor in two seconds, and a child that was born meanwhile: half of one.
  reader.read({{10, 1000 + 2 * per_second, 1, 1, 0}, {11, per_second, 5, 1, 0}}, 4, 3'000'000,
              second);
  EXPECT_THAT(value_of(second, "cpu"), Optional(DoubleNear(100.0 * 3 / 2 / 4, 1e-9)));
  EXPECT_THAT(value_of(second, "cpu.0.cpu_percent"), Optional(DoubleNear(75, 1e-9)));
  EXPECT_THAT(value_of(second, "cpu.1.cpu_percent"), Optional(DoubleNear(0, 1e-9)));
}

TEST(Cpu, ANumberThatAnotherProcessHadBeforeIsAnotherProcess) {
  TestMachine machine;
  CpuReader reader(machine.roots());
  Readings first, second;
  reader.read({{10, 1'000'000, 1, 1, 0}}, 1, 1'000'000, first);
  reader.read({{10, 0, 2, 1, 0}}, 1, 2'000'000, second);
  EXPECT_THAT(value_of(second, "cpu"), Optional(0.0));
}

TEST(Memory, IsOfTheMachineIfNothingLimitsTheGroup) {
  TestMachine machine;
  machine.put("proc/meminfo", kMemInfo);
  Readings out;
  read_memory(machine.roots(), {}, {{10, 0, 0, 3, 512 << 20}, {11, 0, 0, 1, 0}}, out);
  EXPECT_THAT(value_of(out, "memory_percent"), Optional(DoubleNear(75, 1e-9)));
  EXPECT_THAT(value_of(out, "proc.memory.availableMB"),
              Optional(DoubleNear(250000 / 1024.0, 1e-9)));
  EXPECT_THAT(value_of(out, "proc.memory.rssMB"), Optional(512.0));
  EXPECT_THAT(value_of(out, "proc.memory.percent"),
              Optional(DoubleNear(512 * 1024 / 1e6 * 100, 1e-9)));
  EXPECT_THAT(value_of(out, "proc.cpu.threads"), Optional(4.0));
}

TEST(Memory, IsOfTheGroupThatLimitsIt) {
  TestMachine machine;
  machine.put("proc/meminfo", kMemInfo);
  CgroupLimits limits;
  limits.memory_bytes = 200e6;
  limits.memory_used_bytes = 50e6;
  Readings out;
  read_memory(machine.roots(), limits, {{10, 0, 0, 3, 20'000'000}}, out);
  EXPECT_THAT(value_of(out, "memory_percent"), Optional(DoubleNear(25, 1e-9)));
  EXPECT_THAT(value_of(out, "proc.memory.percent"), Optional(DoubleNear(10, 1e-9)));
}

TEST(Cgroup, Version2TakesTheTightestOfTheGroupsAround) {
  TestMachine machine;
  machine.put("proc/self/cgroup", "0::/job/step\n");
  machine.put("sys/fs/cgroup/job/step/memory.max", "max\n");
  machine.put("sys/fs/cgroup/job/memory.max", "1000000000\n");
  machine.put("sys/fs/cgroup/job/memory.current", "600000000\n");
  machine.put("sys/fs/cgroup/job/memory.stat", "anon 1\ninactive_file 100000000\nfile 5\n");
  machine.put("sys/fs/cgroup/job/cpu.max", "400000 100000\n");
  machine.put("sys/fs/cgroup/job/step/cpu.max", "150000 100000\n");
  const auto limits = read_cgroup(machine.roots());
  EXPECT_THAT(limits.memory_bytes, Optional(1e9));
  EXPECT_THAT(limits.memory_used_bytes, Optional(5e8));
  EXPECT_THAT(limits.cpus, Optional(1.5));
}

TEST(Cgroup, Version2CountsTheProcessorsOfASet) {
  TestMachine machine;
  machine.put("proc/self/cgroup", "0::/job\n");
  machine.put("sys/fs/cgroup/job/cpu.max", "max 100000\n");
  machine.put("sys/fs/cgroup/job/cpuset.cpus.effective", "0-3,8\n");
  EXPECT_THAT(read_cgroup(machine.roots()).cpus, Optional(5.0));
}

TEST(Cgroup, Version1FindsAContainerAtTheMountWhenThePathIsTheHosts) {
  TestMachine machine;
  machine.put("proc/self/cgroup",
              "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n2:cpuset:/docker/abc\n");
  machine.put("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000000000\n");
  machine.put("sys/fs/cgroup/memory/memory.usage_in_bytes", "900000000\n");
  machine.put("sys/fs/cgroup/memory/memory.stat", "cache 5\ntotal_inactive_file 400000000\n");
  machine.put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
  machine.put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  machine.put("sys/fs/cgroup/cpuset/cpuset.cpus", "0-7\n");
  const auto limits = read_cgroup(machine.roots());
  EXPECT_THAT(limits.memory_bytes, Optional(2e9));
  EXPECT_THAT(limits.memory_used_bytes, Optional(5e8));
  EXPECT_THAT(limits.cpus, Optional(2.0));
}

TEST(Cgroup, NoLimitIsNone) {
  TestMachine machine;
  machine.put("proc/self/cgroup", "4:memory:/\n3:cpu:/\n");
  machine.put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  machine.put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  machine.put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  const auto limits = read_cgroup(machine.roots());
  EXPECT_FALSE(limits.memory_bytes || limits.memory_used_bytes || limits.cpus);
}

TEST(Disk, TellsWhatIsReadAndWrittenSinceTheFirstCallOfTheDeviceBelow) {
  TestMachine machine;
  machine.put("proc/self/mountinfo",
              "27 1 254:0 / / rw - ext4 /dev/sysdisk rw\n28 27 0:5 / /proc rw - proc proc rw\n");
  machine.put("proc/diskstats",
              "7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n254 0 sysdisk 1 1 2048 1 1 1 4096 1 0 1 1\n");
  DiskReader reader(machine.roots(), {"/", "/no/such/path"});
  Readings first, second;
  reader.read(first);
  EXPECT_THAT(value_of(first, "disk.sysdisk.in"), Optional(0.0));
  machine.put("proc/diskstats", "254 0 sysdisk 1 1 6144 1 1 1 5120 1 0 1 1\n");
  reader.read(second);
  EXPECT_THAT(value_of(second, "disk.sysdisk.in"), Optional(2.0));
  EXPECT_THAT(value_of(second, "disk.sysdisk.out"), Optional(0.5));
  ASSERT_TRUE(value_of(second, "disk./.usagePercent"));
  EXPECT_GT(*value_of(second, "disk./.usageGB"), 0);
  EXPECT_FALSE(value_of(second, "disk./no/such/path.usageGB"));
}

TEST(Network, CountsAllInterfacesButLoopbackSinceTheFirstCall) {
  TestMachine machine;
  const std::string head = "Inter-|   Receive  |  Transmit\n face |bytes packets|bytes\n";
  machine.put("proc/net/dev", head +
                                  "    lo: 5000 1 0 0 0 0 0 0 5000 1 0 0 0 0 0 0\n"
                                  "  eth0:1000 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0\n");
  machine.put("proc/net/snmp", "Ip: a b\nIp: 1 2\nTcp: InSegs RetransSegs\nTcp: 100 7\n");
  NetworkReader reader(machine.roots());
  Readings first, second;
  reader.read(first);
  EXPECT_THAT(value_of(first, "network.recv"), Optional(0.0));
  machine.put("proc/net/dev", head +
                                  "    lo: 9000 1 0 0 0 0 0 0 9000 1 0 0 0 0 0 0\n"
                                  "  eth0:1500 1 0 0 0 0 0 0 260 1 0 0 0 0 0 0\n");
  machine.put("proc/net/snmp", "Ip: a b\nIp: 1 2\nTcp: InSegs RetransSegs\nTcp: 100 9\n");
  reader.read(second);
  EXPECT_THAT(value_of(second, "network.recv"), Optional(500.0));
  EXPECT_THAT(value_of(second, "network.sent"), Optional(60.0));
  EXPECT_THAT(value_of(second, "network.tcpRetransmits"), Optional(2.0));
}

TEST(Machine, AnUnreadableFileCostsItsOwnReadingsOnly) {
  TestMachine machine;
  machine.put("proc/meminfo", kMemInfo);
  machine.put("proc/stat", "rubbish\ncpu0 1\n");
  machine.put("proc/self/mountinfo", "\n1 2\n - \n");
  machine.put("proc/net/dev", "eth0: x y\n");
  machine.put("proc/self/cgroup", "::::\n0\n");
  MachineOptions options;
  options.pid = 10;  // no such process here
  options.roots = machine.roots();
  options.gpus = no_gpus;
  MachineReader reader(options);
  reader.read(1);
  const Readings readings = reader.read(2'000'001);
  EXPECT_THAT(value_of(readings, "memory_percent"), Optional(DoubleNear(75, 1e-9)));
  EXPECT_FALSE(value_of(readings, "cpu"));
  EXPECT_FALSE(value_of(readings, "proc.memory.rssMB"));
}

// Real load, on the real machine: a child that computes shows in its parent's numbers.
TEST(Machine, ABusyChildShowsInTheNumbersOfItsParent) {
  const pid_t child = fork();
  if (child == 0) {
    for (std::atomic<unsigned> i = 0;; ++i) {
    }
  }
  MachineOptions options;
  options.gpus = no_gpus;
  MachineOptions alone = options;
  alone.with_descendants = false;
  MachineReader tree(options), one(alone);
  const auto now = [] { return system_clock().monotonic_us(); };
  const double threads = value_of(tree.read(now()), "proc.cpu.threads").value_or(0);
  const double own_threads = value_of(one.read(now()), "proc.cpu.threads").value_or(0);
  const auto child_state = read_process_tree(MachineRoots(), child, false);
  ASSERT_EQ(child_state.size(), 1u);
  EXPECT_EQ(threads, own_threads + static_cast<double>(child_state[0].threads));
  // Until the child has computed for 0.2 s, however busy the machine is.
  const auto ticks = [&] {
    const auto state = read_process_tree(MachineRoots(), child, false);
    return state.empty() ? std::uint64_t{0} : state[0].cpu_ticks;
  };
  const std::uint64_t enough = ticks() + static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK)) / 5;
  while (ticks() < enough) ::usleep(10'000);
  const double busy = value_of(tree.read(now()), "cpu").value_or(0);
  const double parent = value_of(one.read(now()), "cpu").value_or(100);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_GT(busy, 1);
  EXPECT_GT(busy, parent);
}

}  // namespace
}  // namespace runstone::probe
