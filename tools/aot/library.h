/* The library that a program is built with, under names without its own: OGEE_LIBRARY is the name, OGEE_HEADER the
 * file. */
#ifndef OGEE_AOT_LIBRARY_H
#define OGEE_AOT_LIBRARY_H

#include OGEE_HEADER

#define OGEE_JOIN_(a, b) a##b
#define OGEE_JOIN(a, b) OGEE_JOIN_(a, b)
#define OF_LIBRARY(name) OGEE_JOIN(OGEE_LIBRARY, name)

typedef OF_LIBRARY(_ctx) Context;
typedef OF_LIBRARY(_memory) Memory;
typedef OF_LIBRARY(_status) Status;
typedef OF_LIBRARY(_hooks) Hooks;
typedef OF_LIBRARY(_entry_info) EntryInfo;
typedef OF_LIBRARY(_tensor_info) TensorInfo;
typedef OF_LIBRARY(_state_info) StateInfo;
typedef OF_LIBRARY(_library_info) LibraryInfo;

#endif
