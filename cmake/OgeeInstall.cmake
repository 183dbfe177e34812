# `cmake --install`: the libraries, programs, public headers and what find_package(ogee) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ogee)

set(libraries ogee ogee_codegen ogee_passes ogee_ir ogee_runtime)
set_target_properties(${libraries} ogee_reference PROPERTIES INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS ${libraries} EXPORT ogee_targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT ogee_targets NAMESPACE ogee:: FILE ogee-targets.cmake DESTINATION ${package_dir})

set_target_properties(ogee_tool ogee-opt PROPERTIES
  INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}" INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS ogee_tool ogee-opt ogee_reference # the interpreter belongs to the tools: nobody links it from outside
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

install(CODE "set(source \"${PROJECT_SOURCE_DIR}\")
set(destination \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}/ogee\")")
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/install_headers.cmake)

write_basic_package_version_file(${PROJECT_BINARY_DIR}/ogee-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ogee-config-version.cmake ${CMAKE_CURRENT_LIST_DIR}/ogee-config.cmake
  DESTINATION ${package_dir})
