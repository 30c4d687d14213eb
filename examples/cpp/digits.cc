// Trains a small network on handwritten digits and logs what happens: loss, accuracy, learning
// rate, the accuracy of each digit, and at the end pictures of what it got wrong. The network
// itself is kept as an artifact. Plain C++17, no library but Runstone.
//
//   digits [--epochs N] [--data FILE] [--project NAME] [--seed N]
#include <runstone/runstone.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kSide = 8, kPixels = kSide * kSide, kHidden = 48, kDigits = 10, kBatch = 32;
constexpr std::size_t kMistakesShown = 24;

struct Sample {
  std::array<float, kPixels> pixels;
  std::size_t digit;
};

struct Options {
  int epochs = 20;
  unsigned seed = 7;
  std::string data = "examples/data/digits.csv";
  std::string project = "digits";
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--epochs") options.epochs = std::atoi(argv[i + 1]);
    if (name == "--seed") options.seed = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (name == "--data") options.data = argv[i + 1];
    if (name == "--project") options.project = argv[i + 1];
  }
  return options;
}

std::vector<Sample> read_samples(const std::string& path) {
  std::vector<Sample> images;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream numbers(line);
    Sample image{};
    numbers >> image.digit;
    for (float& pixel : image.pixels) {
      numbers >> pixel;
      pixel /= 16;
    }
    images.push_back(image);
  }
  return images;
}

/// Pixels -> 48 rectified units -> 10 probabilities, trained by stochastic gradient descent.
class Network {
 public:
  explicit Network(std::mt19937& random) {
    std::normal_distribution<float> first(0, std::sqrt(2.0f / kPixels));
    std::normal_distribution<float> second(0, std::sqrt(2.0f / kHidden));
    for (float& w : w1_) w = first(random);
    for (float& w : w2_) w = second(random);
  }

  const std::array<float, kDigits>& predict(const Sample& image) {
    for (std::size_t h = 0; h < kHidden; ++h) {
      float sum = b1_[h];
      for (std::size_t p = 0; p < kPixels; ++p) sum += w1_[h * kPixels + p] * image.pixels[p];
      hidden_[h] = std::max(sum, 0.0f);
    }
    float largest = -1e30f;
    for (std::size_t d = 0; d < kDigits; ++d) {
      float sum = b2_[d];
      for (std::size_t h = 0; h < kHidden; ++h) sum += w2_[d * kHidden + h] * hidden_[h];
      probability_[d] = sum;
      largest = std::max(largest, sum);
    }
    float total = 0;
    for (float& p : probability_) total += p = std::exp(p - largest);
    for (float& p : probability_) p /= total;
    return probability_;
  }

  /// One step down the gradient of this image's loss; returns that loss.
  float learn(const Sample& image, float rate) {
    predict(image);
    const float loss = -std::log(std::max(probability_[image.digit], 1e-9f));
    std::array<float, kHidden> back{};
    for (std::size_t d = 0; d < kDigits; ++d) {
      const float error = probability_[d] - (d == image.digit ? 1.0f : 0.0f);
      for (std::size_t h = 0; h < kHidden; ++h) {
        back[h] += error * w2_[d * kHidden + h];
        w2_[d * kHidden + h] -= rate * error * hidden_[h];
      }
      b2_[d] -= rate * error;
    }
    for (std::size_t h = 0; h < kHidden; ++h) {
      if (hidden_[h] <= 0) continue;
      for (std::size_t p = 0; p < kPixels; ++p) {
        w1_[h * kPixels + p] -= rate * back[h] * image.pixels[p];
      }
      b1_[h] -= rate * back[h];
    }
    return loss;
  }

  /// All weights as the bytes of their floats: both layers' matrices, then both layers' biases.
  std::string bytes() const {
    std::string out;
    const auto add = [&](const auto& values) {
      out.append(reinterpret_cast<const char*>(values.data()), sizeof values);
    };
    add(w1_), add(w2_), add(b1_), add(b2_);
    return out;
  }

 private:
  std::array<float, kHidden * kPixels> w1_{};
  std::array<float, kDigits * kHidden> w2_{};
  std::array<float, kHidden> b1_{}, hidden_{};
  std::array<float, kDigits> b2_{}, probability_{};
};

/// A digit as people see it: each of its pixels four by four, and a line that says what it was
/// taken for.
runstone::Result<runstone::Image> picture(const Sample& image, std::size_t guess) {
  constexpr std::size_t kZoom = 4, kWidth = kSide * kZoom;
  std::vector<std::uint8_t> pixels(kWidth * kWidth);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::size_t row = i / kWidth / kZoom, column = i % kWidth / kZoom;
    pixels[i] = static_cast<std::uint8_t>(255 * image.pixels[row * kSide + column]);
  }
  runstone::ImageOptions options;
  options.caption = std::to_string(image.digit) + ", taken for " + std::to_string(guess);
  return runstone::Image::from_gray(pixels, kWidth, kWidth, options);
}

/// Logs the share of images that the network names rightly, overall and for each digit; with
/// `show_mistakes` also pictures of the others.
void validate(runstone::Run& run, Network& network, const std::vector<Sample>& images, int epoch,
              bool show_mistakes) {
  std::array<int, kDigits> right{}, count{};
  std::vector<runstone::Image> mistakes;
  for (const Sample& image : images) {
    const auto& p = network.predict(image);
    const auto guess = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    ++count[image.digit];
    right[image.digit] += guess == image.digit;
    if (guess == image.digit || mistakes.size() == kMistakesShown) continue;
    if (auto made = picture(image, guess)) mistakes.push_back(*made);
  }
  static const std::array<std::string, kDigits> keys = [] {
    std::array<std::string, kDigits> made;
    for (std::size_t d = 0; d < kDigits; ++d) made[d] = "class accuracy/" + std::to_string(d);
    return made;
  }();
  runstone::Row row;
  row.add("epoch", epoch);
  const int all = std::accumulate(right.begin(), right.end(), 0);
  row.add("val/accuracy", static_cast<double>(all) / static_cast<double>(images.size()));
  for (std::size_t d = 0; d < kDigits; ++d) {
    row.add(keys[d], static_cast<double>(right[d]) / std::max(count[d], 1));
  }
  if (show_mistakes && !mistakes.empty()) row.add("val/mistakes", mistakes);
  runstone::discard(run.log(row), "a training goes on without its log");
}

/// Keeps the trained network as a version of the artifact "digits-network".
runstone::Result<void> save(runstone::Run& run, const Network& network, double accuracy) {
  runstone::ArtifactOptions options;
  options.metadata = {{"accuracy", accuracy}, {"layout", "float32: 48x64, 10x48, 48, 10"}};
  auto model = runstone::Artifact::create("digits-network", "model", options);
  if (!model) return runstone::fail(model.error());
  if (auto added = model->add_bytes("weights.f32", network.bytes()); !added) {
    return runstone::fail(added.error());
  }
  return run.log_artifact(*model);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  std::vector<Sample> images = read_samples(options.data);
  if (images.empty()) {
    std::fprintf(stderr, "%s: no images\n", options.data.c_str());
    return 1;
  }
  std::mt19937 random(options.seed);
  std::shuffle(images.begin(), images.end(), random);
  const std::size_t split = images.size() * 4 / 5;
  const std::vector<Sample> held_back(images.begin() + static_cast<std::ptrdiff_t>(split),
                                      images.end());
  images.resize(split);

  runstone::InitOptions init;
  init.project = options.project;
  init.config = {{"epochs", options.epochs},
                 {"batch", kBatch},
                 {"seed", options.seed},
                 {"network", {{"inputs", kPixels}, {"hidden", kHidden}, {"outputs", kDigits}}}};
  auto started = runstone::Run::init(init);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  runstone::Run& run = *started;
  runstone::MetricOptions best;
  best.summary = "max,last";
  runstone::discard(run.define_metric("val/accuracy", best), "the name is right");

  Network network(random);
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    const double rate = 0.02 / (1 + 0.1 * epoch);
    std::shuffle(images.begin(), images.end(), random);
    for (std::size_t begin = 0; begin < images.size(); begin += kBatch) {
      const std::size_t end = std::min(begin + kBatch, images.size());
      double loss = 0;
      for (std::size_t i = begin; i < end; ++i) {
        loss += network.learn(images[i], static_cast<float>(rate));
      }
      loss /= static_cast<double>(end - begin);
      runstone::discard(run.log({{"train/loss", loss}, {"train/learning_rate", rate}}),
                        "a training goes on without its log");
    }
    validate(run, network, held_back, epoch, epoch + 1 == options.epochs);
  }
  const auto best_accuracy = run.summary().get({"val/accuracy", "max"});
  const double accuracy = best_accuracy ? best_accuracy->number_or(0) : 0;
  std::printf("best accuracy %.3f\n", accuracy);
  if (auto saved = save(run, network, accuracy); !saved) {
    std::fprintf(stderr, "the network was not kept: %s\n", saved.error().message.c_str());
  }
  const runstone::FinishReport report = run.finish();
  return report.lost_records == 0 ? 0 : 1;
}
