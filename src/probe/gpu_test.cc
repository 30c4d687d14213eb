#include <unistd.h>

#include <gmock/gmock.h>

#include "probe/dynamic_library.h"
#include "probe/gpu_amd.h"
#include "probe/gpu_nvidia.h"
#include "probe/test_machine.h"

namespace runstone::probe {
namespace {

using testing::DoubleNear;
using testing::Optional;

TEST(NvidiaGpus, ReadEveryDeviceUnderItsNumber) {
  const auto gpus = NvidiaGpus::open(RUNSTONE_FAKE_NVML);
  ASSERT_TRUE(gpus);
  EXPECT_EQ(gpus->count(), 3u);
  Readings out;
  gpus->read({}, {}, out);
  EXPECT_THAT(value_of(out, "gpu.0.gpu"), Optional(90.0));
  EXPECT_THAT(value_of(out, "gpu.1.gpu"), Optional(91.0));
  EXPECT_THAT(value_of(out, "gpu.0.memory"), Optional(40.0));
  EXPECT_THAT(value_of(out, "gpu.0.memoryAllocated"), Optional(25.0));
  EXPECT_THAT(value_of(out, "gpu.0.memoryAllocatedBytes"), Optional(20.0 * (1 << 30)));
  EXPECT_THAT(value_of(out, "gpu.0.temp"), Optional(61.0));
  EXPECT_THAT(value_of(out, "gpu.0.powerWatts"), Optional(350.5));
  EXPECT_THAT(value_of(out, "gpu.0.enforcedPowerLimitWatts"), Optional(701.0));
  EXPECT_THAT(value_of(out, "gpu.0.powerPercent"), Optional(DoubleNear(50, 1e-9)));
  EXPECT_THAT(value_of(out, "gpu.0.smClock"), Optional(1001.0));
  EXPECT_THAT(value_of(out, "gpu.0.memoryClock"), Optional(1002.0));
  EXPECT_THAT(value_of(out, "gpu.0.correctedMemoryErrors"), Optional(5.0));
  EXPECT_THAT(value_of(out, "gpu.0.uncorrectedMemoryErrors"), Optional(6.0));
}

TEST(NvidiaGpus, LeaveOutWhatADeviceCannotSay) {
  const auto gpus = NvidiaGpus::open(RUNSTONE_FAKE_NVML);
  Readings out;
  gpus->read({}, {}, out);
  EXPECT_FALSE(value_of(out, "gpu.1.temp"));
  EXPECT_FALSE(value_of(out, "gpu.2.gpu"));       // lost; the others keep their numbers
  EXPECT_FALSE(value_of(out, "gpu.0.fanSpeed"));  // this driver has no such function
}

TEST(NvidiaGpus, RepeatTheReadingsOfTheGpuThatTheTrainingUses) {
  const auto gpus = NvidiaGpus::open(RUNSTONE_FAKE_NVML);
  Readings out;
  gpus->read({{getpid(), 0, 0, 1, 0}}, {}, out);
  EXPECT_THAT(value_of(out, "gpu.process.0.memoryAllocated"), Optional(25.0));
  EXPECT_FALSE(value_of(out, "gpu.process.1.memoryAllocated"));
}

TEST(NvidiaGpus, OnlyTheDevicesAskedForAreRead) {
  const auto gpus = NvidiaGpus::open(RUNSTONE_FAKE_NVML);
  Readings out;
  gpus->read({}, {1}, out);
  EXPECT_FALSE(value_of(out, "gpu.0.gpu"));
  EXPECT_TRUE(value_of(out, "gpu.1.gpu"));
}

TEST(NvidiaGpus, AreDescribedForTheMetadata) {
  TestMachine machine;
  machine.put("sys/bus/pci/devices/0000:3b:00.0/numa_node", "1\n");
  const auto gpus = NvidiaGpus::open(RUNSTONE_FAKE_NVML);
  const List facts = gpus->facts(machine.roots());
  ASSERT_EQ(facts.size(), 2u);
  EXPECT_EQ(facts[1], Value({{"name", "Fake H100"},
                             {"memoryTotal", "85899345920"},
                             {"cudaCores", 16896},
                             {"architecture", "Hopper"},
                             {"uuid", "GPU-1"},
                             {"pciBusId", "00000000:3B:00.0"},
                             {"numaNode", 1}}));
  EXPECT_EQ(gpus->cuda_version(), "12.4");
}

TEST(NvidiaGpus, AMachineWithoutTheLibraryHasNone) {
  EXPECT_EQ(NvidiaGpus::open("libnvidia-ml-that-is-not-there.so.1"), nullptr);
  EXPECT_EQ(NvidiaGpus::open("libc.so.6"), nullptr);  // a library without the functions
}

TEST(NvidiaGpus, TheDriverIsGivenBack) {
  const DynamicLibrary library(RUNSTONE_FAKE_NVML);
  auto* const open_count = library.find<int()>("fake_open_count");
  const int before = open_count();
  {
    const auto gpus = NvidiaGpus::open(RUNSTONE_FAKE_NVML);
    EXPECT_EQ(open_count(), before + 1);
  }
  EXPECT_EQ(open_count(), before);
}

TEST(AmdGpus, ReadEveryDeviceBehindThoseOfOthers) {
  TestMachine machine;
  machine.put("sys/module/amdgpu/initstate", "live\n");
  const auto gpus = AmdGpus::open(machine.roots(), {"not-there.so", RUNSTONE_FAKE_ROCM_SMI});
  ASSERT_TRUE(gpus);
  Readings out;
  gpus->read(2, {}, out);
  EXPECT_THAT(value_of(out, "gpu.2.gpu"), Optional(77.0));
  EXPECT_THAT(value_of(out, "gpu.2.memoryAllocated"), Optional(25.0));
  EXPECT_THAT(value_of(out, "gpu.2.memoryReadWriteActivity"), Optional(12.0));
  EXPECT_THAT(value_of(out, "gpu.2.temp"), Optional(45.0));
  EXPECT_THAT(value_of(out, "gpu.2.powerWatts"), Optional(250.0));
  EXPECT_THAT(value_of(out, "gpu.2.powerPercent"), Optional(50.0));
  EXPECT_EQ(
      gpus->facts()[0],
      Value(
          {{"id", "0"}, {"uniqueId", "0xabcdef"}, {"maxPower", "500"}, {"series", "Fake MI300X"}}));
}

TEST(AmdGpus, NoLibraryIsLoadedWhereTheKernelHasNoDriver) {
  TestMachine machine;
  EXPECT_EQ(AmdGpus::open(machine.roots(), {RUNSTONE_FAKE_ROCM_SMI}), nullptr);
}

}  // namespace
}  // namespace runstone::probe
