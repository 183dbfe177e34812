// libnvrtc-builtins.so.13.0 of the fake machine: is there, and holds nothing.
extern "C" int ogee_fake_nvrtc_builtins() { return 0; }
