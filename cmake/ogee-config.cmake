# find_package(ogee): the targets ogee::ogee (everything) and ogee::runtime (runs saved programs; no LLVM, no MLIR).
include(${CMAKE_CURRENT_LIST_DIR}/ogee-targets.cmake)
