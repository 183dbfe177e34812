// Minimal cuts against the smallest over all ways to cut.
#include "passes/min_cut.h"

#include "tests/catch.h"

#include <map>
#include <random>
#include <tuple>

namespace ogee::passes {
namespace {

using Edges = std::vector<std::tuple<int, int, int64_t>>;

int64_t capacityOf(const Edges& edges, const std::vector<bool>& onSinkSide) {
  int64_t sum = 0;
  for (auto [from, to, capacity] : edges) sum += !onSinkSide[from] && onSinkSide[to] ? capacity : 0;
  return sum;
}

TEST_CASE("the cheapest cut, nearest to the sink") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const int nodes = 2 + random() % 6; // 0 is the source, 1 the sink
    Edges edges;
    Network network;
    for (int i = 0; i < nodes; ++i) network.addNode();
    for (unsigned i = 0; i < random() % 16; ++i) {
      edges.emplace_back(random() % nodes, random() % nodes, random() % 5);
      std::apply([&](int from, int to, int64_t capacity) { network.addEdge(from, to, capacity); }, edges.back());
    }
    std::map<int64_t, std::vector<bool>> common; // what all cuts of one capacity have on the sink's side
    for (int bits = 0; bits < 1 << nodes; ++bits) {
      if ((bits & 3) != 2) continue;
      std::vector<bool> side;
      for (int i = 0; i < nodes; ++i) side.push_back(bits >> i & 1);
      auto [it, isNew] = common.try_emplace(capacityOf(edges, side), side);
      for (int i = 0; i < nodes; ++i) it->second[i] = it->second[i] && side[i];
    }
    CHECK(network.cut(0, 1) == common.begin()->second);
  }
}

TEST_CASE("edges that no cut takes, and capacities beyond all measure") {
  Network network;
  const int source = network.addNode(), sink = network.addNode();
  std::vector<int> chain{source};
  for (int i = 0; i < 3; ++i) chain.push_back(network.addNode());
  network.addEdge(chain[0], chain[1], Network::kUncut);
  network.addEdge(chain[1], chain[2], int64_t(1) << 60);
  network.addEdge(chain[2], chain[3], Network::kUncut);
  network.addEdge(chain[3], sink, Network::kUncut);
  const std::vector<bool> side = network.cut(source, sink);
  CHECK(!side[chain[1]]);
  CHECK(side[chain[2]]);
}

TEST_CASE("a long chain does not exhaust the stack") {
  Network network;
  const int source = network.addNode(), sink = network.addNode();
  int last = source;
  for (int i = 0; i < 100000; ++i) {
    const int next = network.addNode();
    network.addEdge(last, next, 5 + i % 3);
    last = next;
  }
  network.addEdge(last, sink, 4);
  CHECK(!network.cut(source, sink)[last]);
}

} // namespace
} // namespace ogee::passes
