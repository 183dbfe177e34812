// Recorded graphs: text, picture, arguments; nothing runs.
#include "tests/frontend/support.h"

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("graph: a graph from specs") {
  const uint64_t before = stats().kernels_compiled;
  const Graph graph = trace([](Tensor x, Tensor w) { return softmax(relu(matmul(x, w)), -1); }, spec(f32, {32, 784}),
                            spec(f32, {784, 128}));
  const std::string ir = graph.ir();
  for (const char* op : {"ogee.dot", "ogee.compare lt", "ogee.select", "ogee.amax", "ogee.exp", "ogee.sum", "ogee.div"})
    CHECK(contains(ir, op));
  CHECK(contains(ir, "tensor<32x128xf32>"));
  CHECK(graph.inputs() == std::vector<std::string>{"arg0", "arg1"});
  CHECK(graph.result_count() == 1);
  CHECK(stats().kernels_compiled == before);
}

TEST_CASE("graph: named sizes stand in the graph as arithmetic") {
  const Graph graph = trace(
      [](Tensor x) {
        const Dim b = x.size(0), t = x.size(1);
        return x.reshape({b * t, 8}) + 1;
      },
      spec(f32, {dim("batch", 1, 256), dim("time"), 8}));
  const std::string ir = graph.ir();
  CHECK(contains(ir, "ogee.dims = [\"batch\", \"time\", \"\"]"));
  CHECK(contains(ir, "arith.muli"));
  CHECK(contains(ir, "tensor<?x8xf32>"));
}

TEST_CASE("graph: every operation carries its line and its module") {
  const std::string here = OGEE_HERE;
  const Graph graph = trace(
      [](Tensor x) {
        Scope scope("fc1");
        return x + 1;
      },
      spec(f32, {2}));
  CHECK(contains(graph.ir(), "graph.cpp"));
  CHECK(contains(graph.ir(), "fc1"));
}

TEST_CASE("graph: a picture for Graphviz") {
  const std::string dot = trace([](Tensor x, Tensor y) { return (x + y) * y; }, spec(f32, {2}), spec(f32, {2})).dot();
  CHECK(contains(dot, "digraph"));
  CHECK(contains(dot, "label=\"add\\ngraph.cpp:"));
  CHECK(contains(dot, "v0 -> o0"));
}

TEST_CASE("graph: stages have the names of dumps") {
  CHECK(std::string(name(Stage::fuse)) == "fuse");
  CHECK(std::string(name(Stage::assembly)) == "asm");
}
