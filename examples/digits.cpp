// Reads IDX files (http://yann.lecun.com/exdb/mnist: big-endian magic and sizes, then bytes), and draws digits.
#include "examples/digits.h"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <vector>

using namespace ogee;

namespace {

constexpr int64_t kSide = 28, kPixels = kSide * kSide;

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(runtime::ErrorCode::corrupt, "load_digits: " + path + ": " + what);
}

/// The whole content of a gzip file, at most `limit` bytes.
std::vector<uint8_t> read_gzip(const std::string& path, size_t limit) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file) fail(path, "cannot be opened");
  std::vector<uint8_t> bytes(limit);
  const int got = gzread(file, bytes.data(), static_cast<unsigned>(limit));
  gzclose(file);
  if (got < 0) fail(path, "is not a gzip file");
  bytes.resize(static_cast<size_t>(got));
  return bytes;
}

uint32_t big_endian(const std::vector<uint8_t>& bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

/// Checks magic and sizes; returns how many items of `item` bytes follow the header of `header` bytes.
int64_t check_idx(const std::vector<uint8_t>& bytes, const std::string& path, uint32_t magic, size_t header,
                  int64_t item) {
  if (bytes.size() < header || big_endian(bytes, 0) != magic) fail(path, "is not the IDX file expected here");
  const int64_t count = big_endian(bytes, 4);
  if (static_cast<int64_t>(bytes.size() - header) < count * item) fail(path, "is truncated");
  return count;
}

/// Which of the seven segments (top, top left, top right, middle, bottom left, bottom right, bottom) each digit lights.
constexpr std::array<uint8_t, 10> kSegments = {0b1110111, 0b0010010, 0b1011101, 0b1011011, 0b0111010,
                                               0b1101011, 0b1101111, 0b1010010, 0b1111111, 0b1111011};

void draw(float* image, int digit, int64_t left, int64_t top) {
  struct Box {
    int64_t x, y, width, height;
  };
  static constexpr std::array<Box, 7> boxes = {
      {{1, 0, 8, 2}, {0, 1, 2, 7}, {8, 1, 2, 7}, {1, 7, 8, 2}, {0, 8, 2, 7}, {8, 8, 2, 7}, {1, 14, 8, 2}}};
  for (size_t segment = 0; segment < boxes.size(); ++segment) {
    if (!(kSegments[digit] >> (6 - segment) & 1)) continue;
    const Box& box = boxes[segment];
    for (int64_t y = box.y; y < box.y + box.height; ++y)
      for (int64_t x = box.x; x < box.x + box.width; ++x) image[(top + y) * kSide + left + x] = 1;
  }
}

} // namespace

Digits load_digits(const std::string& folder) {
  const std::string image_path = folder + "/t10k-images-idx3-ubyte.gz",
                    label_path = folder + "/t10k-labels-idx1-ubyte.gz";
  const std::vector<uint8_t> images = read_gzip(image_path, size_t{16} << 20),
                             labels = read_gzip(label_path, size_t{1} << 20);
  const int64_t count = check_idx(images, image_path, 2051, 16, kPixels);
  if (check_idx(labels, label_path, 2049, 8, 1) != count)
    fail(label_path, "does not have as many labels as there are images");
  std::vector<float> pixels(static_cast<size_t>(count * kPixels));
  std::vector<int64_t> classes(static_cast<size_t>(count));
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(images[16 + i]) / 255;
  for (size_t i = 0; i < classes.size(); ++i) classes[i] = labels[8 + i];
  return {tensor(pixels).view({count, kPixels}), tensor(classes)};
}

Digits draw_digits(int64_t count) {
  const Tensor classes = randint(0, 10, {count}), lefts = randint(0, kSide - 10, {count}),
               tops = randint(0, kSide - 16, {count});
  std::vector<float> pixels(static_cast<size_t>(count * kPixels));
  for (int64_t i = 0; i < count; ++i)
    draw(&pixels[static_cast<size_t>(i * kPixels)], static_cast<int>(classes.span<int64_t>()[i]),
         lefts.span<int64_t>()[i], tops.span<int64_t>()[i]);
  const Tensor noise = 0.2 * rand({count, kPixels});
  return {clamp(tensor(pixels).view({count, kPixels}) + noise, 0, 1), classes};
}
