# `cmake --install`: the libraries, programs, public headers and what find_package(ogee) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ogee)

set(libraries ogee ogee_codegen ogee_passes ogee_ir ogee_runtime)
set_target_properties(${libraries} ogee_reference PROPERTIES INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS ${libraries} EXPORT ogee_targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT ogee_targets NAMESPACE ogee:: FILE ogee-targets.cmake DESTINATION ${package_dir})

set_target_properties(ogee_tool ogee_run ogee-opt PROPERTIES
  INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}" INSTALL_RPATH_USE_LINK_PATH ON)
set_target_properties(ogee_tool PROPERTIES EXPORT_NAME tool)
install(TARGETS ogee_tool EXPORT ogee_targets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ogee_run ogee-opt ogee_reference # the interpreter belongs to the tools: nobody links it from outside
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

install(CODE "set(source \"${PROJECT_SOURCE_DIR}\")
set(destination \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}/ogee\")")
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/install_headers.cmake)

set(share_dir ${CMAKE_INSTALL_DATADIR}/ogee) # the programs of libraries compiled ahead of time, as sources
file(GLOB aot_sources ${PROJECT_SOURCE_DIR}/tools/aot/*.[ch])
install(FILES ${aot_sources} DESTINATION ${share_dir}/tools/aot)

write_basic_package_version_file(${PROJECT_BINARY_DIR}/ogee-config-version.cmake COMPATIBILITY SameMinorVersion)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/ogee-config.cmake.in ${PROJECT_BINARY_DIR}/ogee-config.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS share_dir)
install(FILES ${PROJECT_BINARY_DIR}/ogee-config-version.cmake ${PROJECT_BINARY_DIR}/ogee-config.cmake
  ${CMAKE_CURRENT_LIST_DIR}/OgeeAot.cmake ${CMAKE_CURRENT_LIST_DIR}/ogee_aot_check.cmake DESTINATION ${package_dir})
