#include "media/cell_store.h"

#include <random>

#include <gmock/gmock.h>

namespace runstone::media {
namespace {

CellView text_cell(std::string_view text) {
  CellView cell;
  cell.kind = CellView::Kind::kText;
  cell.text = text;
  return cell;
}
CellView int_cell(std::int64_t number) {
  CellView cell;
  cell.kind = CellView::Kind::kInt;
  cell.integer = number;
  return cell;
}

// Cells as they were put in, and as a list of nodes keeps them.
struct Pair {
  CellStore store;
  std::vector<Node> model;

  void add(const Node& node) {
    store.add(CellView::of(node));
    model.push_back(node);
  }
  void drop_from(std::size_t row) {
    store.drop_from(row);
    model.resize(row);
  }
  void expect_same() const {
    ASSERT_EQ(store.size(), model.size());
    for (std::size_t row = 0; row < model.size(); ++row) {
      ASSERT_TRUE(same_value(plain_value(store.at(row).to_node()), plain_value(model[row])))
          << "row " << row;
    }
  }
};

Node any_node(std::mt19937& random, unsigned kinds) {
  Node node;
  switch (random() % kinds) {
    case 0:
      node.data = std::string(random() % 3 == 0 ? random() % 200'000 : random() % 20,
                              static_cast<char>('a' + random() % 26));
      break;
    case 1:
      break;
    case 2:
      node.data = static_cast<std::int64_t>(random()) << (random() % 2 == 0 ? 0 : 31);
      break;
    case 3:
      node.data = static_cast<double>(random()) / 7;
      break;
    case 4:
      node.data = random() % 2 == 0;
      break;
    default:
      node.data = Node::NodeList(random() % 3);
  }
  return node;
}

TEST(CellStore, GivesBackWhateverWasAddedAndDropped) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const unsigned kinds = 1 + seed % 6;  // from texts alone to everything
    Pair pair;
    for (int round = 0; round < 6; ++round) {
      const std::size_t count = random() % 40;
      for (std::size_t i = 0; i < count; ++i) pair.add(any_node(random, kinds));
      pair.expect_same();
      pair.drop_from(random() % (pair.model.size() + 1));
      pair.expect_same();
    }
  }
}

TEST(CellStore, TextsOfManyRowsAndTheirBlocks) {
  CellStore store;
  constexpr int kRows = 20'000;
  for (int i = 0; i < kRows; ++i) store.add(text_cell("text " + std::to_string(i)));
  for (int i = 0; i < kRows; ++i) ASSERT_EQ(store.at(i).text, "text " + std::to_string(i));
  store.drop_from(1500);
  store.add(text_cell(std::string(70'000, 'x')));
  store.add(text_cell("behind"));
  EXPECT_EQ(store.at(1499).text, "text 1499");
  EXPECT_EQ(store.at(1500).text.size(), 70'000u);
  EXPECT_EQ(store.at(1501).text, "behind");
}

TEST(CellStore, WholeNumbersBeyondFourBytesKeepThoseBefore) {
  CellStore store;
  const std::vector<std::int64_t> numbers = {0, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 5};
  for (const std::int64_t number : numbers) store.add(int_cell(number));
  store.add_integers(numbers);
  for (std::size_t i = 0; i < 2 * numbers.size(); ++i) {
    EXPECT_EQ(store.at(i).integer, numbers[i % numbers.size()]);
  }
}

}  // namespace
}  // namespace runstone::media
