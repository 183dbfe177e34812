// Runs recorded calls of CUDA kernels (tests/cuda/record.h) that this program is linked with, under the sanitizers it
// is compiled with: every buffer is memory of its own of exactly the bytes that the call may touch. What a call leaves
// behind has to equal what it left when it was recorded, bit for bit, whatever the order of threads.
//
// usage: cuda_replay files…
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr int64_t kBlocks = 3, kAlignment = 64; ///< as cuda_text.cpp launches; of addresses, which kernels may ask for

using KernelFn = int (*)(void* const* buffers, const int64_t* sizes, int64_t begin, int64_t end, void* scratch);

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "cuda_replay: %s\n", what.c_str());
  std::exit(2);
}

/// Bytes of a call, at an address that has the recorded one's distance from a multiple of kAlignment.
class Piece {
public:
  Piece(int64_t address, int64_t bytes)
      : address_(address), bytes_(bytes), shift_(address % kAlignment),
        memory_(static_cast<char*>(std::aligned_alloc(kAlignment, roundedUp(shift_ + bytes)))) {
    if (!memory_) fail("no memory");
    spare_ = roundedUp(shift_ + bytes) - shift_ - bytes;
  }
  char* data() const { return memory_.get() + shift_; }
  int64_t bytes() const { return bytes_; }
  int64_t spare() const { return spare_; } ///< bytes behind it that are not the call's
  bool holds(int64_t address) const { return address >= address_ && address < address_ + bytes_; }
  char* at(int64_t address) const { return data() + (address - address_); }
  int64_t before() const { return shift_; }

private:
  static size_t roundedUp(int64_t bytes) { return size_t((bytes + kAlignment - 1) / kAlignment * kAlignment); }
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  int64_t address_, bytes_, shift_, spare_ = 0;
  std::unique_ptr<char, Free> memory_;
};

class File {
public:
  explicit File(const std::string& path) : path_(path), stream_(path, std::ios::binary) {
    if (!stream_) fail(path + " cannot be read");
  }
  int64_t number() {
    int64_t value = 0;
    bytes(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }
  std::vector<int64_t> numbers() {
    std::vector<int64_t> values(static_cast<size_t>(number()));
    for (int64_t& value : values) value = number();
    return values;
  }
  void bytes(char* to, int64_t count) {
    if (!stream_.read(to, count)) fail(path_ + " ends too early");
  }

private:
  const std::string path_;
  std::ifstream stream_;
};

} // namespace

#if defined(__SANITIZE_ADDRESS__)
#define OGEE_REPLAY_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OGEE_REPLAY_ASAN 1
#endif
#endif
#ifdef OGEE_REPLAY_ASAN
extern "C" void __asan_poison_memory_region(const void* from, size_t bytes);
extern "C" void __asan_unpoison_memory_region(const void* from, size_t bytes);
#else
static void __asan_poison_memory_region(const void*, size_t) {}
static void __asan_unpoison_memory_region(const void*, size_t) {}
#endif

namespace {

/// Whether a call leaves what it left when it was recorded.
bool replay(const std::string& path) {
  const std::string name = std::filesystem::path(path).stem().string();
  const auto kernel = reinterpret_cast<KernelFn>(dlsym(RTLD_DEFAULT, ("run_" + name).c_str()));
  if (!kernel) fail("no kernel " + name);
  File file(path);
  const std::vector<int64_t> sizes = file.numbers(), starts = file.numbers(), touched = file.numbers();
  std::vector<Piece> pieces;
  for (int64_t count = file.number(); count > 0; --count) {
    const int64_t address = file.number();
    Piece& piece = pieces.emplace_back(address, file.number());
    file.bytes(piece.data(), piece.bytes());
  }
  std::vector<void*> buffers;
  for (size_t i = 0; i < starts.size(); ++i) { // a buffer of which nothing is touched has no piece
    buffers.push_back(nullptr);
    for (const Piece& piece : pieces)
      if (piece.holds(touched[i])) buffers.back() = piece.at(starts[i]);
  }
  for (const Piece& piece : pieces) {
    __asan_poison_memory_region(piece.data() - piece.before(), size_t(piece.before()));
    __asan_poison_memory_region(piece.data() + piece.bytes(), size_t(piece.spare()));
  }
  kernel(buffers.data(), sizes.data(), 0, kBlocks, nullptr);
  bool same = file.number() == int64_t(pieces.size());
  for (const Piece& piece : pieces) {
    __asan_unpoison_memory_region(piece.data() - piece.before(),
                                  size_t(piece.before() + piece.bytes() + piece.spare()));
    file.number(); // its address
    std::vector<char> expected(size_t(file.number()));
    file.bytes(expected.data(), int64_t(expected.size()));
    same = same && std::memcmp(piece.data(), expected.data(), expected.size()) == 0;
  }
  if (!same) std::fprintf(stderr, "cuda_replay: %s leaves something else\n", path.c_str());
  return same;
}

} // namespace

int main(int count, char** files) {
  int different = 0;
  for (int i = 1; i < count; ++i) different += !replay(files[i]);
  std::printf("%d calls, %d differ\n", count - 1, different);
  return different != 0;
}
