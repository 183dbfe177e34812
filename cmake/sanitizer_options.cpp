// Options of the sanitizers, linked into every program of a sanitizer build, so that each runs right when started by
// hand. LLVM's own libraries are not instrumented: containers passed across their border and their leaks are not ours
// to judge.

extern "C" {

const char* __asan_default_options() { return "detect_container_overflow=0:detect_stack_use_after_return=1"; }

const char* __ubsan_default_options() { return "print_stacktrace=1"; }

const char* __lsan_default_suppressions() { return "leak:libMLIR.so\nleak:libLLVM.so\n"; }

const char* __tsan_default_suppressions() {
  return "called_from_lib:libMLIR.so\ncalled_from_lib:libLLVM.so\nrace:libMLIR.so\nrace:libLLVM.so\n";
}

} // extern "C"
