# Libraries compiled ahead of time, as targets. In the tree, and in projects that found ogee.
#
#   ogee_add_aot_library(<name> FROM <program target | file.mlir> ENTRIES <entry…>
#                        [ARGS <of the program…>]
#                        [CPUS <cpu…>] [TRIPLE <triple>] [WEIGHTS <file.npz>] [EMBED])
#
# FROM a program: it is run at build time with a folder as its argument, then ARGS, and calls ogee::aot with
# `.name = "<name>", .out = argv[1]`. FROM a file: `ogee aot` compiles its functions ENTRIES with the options of the
# second line. Where the library lacks one of ENTRIES, the build ends with an error.
#
# Targets: <name>, which C and C++ programs link; <name>.run, which tests the library, and <name>.bench, which times it
# (they are C; with a TRIPLE they are built only when asked for). All files lie in the folder that the property
# OGEE_FOLDER of <name> says.
include_guard(GLOBAL)

function(ogee_add_aot_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "EMBED" "FROM;TRIPLE;WEIGHTS" "ENTRIES;ARGS;CPUS")
  set(me "ogee_add_aot_library(${name})")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_FROM OR NOT arg_ENTRIES)
    message(FATAL_ERROR "${me}: needs FROM <program or file.mlir> ENTRIES <entry…>; got ${ARGN}")
  endif()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT "C" IN_LIST languages)
    message(FATAL_ERROR "${me}: ${name}.run and ${name}.bench are C programs: add C to the languages of project()")
  endif()

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/aot/${name})
  file(MAKE_DIRECTORY ${folder})
  get_property(check GLOBAL PROPERTY OGEE_AOT_CHECK)
  if(TARGET ${arg_FROM})
    foreach(option CPUS TRIPLE WEIGHTS EMBED)
      if(arg_${option})
        message(FATAL_ERROR "${me}: ${option} is for .mlir files; ${arg_FROM} gives it to ogee::aot itself")
      endif()
    endforeach()
    set(command $<TARGET_FILE:${arg_FROM}> ${folder} ${arg_ARGS})
    set(depends ${arg_FROM})
  else()
    get_filename_component(file ${arg_FROM} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    if(NOT file MATCHES "\\.mlir$")
      message(FATAL_ERROR "${me}: ${arg_FROM} is neither a target nor a .mlir file")
    endif()
    list(JOIN arg_ENTRIES "," entries)
    set(command $<TARGET_FILE:ogee::tool> aot ${file} --name ${name} -o ${folder} --entry ${entries})
    set(depends ogee::tool ${file})
    if(arg_CPUS)
      list(JOIN arg_CPUS "," cpus)
      list(APPEND command --cpu ${cpus})
    endif()
    if(arg_TRIPLE)
      list(APPEND command --triple ${arg_TRIPLE})
    endif()
    if(arg_WEIGHTS)
      get_filename_component(weights ${arg_WEIGHTS} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
      list(APPEND command --weights ${weights})
      list(APPEND depends ${weights})
    endif()
    if(arg_EMBED)
      list(APPEND command --embed)
    endif()
  endif()

  set(archive ${folder}/lib${name}.a)
  add_custom_command(OUTPUT ${archive}
    BYPRODUCTS ${folder}/${name}.h ${folder}/${name}.hpp ${folder}/${name}.manifest.json
    COMMAND ${CMAKE_COMMAND} -E rm -f ${folder}/${name}.manifest.json
    COMMAND ${command}
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DFOLDER=${folder} "-DENTRIES=${arg_ENTRIES}" -DAR=${CMAKE_AR} -P ${check}
    DEPENDS ${depends} ${check} ogee::ogee ogee::codegen ogee::passes ogee::ir ogee::runtime # another ogee, other files
    COMMENT "Compiling ${name} ahead of time" VERBATIM)
  add_custom_target(${name}.files ALL DEPENDS ${archive})
  add_library(${name} STATIC IMPORTED GLOBAL)
  add_dependencies(${name} ${name}.files)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${archive} INTERFACE_INCLUDE_DIRECTORIES ${folder}
    INTERFACE_LINK_LIBRARIES m OGEE_FOLDER ${folder})

  get_property(sources GLOBAL PROPERTY OGEE_AOT_SOURCES)
  foreach(program run bench)
    add_executable(${name}.${program} ${sources}/tools/aot/${program}.c)
    target_include_directories(${name}.${program} PRIVATE ${sources})
    target_compile_definitions(${name}.${program} PRIVATE
      OGEE_LIBRARY=${name} "OGEE_HEADER=\"${name}.h\"" "OGEE_FILES=\"${folder}\"")
    target_link_libraries(${name}.${program} PRIVATE ${name})
    set_target_properties(${name}.${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${folder})
    if(arg_TRIPLE)
      set_target_properties(${name}.${program} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
  endforeach()
endfunction()
