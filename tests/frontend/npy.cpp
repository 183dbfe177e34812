// NumPy's files.
#include "tests/frontend/support.h"

#include <filesystem>

using namespace ogee;
using namespace ogee::tests;

TEST_CASE("npy: files are not read in a trace") {
  CHECK(contains(error_of([] { compile([](Tensor x) { return x + load_npy("x.npy"); })(tensor(1)); }),
                 "load_npy: not inside a compiled function"));
}

TEST_CASE("npy: files keep dtype, shape and elements, of views too") {
  const auto folder = std::filesystem::temp_directory_path() / "ogee_npy_test";
  std::filesystem::create_directories(folder);
  const std::string one = (folder / "x.npy").string(), many = (folder / "x.npz").string();
  const Tensor x = arange(6).reshape({2, 3}).t();
  save_npy(one, x);
  CHECK(equal(load_npy(one), x));
  savez(many, {{"a", x}, {"b", tensor({true, false})}});
  const auto loaded = load_npz(many);
  CHECK(loaded.size() == 2);
  CHECK(equal(loaded.at("a"), x));
  CHECK(loaded.at("b").dtype() == boolean);
  save_npy(one, tensor({3, 200}, DType::u8));
  CHECK(text(load_npy(one)) == "tensor([  3, 200], dtype=u8)");
  std::filesystem::remove_all(folder);
  const std::string here = OGEE_HERE, message = error_of([&] { load_npy(one); });
  CHECK(contains(message, "load_npy: "));
  CHECK(contains(message, here));
}
