// Nothing but a file to compile: CMake attaches the shared precompiled header (mlir_pch.h) to a target with a source.
