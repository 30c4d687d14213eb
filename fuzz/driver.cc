// Runs a harness without libFuzzer: every file of its corpus, then mutations of them, for as long
// as asked. It sees no coverage, so it finds what lies near the corpus; `make fuzz` with clang sees
// more.
//
//     fuzz_filter [-max_total_time=SECS] [-seed=N] [-artifact_prefix=DIR/] FILE_OR_FOLDER...
//
// The input that crashed, or took more than kInputSecsMax, is left in DIR/crash-<harness>.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr unsigned kInputSecsMax = 20;
constexpr std::size_t kInputBytesMax = 1 << 16;

// What the signal handler writes out; set before each run.
const std::string* current_input = nullptr;
char crash_path[4096];

extern "C" void keep_input(int signal) {
  const int file = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0 && current_input != nullptr) {
    const auto written = write(file, current_input->data(), current_input->size());
    static_cast<void>(written);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run_one(const std::string& input) {
  current_input = &input;
  alarm(kInputSecsMax);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  alarm(0);
}

class Mutator {
 public:
  Mutator(std::uint64_t seed, const std::vector<std::string>& corpus)
      : random_(seed), corpus_(corpus) {}

  std::string next() {
    std::string input = corpus_[below(corpus_.size())];
    for (auto changes = 1 + below(6); changes > 0; --changes) change(input);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  void change(std::string& input) {
    const auto at = below(input.size() + 1);
    const auto length = std::min(1 + below(32), input.size() - std::min(at, input.size()));
    switch (below(8)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(random_());
        break;
      case 2:
        input.insert(at, 1 + below(4), static_cast<char>(random_()));
        break;
      case 3:
        input.erase(at, length);
        break;
      case 4:  // a piece again, somewhere else
        input.insert(below(input.size() + 1), input.substr(at, length));
        break;
      case 5: {  // a piece of another input
        const auto& other = corpus_[below(corpus_.size())];
        input.insert(at, other.substr(below(other.size() + 1), 1 + below(64)));
        break;
      }
      case 6:
        input.insert(at, kWords[below(std::size(kWords))]);
        break;
      default:  // nesting
        input.insert(at, std::string(1 + below(300), "{[(\"$"[below(5)]));
    }
  }

  static constexpr std::string_view kWords[] = {"{",
                                                "}",
                                                "[",
                                                "]",
                                                "\"",
                                                "\\",
                                                "null",
                                                "-1",
                                                "1e999",
                                                "NaN",
                                                "$and",
                                                "$in",
                                                "\0\0",
                                                "query",
                                                "...",
                                                "\xff",
                                                "\n",
                                                "\\ud800",
                                                "__typename",
                                                "$regex",
                                                "9223372036854775808",
                                                "fragment F on Query { ...F }"};

  std::mt19937_64 random_;
  const std::vector<std::string>& corpus_;
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void read_corpus(const std::filesystem::path& path, std::vector<std::string>& corpus) {
  if (!std::filesystem::exists(path)) return;
  if (!std::filesystem::is_directory(path)) {
    corpus.push_back(read_file(path));
    return;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) corpus.push_back(read_file(file));
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seed = std::random_device()();
  int seconds = 0;
  std::string prefix;
  std::vector<std::string> corpus;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto value =
        std::string(argument.substr(std::min(argument.find('=') + 1, argument.size())));
    if (argument.starts_with("-max_total_time=")) {
      seconds = std::atoi(value.c_str());
    } else if (argument.starts_with("-seed=")) {
      seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (argument.starts_with("-artifact_prefix=")) {
      prefix = value;
    } else if (!argument.starts_with("-")) {
      read_corpus(argument, corpus);
    }
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no corpus\n", argv[0]);
    return 1;
  }
  const auto name = std::filesystem::path(argv[0]).filename().string();
  std::snprintf(crash_path, sizeof crash_path, "%scrash-%s", prefix.c_str(), name.c_str());
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM}) {
    std::signal(signal, keep_input);
  }
  std::printf("%s: seed %llu, %zu files\n", name.c_str(), static_cast<unsigned long long>(seed),
              corpus.size());
  std::fflush(stdout);
  for (const auto& input : corpus) run_one(input);
  Mutator mutator(seed, corpus);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::uint64_t runs = 0;
  while (std::chrono::steady_clock::now() < end) {
    run_one(mutator.next());
    ++runs;
  }
  std::printf("%s: %llu inputs, none crashed\n", name.c_str(),
              static_cast<unsigned long long>(runs));
  return 0;
}
