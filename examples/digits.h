// Digits for the examples: MNIST's test set from its files, or drawn ones where those are absent.
#pragma once

#include <ogee/ogee.h>

#include <string>

/// `images` [n, 784] f32 in [0, 1], row-major 28 x 28 pixels; `labels` [n] i64 in 0..9.
struct Digits {
  ogee::Tensor images, labels;
};

/// Reads t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz from a folder. Error for missing or damaged files.
Digits load_digits(const std::string& folder);

/// Draws `count` digits as seven-segment figures, shifted and noisy, from ogee's default generator.
Digits draw_digits(int64_t count);
