// Calls of CUDA kernels that run on the CPU (shim.h) as files: what a call may touch, and what it makes of it.
#pragma once

#include "tests/cuda/shim.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>

namespace shim {

/// The elements of a buffer that a call may touch.
struct Reach {
  int64_t item;               ///< bytes of an element
  int64_t first = 0, end = 0; ///< elements; none where they are equal
  struct Axis {
    int64_t extent, stride;
  };
  void access(int64_t offset, std::initializer_list<Axis> axes) {
    int64_t low = offset, high = offset;
    for (const Axis& axis : axes) {
      if (axis.extent <= 0) return;
      (axis.stride < 0 ? low : high) += (axis.extent - 1) * axis.stride;
    }
    if (first == end) first = low, end = high + 1;
    first = std::min(first, low);
    end = std::max(end, high + 1);
  }
};

/// Writes the first call of each kernel into the folder that OGEE_SHIM_RECORD names, as cuda_replay.cpp reads it: its
/// sizes, its buffers (those that overlap are one piece of memory), and their bytes before and after.
class Record {
public:
  static const char* folder() { return std::getenv("OGEE_SHIM_RECORD"); }

  Record(const char* name, std::vector<Reach> reach, void* const* buffers, std::vector<int64_t> sizes)
      : sizes_(std::move(sizes)) {
    const std::string path = std::string(folder()) + "/" + name + ".call";
    if (std::FILE* known = std::fopen(path.c_str(), "rb")) {
      std::fclose(known);
      return;
    }
    int64_t bytes = 0;
    for (size_t i = 0; i < reach.size(); ++i) {
      const Reach& r = reach[i];
      starts_.push_back(reinterpret_cast<int64_t>(buffers[i]));
      touched_.push_back(starts_[i] + r.first * r.item);
      pieces_.push_back({touched_[i], starts_[i] + r.end * r.item});
      bytes += (r.end - r.first) * r.item;
    }
    if (bytes == 0 || bytes > (1 << 20)) return;
    std::erase_if(pieces_, [](const Piece& piece) { return piece.begin == piece.end; });
    std::sort(pieces_.begin(), pieces_.end(), [](const Piece& x, const Piece& y) { return x.begin < y.begin; });
    size_t kept = 0;
    for (const Piece& piece : pieces_)
      if (kept && piece.begin < pieces_[kept - 1].end)
        pieces_[kept - 1].end = std::max(pieces_[kept - 1].end, piece.end);
      else
        pieces_[kept++] = piece;
    pieces_.resize(kept);
    file_ = std::fopen(path.c_str(), "wb");
    if (!file_) fail("cannot write a call");
    write(sizes_);
    write(starts_);
    write(touched_);
    writeMemory();
  }
  ~Record() {
    if (!file_) return;
    writeMemory();
    std::fclose(file_);
  }
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

private:
  struct Piece {
    int64_t begin, end;
  };
  void write(int64_t number) { std::fwrite(&number, sizeof number, 1, file_); }
  void write(const std::vector<int64_t>& numbers) {
    write(int64_t(numbers.size()));
    for (int64_t number : numbers) write(number);
  }
  void writeMemory() {
    write(int64_t(pieces_.size()));
    for (const Piece& piece : pieces_) {
      write(piece.begin);
      write(piece.end - piece.begin);
      std::fwrite(reinterpret_cast<void*>(piece.begin), size_t(piece.end - piece.begin), 1, file_);
    }
  }

  std::vector<int64_t> sizes_, starts_, touched_; ///< the last two of buffers: where they start, what is touched first
  std::vector<Piece> pieces_;
  std::FILE* file_ = nullptr;
};

} // namespace shim
