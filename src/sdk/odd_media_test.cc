// What a caller in C++ may get wrong about media, tables and charts: each is an error with words,
// and nothing is read or written where nothing is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "runstone/media.h"
#include "runstone/plot.h"
#include "runstone/table.h"

namespace runstone {
namespace {

constexpr int kMax = std::numeric_limits<int>::max();
constexpr int kMin = std::numeric_limits<int>::min();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

template <typename T>
void expect_refused(const Result<T>& result) {
  ASSERT_FALSE(result);
  EXPECT_FALSE(result.error().message.empty());
}

TEST(OddMedia, SizesThatTheBytesDoNotHaveAreRefused) {
  const std::vector<std::uint8_t> bytes(24);
  for (const int height : {0, -1, 5, kMax, kMin}) {
    for (const int width : {0, -1, 7, kMax, kMin}) {
      expect_refused(Image::from_gray(bytes, height, width));
      expect_refused(Image::from_rgb(bytes, height, width));
      expect_refused(Image::from_rgba(bytes, height, width));
      for (const int frames : {0, -1, 1, kMax, kMin}) {
        for (const int channels : {0, 1, 2, 3, 4, -3, kMax}) {
          expect_refused(Video::from_frames(bytes, frames, height, width, channels));
        }
      }
    }
  }
  ImageOptions options;
  options.masks = {{"m", ImageMask{{1, 2}, kMax, kMax, "", {}}}};
  expect_refused(Image::from_gray(bytes, 4, 6, options));
  options.masks = {{"m", ImageMask{{}, -1, -1, "", {}}}};
  expect_refused(Image::from_gray(bytes, 4, 6, options));
}

TEST(OddMedia, SamplesAndPointsThatDoNotFitAreRefused) {
  const std::vector<double> numbers = {1, 2, 3, 4, 5, 6, 7};
  for (const int channels : {0, -1, 2, 8, kMax, kMin}) {
    expect_refused(Audio::from_samples(Span<const double>(numbers), 8000, channels));
  }
  for (const int rate : {0, -1, kMin}) {
    expect_refused(Audio::from_samples(Span<const double>(numbers), rate));
  }
  for (const int columns : {0, -1, 1, 2, 3, 4, 5, 6, 7, kMax, kMin}) {
    expect_refused(Object3D::from_points(numbers, columns));
    expect_refused(Object3D::from_point_cloud(numbers, columns, {}));
  }
  for (const double fps : {0.0, -1.0, kNan, kInf, 1e9}) {
    VideoOptions options;
    options.fps = fps;
    const std::vector<std::uint8_t> bytes(18);
    expect_refused(Video::from_frames(bytes, 1, 2, 3, 3, options));
  }
}

TEST(OddMedia, ABoxWithoutADirectionIsNotTurned) {
  const Box3D still = Box3D::around({0, 0, 0}, {2, 2, 2}, {0, 0, 0, 0}, {1, 2, 3});
  const Box3D plain = Box3D::around({0, 0, 0}, {2, 2, 2}, {1, 0, 0, 0}, {1, 2, 3});
  for (int i = 0; i < 8; ++i) {
    for (int axis = 0; axis < 3; ++axis) {
      EXPECT_EQ(still.corners[i][axis], plain.corners[i][axis]);
      EXPECT_EQ(std::abs(plain.corners[i][axis]), 1);
    }
  }
}

TEST(OddMedia, HistogramsOfWhatCannotBeCountedAreRefused) {
  const std::vector<double> two = {1, 2}, odd = {1, kNan}, endless = {1, kInf};
  for (const int bins : {0, -1, 513, kMax, kMin}) {
    expect_refused(Histogram::of(Span<const double>(two), bins));
  }
  expect_refused(Histogram::of(Span<const double>(odd)));
  expect_refused(Histogram::of(Span<const double>(endless)));
  expect_refused(Histogram::from_counts(two, two));
  expect_refused(Histogram::from_counts({}, {}));
  const std::vector<std::int64_t> far = {std::numeric_limits<std::int64_t>::min(),
                                         std::numeric_limits<std::int64_t>::max()};
  EXPECT_TRUE(Histogram::of(Span<const std::int64_t>(far), 512));
  const std::vector<double> huge = {-1e308, 1e308};
  const auto wide = Histogram::of(Span<const double>(huge), 2);  // their distance is no double
  EXPECT_TRUE(wide || !wide.error().message.empty());
}

TEST(OddMedia, ChartsOfListsThatDoNotFitAreRefused) {
  const std::vector<std::int64_t> classes = {0, 1, 1}, odd = {0, -1, 5};
  const std::vector<double> scores = {0.9, 0.1, 0.2, 0.8, 0.3, 0.7}, few = {0.5};
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
    expect_refused(plot::pr_curve(classes, scores, k));
    expect_refused(plot::roc_curve(classes, scores, k));
    expect_refused(plot::confusion_matrix(classes, scores, k));
  }
  expect_refused(plot::pr_curve(odd, scores, 2));
  expect_refused(plot::roc_curve(classes, few, 2));
  expect_refused(plot::roc_curve({}, {}, 2));
  plot::CurveOptions options;
  options.classes_to_plot = {7};
  expect_refused(plot::pr_curve(classes, scores, 2, options));
  options.classes_to_plot.clear();
  for (const int size : {0, -1, kMin}) {
    options.interp_size = size;
    expect_refused(plot::pr_curve(classes, scores, 2, options));
  }
  expect_refused(plot::confusion_matrix(classes, Span<const std::int64_t>(odd)));
  plot::ConfusionOptions named;
  named.class_names = {"only"};
  expect_refused(plot::confusion_matrix(classes, Span<const std::int64_t>(classes), named));
  const std::vector<List> lines = {List{1, 2}, List{3, 4}};
  const std::vector<List> three = {List{1}, List{2}, List{3}};
  expect_refused(plot::line_series(three, lines));
  plot::LineSeriesOptions one_key;
  one_key.keys = {"a"};
  expect_refused(plot::line_series({lines.data(), 1}, lines, one_key));
  expect_refused(plot::line(Table(), "x", "y"));
}

TEST(OddMedia, CellsColumnsAndRowsThatAreNotThereAreRefused) {
  auto table = *Table::create({"a", "b"});
  ASSERT_TRUE(table.add_data({1, "x"}));
  expect_refused(table.add_data({1}));
  expect_refused(table.add_data({"x", 1}));
  expect_refused(table.row(1));
  expect_refused(table.row(SIZE_MAX));
  expect_refused(table.get_column("none"));
  expect_refused(table.get_numbers("b"));
  expect_refused(table.set_pk("none"));
  expect_refused(table.add_column("a", Span<const double>()));
  const std::vector<double> three = {1, 2, 3};
  expect_refused(table.add_column("c", Span<const double>(three)));
  EXPECT_EQ(table.row_count(), 1U);
  expect_refused(Table::create(List{1.5}));
  expect_refused(Table::create(List{"a", "a"}));
  expect_refused(Classes::create(List{1}));
}

}  // namespace
}  // namespace runstone
