// Programs (.ogee) as the commands use them: run by the runtime alone, and described.
#pragma once

#include "runtime/program.h"
#include "tools/ogee/run_results.h"

#include <string>
#include <utility>
#include <vector>

namespace ogee::tools {

/// Gives a program the first values of its state, from the arrays of a file by name. Raises an Error for an array that
/// is missing or does not fit, or that no state has the name of.
void setState(runtime::Program& program, const std::string& path);

// All of these raise an Error for an `entry`, which is a function of IR text.

/// All results of a program, those that are written to its arguments among them. It runs on the device of that name
/// ("": the first that it is for), another kind is an Error. Arguments come by name from the file
/// `inputs` (.npz, "" for none); state that is not there has the values that the program was saved with.
NamedResults runProgram(const std::string& path, const std::string& entry, const std::string& inputs,
                        const std::string& device);

/// What a program takes, keeps and gives, what it is for, and how large it is.
std::string signatureOf(const std::string& path, const std::string& entry);

/// The text of a stage that the program was saved with; an Error where there is none.
std::string keptStage(const std::string& path, const std::string& entry, const std::string& stage);

} // namespace ogee::tools
