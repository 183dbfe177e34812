// Minimal cuts of small networks.
#pragma once

#include <cstdint>
#include <vector>

namespace ogee::passes {

/// A directed network with capacities.
class Network {
public:
  /// An edge that no cut takes. There must be no path of such edges alone from the source to the sink.
  static constexpr int64_t kUncut = int64_t(1) << 61;
  /// What capacities are reduced to, so that sums of them stay small.
  static constexpr int64_t kMaxCapacity = int64_t(1) << 44;

  int addNode();
  void addEdge(int from, int to, int64_t capacity);

  /// For each node whether it lies on the sink's side of a minimal cut: of several such cuts, the one nearest to the
  /// sink. Uses the capacities up.
  std::vector<bool> cut(int source, int sink);

private:
  struct Edge {
    int to;
    int64_t capacity; ///< what is left of it
  };

  bool rank(int source, int sink);
  int64_t push(int source, int sink);

  std::vector<Edge> edges_; ///< edge i and i ^ 1 are one pair, in both directions
  std::vector<std::vector<int>> edgesOf_;
  std::vector<int> ranks_;     ///< distance from the source
  std::vector<unsigned> next_; ///< of each node the first edge that is not exhausted
};

} // namespace ogee::passes
