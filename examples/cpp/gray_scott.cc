// Simulates two chemicals that react and spread, which makes spots that grow and divide (the model
// of Gray and Scott), and logs numbers at every step, a picture and a histogram now and then, and a
// film at the end.
//
//   gray_scott [steps] [side]
#include <runstone/runstone.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

namespace {

/// Concentrations of U (the food) and V (what eats it) on a square whose edges meet.
class Dish {
 public:
  explicit Dish(int side) : side_(side), u_(cells(), 1.0f), v_(cells(), 0.0f) {
    for (int y = side / 2 - 4; y < side / 2 + 4; ++y) {  // a drop of V in the middle
      for (int x = side / 2 - 4; x < side / 2 + 4; ++x) {
        u_[at(x, y)] = 0.5f;
        v_[at(x, y)] = 0.25f;
      }
    }
  }

  void react(float feed, float kill) {
    std::vector<float> u = u_, v = v_;
    for (int y = 0; y < side_; ++y) {
      for (int x = 0; x < side_; ++x) {
        const std::size_t i = at(x, y);
        const float eaten = u_[i] * v_[i] * v_[i];
        u[i] += 0.16f * laplacian(u_, x, y) - eaten + feed * (1 - u_[i]);
        v[i] += 0.08f * laplacian(v_, x, y) + eaten - (feed + kill) * v_[i];
      }
    }
    u_.swap(u);
    v_.swap(v);
  }

  const std::vector<float>& v() const { return v_; }
  double mean_v() const {
    return std::accumulate(v_.begin(), v_.end(), 0.0) / static_cast<double>(v_.size());
  }

  /// Appends the dish as side x side x 3 bytes: V from black over blue to white.
  void paint(std::vector<std::uint8_t>& pixels) const {
    for (const float v : v_) {
      const float bright = std::min(v / 0.4f, 1.0f);
      pixels.push_back(static_cast<std::uint8_t>(255 * bright * bright));
      pixels.push_back(static_cast<std::uint8_t>(255 * bright * bright));
      pixels.push_back(static_cast<std::uint8_t>(255 * std::sqrt(bright)));
    }
  }

 private:
  std::size_t cells() const { return static_cast<std::size_t>(side_) * side_; }
  std::size_t at(int x, int y) const {
    return static_cast<std::size_t>((y + side_) % side_) * side_ + (x + side_) % side_;
  }
  float laplacian(const std::vector<float>& of, int x, int y) const {
    return of[at(x - 1, y)] + of[at(x + 1, y)] + of[at(x, y - 1)] + of[at(x, y + 1)] -
           4 * of[at(x, y)];
  }

  int side_;
  std::vector<float> u_, v_;
};

}  // namespace

int main(int argc, char** argv) {
  const int steps = argc > 1 ? std::atoi(argv[1]) : 4000;
  const int side = argc > 2 ? std::atoi(argv[2]) : 96;
  if (steps < 1 || side < 8 || side > 2048) {
    std::fprintf(stderr, "usage: gray_scott [steps, from 1 on] [side, of 8 to 2048]\n");
    return 2;
  }
  const float feed = 0.035f, kill = 0.065f;
  const int steps_a_frame = std::max(steps / 40, 1);

  runstone::InitOptions options;
  options.project = "gray-scott";
  options.config = {{"feed", feed}, {"kill", kill}, {"dish", {{"side", side}, {"steps", steps}}}};
  auto run = runstone::Run::init(options);
  if (!run) {
    std::fprintf(stderr, "%s\n", run.error().message.c_str());
    return 1;
  }

  Dish dish(side);
  std::vector<std::uint8_t> film;  // the frames, one behind the other
  int frames = 0;
  for (int step = 0; step < steps; ++step) {
    dish.react(feed, kill);
    if (step % steps_a_frame != 0) {
      runstone::discard(run->log({{"mean v", dish.mean_v()}}),
                        "a simulation goes on without its log");
      continue;
    }
    const std::size_t begin = film.size();
    dish.paint(film);
    ++frames;
    // What makes the picture may fail: its error is then log()'s, and nothing of the row is stored.
    const runstone::Span<const std::uint8_t> frame(film.data() + begin, film.size() - begin);
    const auto logged = run->log({{"mean v", dish.mean_v()},
                                  {"v", runstone::Image::from_rgb(frame, side, side)},
                                  {"distribution of v", runstone::Histogram::of(dish.v(), 32)}});
    if (!logged) std::fprintf(stderr, "%s\n", logged.error().message.c_str());
  }

  runstone::VideoOptions how;
  how.fps = 10;
  how.caption = "V, from the first drop on";
  const auto logged =
      run->log({{"film", runstone::Video::from_frames(film, frames, side, side, 3, how)}});
  if (!logged) std::fprintf(stderr, "%s\n", logged.error().message.c_str());
  return run->finish().lost_records == 0 ? 0 : 1;
}
