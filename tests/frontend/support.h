// What tests of the front end share: tensors as text, the message of an expected Error.
#pragma once

#include "tests/catch.h"
#include <ogee/ogee.h>

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>

namespace ogee::tests {

/// Without the device of a tensor where tests run on another than the CPU (tests/on_device.h).
inline std::string without_device(std::string text) {
  static const char* const device = std::getenv("OGEE_TEST_DEVICE");
  const std::string suffix = device ? ", device='" + Device(device).to_string() + "'" : "";
  for (size_t at; device && (at = text.find(suffix)) != text.npos;) text.erase(at, suffix.size());
  return text;
}

template <class T>
std::string text(const T& value) {
  std::ostringstream out;
  out << value;
  return without_device(out.str());
}

/// The message of the Error that `body` raises; "no error" without one.
template <class Body>
std::string error_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) { return error.what(); }
  return "no error";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline bool near(double a, double b, double margin = 1e-6) { return std::abs(a - b) <= margin; }

/// "file.cpp:12": how an Error names a line.
inline std::string at_line(const char* file, unsigned line) {
  const std::string path = file;
  return path.substr(path.rfind('/') + 1) + ":" + std::to_string(line);
}

} // namespace ogee::tests

/// The place of the line on which it stands.
#define OGEE_HERE ::ogee::tests::at_line(__FILE__, __LINE__)
