# What of the front end's tests of the CPU is run with a GPU as the default device, by ctest on the fake machine and by
# gpu-check: a list for Catch2. Left out: what is about the CPU alone (objects, threads with a default of their own,
# files, spans, where printed lines break, numbers of kernels), and what takes longest.
set(OGEE_DEVICE_TESTS "~aot*" "~*thread*" "~placement*" "~device: devices" "~npy*" "~tensor: spans*"
  "~rowwise: a reduction has*" "~rowwise: within one*" "~pointwise: floor_divide*"
  "~control: random programs*" "~autograd: long chains*")
