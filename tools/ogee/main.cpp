// The program `ogee`: its command line. Errors are one line on the standard error stream, and exit status 1.
#include "runtime/error.h"
#include "runtime/runtime.h"
#include "tools/ogee/function.h"
#include "tools/ogee/run_results.h"

#include <CLI/CLI.hpp>

#include <iostream>

namespace {

using namespace ogee::tools;

/// {"batch=32"} as a map.
std::map<std::string, int64_t> parseSizes(const std::vector<std::string>& texts) {
  std::map<std::string, int64_t> sizes;
  for (const std::string& text : texts) {
    const size_t at = text.find('=');
    int64_t size = 0;
    if (at == std::string::npos || !CLI::detail::lexical_cast(text.substr(at + 1), size))
      throw CLI::ValidationError("--dim", "expected name=size, got " + text);
    sizes[text.substr(0, at)] = size;
  }
  return sizes;
}

constexpr const char *kText = "IR text, - for the standard input",
                     *kTextOrProgram = "IR text, - for the standard input; or a program (.ogee)";

template <class Options>
CLI::App* addCommand(CLI::App& app, const char* name, const char* description, Options& options,
                     void (*command)(const Options&), const char* input = kText) {
  CLI::App* sub = app.add_subcommand(name, description);
  sub->add_option("file", options.file, input)->required();
  sub->add_option("--entry", options.entry, "the function (default: the only one, or main)");
  sub->callback([&options, command] {
    ogee::runtime::Runtime::get(); // first, so that errors of the environment are said as such
    command(options);
  });
  return sub;
}

void addRun(CLI::App& app, RunOptions& options) {
  CLI::App* sub =
      addCommand(app, "run", "run a function, or a program, on arrays of a file", options, run, kTextOrProgram);
  addRunOptions(*sub, options);
  sub->add_flag("--reference", options.reference, "interpret instead of compiling")->excludes("--device");
  sub->add_flag("--check-numbers", options.checkNumbers, "end at the op that first makes a NaN, and say why")
      ->excludes("--reference");
}

void addShow(CLI::App& app, ShowOptions& options) {
  CLI::App* sub =
      addCommand(app, "show", "print a function at a stage of its compilation, or what a program takes and gives",
                 options, show, kTextOrProgram);
  sub->add_option("--stage", options.stage, "which one (default: trace; of a program its signature)")
      ->check(CLI::IsMember(
          {"trace", "simplify", "decompose", "fuse", "nest", "loops", "llvm", "asm", "cuda", "ptx", "resources"}));
  sub->add_option("--target", options.target, "the machine that it is for (default: one that has the stage)");
  sub->add_option("--format", options.format, "text, or dot (Graphviz; stages up to fuse)")
      ->check(CLI::IsMember({"text", "dot"}))
      ->capture_default_str();
}

void addCompile(CLI::App& app, CompileOptions& options) {
  CLI::App* sub = addCommand(app, "compile", "compile a function into a program", options, compile);
  sub->add_option("-o,--output", options.output, "the program's file (.ogee)")->required();
  sub->add_option("--target", options.target, "cpu (this machine), x86-64-v3, x86-64-v4, armv8, cuda or cuda:sm_90")
      ->capture_default_str();
  sub->add_option("--weights", options.weights, "the first values of its state, by name (.npz; default: none)");
  sub->add_flag("--stages", options.stages, "keep the text of every stage of its compilation");
}

void addBench(CLI::App& app, BenchOptions& options) {
  CLI::App* sub = addCommand(app, "bench", "time a function, eager against compiled", options, bench);
  sub->add_option("--inputs", options.inputs, "an array for each argument, by name (.npz; default: random data)");
  sub->add_option_function<std::vector<std::string>>(
         "--dim", [&](const auto& texts) { options.dims = parseSizes(texts); },
         "name=size of a dim that is not static, for random data")
      ->allow_extra_args(false);
  sub->add_option("--seconds", options.seconds, "how long to measure")->capture_default_str();
}

void addAot(CLI::App& app, AotOptions& options) {
  CLI::App* sub = app.add_subcommand("aot", "compile functions ahead of time: an object file with its headers");
  sub->add_option("file", options.file, "IR text, - for the standard input")->required();
  sub->add_option("--name", options.name, "of the library: a C identifier")->required();
  sub->add_option("-o,--out", options.out, "the folder for the files")->capture_default_str();
  sub->add_option("--entry", options.entries, "functions (default: all of the file)")->delimiter(',');
  sub->add_option("--cpu", options.cpus, "native, x86-64-v3, x86-64-v4, armv8, or LLVM's name with --triple")
      ->delimiter(',');
  sub->add_option("--triple", options.triple, "what is compiled for, as aarch64-linux-gnu (default: this machine)");
  sub->add_option("--weights", options.weights, "the arguments that are state, and their first elements (.npz)");
  sub->add_flag("--embed", options.embed, "the weights become part of the object");
  sub->add_option("--emit", options.emit, "obj, header, asm, mlir, report")
      ->delimiter(',')
      ->check(CLI::IsMember({"obj", "header", "asm", "mlir", "report"}))
      ->capture_default_str();
  sub->callback([&options] {
    ogee::runtime::Runtime::get();
    aot(options);
  });
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("ogee: compiles, runs, shows and times functions of the ogee dialect");
  app.require_subcommand(1);
  RunOptions runOptions;
  CompileOptions compileOptions;
  ShowOptions showOptions;
  BenchOptions benchOptions;
  AotOptions aotOptions;
  addRun(app, runOptions);
  addCompile(app, compileOptions);
  addShow(app, showOptions);
  addBench(app, benchOptions);
  addAot(app, aotOptions);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& success) { return app.exit(success); } catch (const CLI::ParseError& error) {
    std::cerr << "ogee: " << error.what() << "\n";
  } catch (const ogee::runtime::Error& error) {
    std::cerr << "ogee: " << error.what() << "\n";
  } catch (const Reported&) {
    // a diagnostic has said it
  } catch (const std::exception& error) { // bad_alloc, length_error: of a size in the IR or in a file
    std::cerr << "ogee: out of memory (" << error.what() << ")\n";
  }
  return 1;
}
