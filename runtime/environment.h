// Switches of the environment.
#pragma once

namespace ogee::runtime {

/// Whether a variable is 1, not 0; `otherwise` where it is not set or empty. Error for anything else.
bool is_switched_on(const char* variable, bool otherwise);

} // namespace ogee::runtime
