// ogee-run: `ogee run` for programs alone, by the runtime alone: what machines without LLVM have.
#include "runtime/error.h"
#include "runtime/runtime.h"
#include "tools/ogee/program.h"

#include <CLI/CLI.hpp>

#include <iostream>

using namespace ogee::tools;

int main(int argc, char** argv) {
  CLI::App app("ogee-run: runs a program on arrays of a file");
  RunOptions options;
  app.add_option("file", options.file, "a program (.ogee)")->required();
  addRunOptions(app, options);
  try {
    app.parse(argc, argv);
    ogee::runtime::Runtime::get(); // first, so that errors of the environment are said as such
    deliver(runProgram(options.file, "", options.inputs, options.device), options);
    return 0;
  } catch (const CLI::Success& success) { return app.exit(success); } catch (const CLI::ParseError& error) {
    std::cerr << "ogee-run: " << error.what() << "\n";
  } catch (const ogee::runtime::Error& error) {
    std::cerr << "ogee-run: " << error.what() << "\n";
  } catch (const std::exception& error) { // bad_alloc, length_error: of a size in a file
    std::cerr << "ogee-run: out of memory (" << error.what() << ")\n";
  }
  return 1;
}
