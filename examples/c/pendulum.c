/* A pendulum with friction, simulated in C: logs its angle and energy at every step, the
 * distribution of its angles, a picture of its path through phase space, and keeps the path as an
 * artifact.
 *
 *   cc pendulum.c $(pkg-config --cflags --libs runstone) -lm -o pendulum
 *   pendulum [steps]
 */
#include <runstone.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kSize = 128, kStepsMax = 1000000 };

/* Errors end the program in this example; a training would go on without its log. */
static void check(runstone_status status, const char* what) {
  if (status == RUNSTONE_OK) return;
  fprintf(stderr, "%s: %s\n", what, runstone_last_error());
  exit(1);
}

typedef struct State {
  double angle, speed; /* rad, rad/s */
} State;

/* One step by the semi-implicit Euler method, which keeps the energy of an undamped pendulum
 * bounded. */
static State move(State now, double friction, double seconds) {
  const double gravity = 9.81, length = 1.0;
  now.speed -= seconds * (gravity / length * sin(now.angle) + friction * now.speed);
  now.angle += seconds * now.speed;
  return now;
}

static double energy(State now) {
  return 0.5 * now.speed * now.speed + 9.81 * (1 - cos(now.angle));
}

/* Marks a state in the picture: angles of -pi to pi to the right, speeds of -8 to 8 upwards. */
static void mark(unsigned char* pixels, State now) {
  const int x = (int)((now.angle / 3.1415927 + 1) / 2 * (kSize - 1));
  const int y = (int)((1 - now.speed / 8) / 2 * (kSize - 1));
  if (x >= 0 && x < kSize && y >= 0 && y < kSize) pixels[y * kSize + x] = 255;
}

static void log_path(runstone_run* run, const double* angles, size_t count,
                     const unsigned char* pixels) {
  runstone_media *picture = NULL, *histogram = NULL;
  runstone_artifact* path = NULL;
  const runstone_field caption = runstone_text("caption", "angle to the right, speed upwards");

  check(runstone_image(pixels, (size_t)kSize * kSize, kSize, kSize, 1, &caption, 1, &picture),
        "image");
  check(runstone_histogram(angles, count, 32, &histogram), "histogram");
  const runstone_field row[] = {runstone_object("phase space", picture),
                                runstone_object("angles", histogram)};
  check(runstone_log(run, row, 2), "log");
  runstone_media_free(picture);
  runstone_media_free(histogram);

  check(runstone_artifact_new("path", "dataset", NULL, 0, &path), "artifact");
  check(runstone_artifact_add_bytes(path, "angles.f64", angles, count * sizeof *angles, NULL, 0),
        "file");
  check(runstone_log_artifact(run, path, NULL, 0), "log_artifact");
  runstone_artifact_free(path);
}

int main(int argc, char** argv) {
  const int steps = argc > 1 ? atoi(argv[1]) : 2000;
  const double friction = 0.15, seconds = 0.01;
  if (steps < 1 || steps > kStepsMax) {
    fprintf(stderr, "usage: pendulum [steps], of 1 to %d\n", kStepsMax);
    return 2;
  }
  double* angles = malloc((size_t)steps * sizeof *angles);
  unsigned char* pixels = calloc((size_t)kSize, kSize);
  if (angles == NULL || pixels == NULL) return 1;

  const runstone_field options[] = {runstone_text("project", "pendulum"),
                                    runstone_json("tags", "[\"c\", \"simulation\"]")};
  runstone_run* run = NULL;
  check(runstone_init(options, 2, &run), "init");
  const runstone_field config[] = {runstone_number("friction", friction),
                                   runstone_number("seconds", seconds),
                                   runstone_int("steps", steps)};
  check(runstone_config_update(run, config, 3, 0), "config");
  /* The summary keeps how far it still swung, and how much energy it began with. */
  const runstone_field extremes = runstone_text("summary", "min,max");
  check(runstone_define_metric(run, "pendulum/energy", &extremes, 1), "define_metric");

  /* Many numbers under the same keys at each step: the shortest road, which allocates nothing. */
  static const char* const keys[] = {"pendulum/angle", "pendulum/speed", "pendulum/energy"};
  State now = {3.0, 0.0};
  for (int step = 0; step < steps; ++step) {
    now = move(now, friction, seconds);
    angles[step] = now.angle;
    mark(pixels, now);
    const double values[] = {now.angle, now.speed, energy(now)};
    check(runstone_log_numbers(run, keys, NULL, values, 3), "log");
  }
  log_path(run, angles, (size_t)steps, pixels);

  runstone_report report;
  check(runstone_finish(run, 0, &report), "finish");
  printf("%llu rows\n", (unsigned long long)report.rows);
  runstone_run_free(run);
  free(pixels);
  free(angles);
  return report.lost_records == 0 ? 0 : 1;
}
