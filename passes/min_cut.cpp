// Dinic's algorithm: shortest augmenting paths, all of one length in one go.
#include "passes/min_cut.h"

#include <algorithm>
#include <cassert>

namespace ogee::passes {

int Network::addNode() {
  edgesOf_.emplace_back();
  return edgesOf_.size() - 1;
}

void Network::addEdge(int from, int to, int64_t capacity) {
  assert(capacity >= 0);
  if (capacity != kUncut) capacity = std::min(capacity, kMaxCapacity);
  edgesOf_[from].push_back(edges_.size());
  edges_.push_back({to, capacity});
  edgesOf_[to].push_back(edges_.size());
  edges_.push_back({from, 0});
}

/// Ranks the nodes by their distance from the source; whether the sink has one.
bool Network::rank(int source, int sink) {
  ranks_.assign(edgesOf_.size(), -1);
  next_.assign(edgesOf_.size(), 0);
  ranks_[source] = 0;
  std::vector<int> queue{source};
  for (size_t i = 0; i < queue.size(); ++i)
    for (int edge : edgesOf_[queue[i]])
      if (const Edge& e = edges_[edge]; e.capacity > 0 && ranks_[e.to] < 0) {
        ranks_[e.to] = ranks_[queue[i]] + 1;
        queue.push_back(e.to);
      }
  return ranks_[sink] >= 0;
}

/// Sends what one more path of rising rank carries; 0 when there is none.
int64_t Network::push(int source, int sink) {
  std::vector<int> path; // edges
  for (int node = source; node != sink;) {
    unsigned& next = next_[node];
    while (next < edgesOf_[node].size()) {
      const Edge& e = edges_[edgesOf_[node][next]];
      if (e.capacity > 0 && ranks_[e.to] == ranks_[node] + 1) break;
      ++next;
    }
    if (next < edgesOf_[node].size()) {
      path.push_back(edgesOf_[node][next]);
      node = edges_[path.back()].to;
    } else if (path.empty()) {
      return 0;
    } else { // a dead end
      node = edges_[path.back() ^ 1].to;
      path.pop_back();
      ++next_[node];
    }
  }
  int64_t amount = kUncut;
  for (int edge : path) amount = std::min(amount, edges_[edge].capacity);
  for (int edge : path) {
    edges_[edge].capacity -= amount;
    edges_[edge ^ 1].capacity += amount;
  }
  return amount;
}

std::vector<bool> Network::cut(int source, int sink) {
  while (rank(source, sink))
    while (push(source, sink) > 0) {}
  // What still has a way to the sink lies on its side.
  std::vector<bool> onSinkSide(edgesOf_.size());
  onSinkSide[sink] = true;
  std::vector<int> queue{sink};
  for (size_t i = 0; i < queue.size(); ++i)
    for (int edge : edgesOf_[queue[i]])
      if (const int from = edges_[edge].to; edges_[edge ^ 1].capacity > 0 && !onSinkSide[from]) {
        onSinkSide[from] = true;
        queue.push_back(from);
      }
  return onSinkSide;
}

} // namespace ogee::passes
