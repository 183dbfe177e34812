// Programs of a first day with files: what was trained here runs elsewhere (L10).
#include "tests/frontend/support.h"
#include "tests/runtime/folder.h"

using namespace ogee;
using namespace std;

TEST_CASE("L10 a network is compiled, saved and loaded") {
  const runtime::testing::Folder folder;
  const string path = folder.file("p.ogee");
  manual_seed(0);
  Tensor w1 = randn({4, 8}), w2 = randn({8, 3}), x = randn({5, 4});
  auto net = [&](Tensor x) { return softmax(matmul(relu(matmul(x, w1)), w2), -1); };
  auto g = compile(net);
  Tensor y = g(x);
  g.save(path);
  CHECK(equal(load_program(path)(x), y));
  CHECK(allclose(load_program(path)(x), net(x)));
}
