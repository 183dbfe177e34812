// A program that needs only ogee::runtime: it saves a Program to memory and loads it again.
#include <ogee/runtime/program.h>

using namespace ogee::runtime;

int main() {
  Program program;
  program.name = "empty";
  Result<std::vector<uint8_t>> bytes = program.save();
  if (!bytes) return 1;
  Result<Program> loaded = Program::load(*bytes);
  return loaded && loaded->name == "empty" ? 0 : 2;
}
