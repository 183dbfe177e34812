# How ogee's own code is compiled and linked: language, warnings, sanitizers, linker, compiler cache, output folders.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_LINK_DEPENDS_NO_SHARED ON) # a new room library relinks no program

# One precompiled header serves libraries and programs, so both are position-independent in the same way.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_COMPILE_OPTIONS_PIE -fPIC)

add_library(ogee_flags INTERFACE)
target_compile_options(ogee_flags INTERFACE
  -Wall -Wextra
  -Wno-unused-parameter           # overrides of MLIR's interfaces
  -Wno-missing-field-initializers # options are structs with defaults, given by designated initializers
  -ffp-contract=off)              # design: strict IEEE, an FMA only where it is written
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(ogee_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp") # ccache may reuse what used a PCH
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # g++ 12 sees overflows in std::string's own code
  target_compile_options(ogee_flags INTERFACE
    -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
endif()
# The build id goes into kernel-cache keys; calls inside a library need no indirection; libraries name all they use.
target_link_options(ogee_flags INTERFACE -Wl,--build-id LINKER:-Bsymbolic-functions)
if(NOT OGEE_SANITIZE)
  target_link_options(ogee_flags INTERFACE LINKER:-z,defs)
endif()

find_program(OGEE_LLD NAMES ld.lld-19 ld.lld)
mark_as_advanced(OGEE_LLD)
if(OGEE_LLD AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_link_options(ogee_flags INTERFACE --ld-path=${OGEE_LLD})
endif()

find_program(OGEE_CCACHE ccache)
mark_as_advanced(OGEE_CCACHE)
if(OGEE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${OGEE_CCACHE})
endif()

if(OGEE_SANITIZE)
  # Generated code carries no type tags for -fsanitize=function.
  set(sanitize -fsanitize=${OGEE_SANITIZE} -fno-sanitize-recover=all -fno-sanitize=function -fno-omit-frame-pointer)
  target_compile_options(ogee_flags INTERFACE ${sanitize})
  target_link_options(ogee_flags INTERFACE ${sanitize})
  add_library(ogee_sanitizer_options OBJECT ${CMAKE_CURRENT_LIST_DIR}/sanitizer_options.cpp)
endif()
