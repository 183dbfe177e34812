# What a room's CMakeLists.txt is written with. Every .cpp is listed by name.
#
#   ogee_library(<name> <files…> [LIBS <public…>] [PRIVATE_LIBS <private…>] [MLIR_PCH])
#       A library without MLIR in its headers (runtime, frontend). Also known as ogee::<name without ogee_>.
#       MLIR_PCH: its .cpp files include MLIR's headers; compile them with the shared precompiled header.
#   ogee_mlir_library(<name> <files…> [LIBS …] [PRIVATE_LIBS …])
#       A library with MLIR in its headers (ir, passes, codegen): links MLIR and uses the precompiled header.
#   ogee_tablegen(<library> <file.td> <output> <mlir-tblgen flags…>)
#       Writes <output> ("ops.h.inc"), included as "<room>/ops.h.inc" by <library> and by all that links it.
#   ogee_program(<name> <files…> [LIBS …] [OUTPUT <file name>] [MLIR_PCH])
#       A program in build/<preset>/bin; OUTPUT when its target cannot have its name (ogee_tool: the program `ogee`).
#   ogee_test(<name> <files…> [LIBS …] [MLIR_PCH])
#       A Catch2 program that ctest runs; its files include "tests/catch.h".
#
# Includes are written from the root of the tree: #include "runtime/dim.h".

set(OGEE_GENERATED ${PROJECT_BINARY_DIR}/generated)

# <ogee/ogee.h> and <ogee/runtime/….h> inside the tree; the installed ones are written by cmake/install_headers.cmake.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/include/ogee/ogee.h CONTENT "#include \"frontend/ogee.h\"\n" @ONLY)
foreach(header session shape storage) # those that examples include
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/include/ogee/runtime/${header}.h
    CONTENT "#include \"runtime/${header}.h\"\n" @ONLY)
endforeach()

# LLVM and MLIR as the distribution ships them: two shared libraries, headers that get no warnings.
add_library(ogee_llvm INTERFACE)
separate_arguments(ogee_llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_options(ogee_llvm INTERFACE ${ogee_llvm_definitions})
target_include_directories(ogee_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_link_libraries(ogee_llvm INTERFACE MLIR LLVM)

# The MLIR headers that most files need, parsed once for all rooms.
add_library(ogee_mlir_pch OBJECT ${CMAKE_CURRENT_LIST_DIR}/mlir_pch.cpp)
target_link_libraries(ogee_mlir_pch PRIVATE ogee_flags ogee_llvm)
target_precompile_headers(ogee_mlir_pch PRIVATE ${CMAKE_CURRENT_LIST_DIR}/mlir_pch.h)

# EARLY STAGE ONLY: files that are listed but not written yet are left out with a warning.
function(_ogee_existing out)
  set(found "")
  foreach(file ${ARGN})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      list(APPEND found ${file})
    else()
      message(WARNING "${CMAKE_CURRENT_SOURCE_DIR}/${file} does not exist yet")
    endif()
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# What libraries and programs have in common.
function(_ogee_target name mlir_pch)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:ogee_flags>)
  target_include_directories(${name} SYSTEM PRIVATE ${OGEE_GENERATED})
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                            $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
  if(mlir_pch)
    target_precompile_headers(${name} REUSE_FROM ogee_mlir_pch)
  endif()
endfunction()

function(ogee_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "MLIR_PCH" "" "LIBS;PRIVATE_LIBS")
  _ogee_existing(files ${arg_UNPARSED_ARGUMENTS})
  add_library(${name} SHARED ${files})
  string(REGEX REPLACE "^ogee_" "" export_name ${name})
  add_library(ogee::${export_name} ALIAS ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${export_name} DEFINE_SYMBOL "")
  _ogee_target(${name} ${arg_MLIR_PCH})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PUBLIC ${arg_LIBS} PRIVATE ${arg_PRIVATE_LIBS})
endfunction()

function(ogee_mlir_library name)
  ogee_library(${ARGV} MLIR_PCH)
  target_link_libraries(${name} PUBLIC $<BUILD_INTERFACE:ogee_llvm>)
  target_include_directories(${name} SYSTEM PUBLIC $<BUILD_INTERFACE:${OGEE_GENERATED}>)
endfunction()

function(ogee_tablegen library td output)
  file(RELATIVE_PATH room ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(path ${OGEE_GENERATED}/${room}/${output})
  file(MAKE_DIRECTORY ${OGEE_GENERATED}/${room})
  add_custom_command(OUTPUT ${path}
    COMMAND ${MLIR_TABLEGEN_EXE} ${ARGN} -I ${PROJECT_SOURCE_DIR} -I ${MLIR_INCLUDE_DIRS}
            ${CMAKE_CURRENT_SOURCE_DIR}/${td} -o ${path} -d ${path}.d --write-if-changed
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${td} DEPFILE ${path}.d
    COMMENT "mlir-tblgen ${room}/${output}" VERBATIM)
  target_sources(${library} PRIVATE ${path})
endfunction()

function(ogee_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "MLIR_PCH" "OUTPUT" "LIBS")
  _ogee_existing(files ${arg_UNPARSED_ARGUMENTS})
  add_executable(${name} ${files})
  _ogee_target(${name} ${arg_MLIR_PCH})
  if(arg_OUTPUT)
    set_target_properties(${name} PROPERTIES OUTPUT_NAME ${arg_OUTPUT})
  endif()
  target_link_libraries(${name} PRIVATE ${arg_LIBS})
  if(OGEE_SANITIZE)
    target_link_libraries(${name} PRIVATE ogee_sanitizer_options)
  endif()
endfunction()

function(ogee_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "MLIR_PCH" "" "LIBS")
  set(pch "")
  if(arg_MLIR_PCH)
    set(pch MLIR_PCH)
  endif()
  ogee_program(${name} ${arg_UNPARSED_ARGUMENTS} ${pch} LIBS ogee_catch ${arg_LIBS})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS catch2 ENVIRONMENT OGEE_CACHE_DIR=)
endfunction()
