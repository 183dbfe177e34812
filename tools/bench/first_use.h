// What the first use of an operation costs in a new process.
#pragma once

namespace ogee::bench {

/// Prints the milliseconds of the first use of some operations: in a process that finds no kernels on disk, and in one
/// that finds them all. Must come before anything else of ogee in this process, which it forks.
void first_uses();

} // namespace ogee::bench
