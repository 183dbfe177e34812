// The program of the README's first screen, as a user of an installed ogee builds it.
#include <ogee/ogee.h>

#include <iostream>

using namespace ogee;

int main() {
  Tensor w = randn({784, 128}), x = randn({32, 784});
  auto f = [&](const Tensor& x) { return softmax(relu(matmul(x, w)), /*dim=*/-1); };
  Tensor a = f(x);     // eager: runs now, line by line
  auto g = compile(f); // traces on the first call, then runs native code
  Tensor b = g(x);
  std::cout << allclose(a, b) << g.ir() << a.slice(0, 0, 2) << '\n';
}
