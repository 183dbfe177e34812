// The text before all kernels.
#include "codegen/cuda/spell.h"

namespace ogee::codegen::cuda {

llvm::StringRef prelude() {
  return R"(typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char i8;
typedef int i32;
typedef long long i64;
typedef float f32;
typedef double f64;

#define OGEE_INLINE static __device__ __forceinline__

OGEE_INLINE f32 fused(f32 x, f32 y, f32 z) { return __fmaf_rn(x, y, z); }
OGEE_INLINE f64 fused(f64 x, f64 y, f64 z) { return __fma_rn(x, y, z); }
OGEE_INLINE f32 root(f32 x) { return __fsqrt_rn(x); }
OGEE_INLINE f64 root(f64 x) { return __dsqrt_rn(x); }
OGEE_INLINE f32 magnitude(f32 x) { return fabsf(x); }
OGEE_INLINE f64 magnitude(f64 x) { return fabs(x); }
OGEE_INLINE f32 with_sign(f32 x, f32 sign) { return copysignf(x, sign); }
OGEE_INLINE f64 with_sign(f64 x, f64 sign) { return copysign(x, sign); }
OGEE_INLINE f32 down(f32 x) { return floorf(x); }
OGEE_INLINE f64 down(f64 x) { return floor(x); }
OGEE_INLINE f32 up(f32 x) { return ceilf(x); }
OGEE_INLINE f64 up(f64 x) { return ceil(x); }
OGEE_INLINE f32 toward_zero(f32 x) { return truncf(x); }
OGEE_INLINE f64 toward_zero(f64 x) { return trunc(x); }
OGEE_INLINE f32 nearest(f32 x) { return rintf(x); }
OGEE_INLINE f64 nearest(f64 x) { return rint(x); }
OGEE_INLINE u32 ones(u8 x) { return __popc(x); }
OGEE_INLINE u32 ones(u32 x) { return __popc(x); }
OGEE_INLINE u32 ones(u64 x) { return __popcll(x); }
OGEE_INLINE u32 leading_zeros(u8 x) { return __clz(x) - 24; }
OGEE_INLINE u32 leading_zeros(u32 x) { return __clz(x); }
OGEE_INLINE u32 leading_zeros(u64 x) { return __clzll(x); }
OGEE_INLINE u32 u32_of(f32 x) { return __float_as_uint(x); }
OGEE_INLINE u64 u64_of(f64 x) { return __double_as_longlong(x); }
OGEE_INLINE u64 u64_of(u64 x) { return x; }
OGEE_INLINE u32 u32_of(u32 x) { return x; }
OGEE_INLINE u8 u8_of(u8 x) { return x; }
OGEE_INLINE f32 f32_of(f32 x) { return x; }
OGEE_INLINE f64 f64_of(f64 x) { return x; }
OGEE_INLINE f32 f32_of(u32 x) { return __uint_as_float(x); }
OGEE_INLINE f64 f64_of(u64 x) { return __longlong_as_double(x); }

// x of the lane that stands so many places higher in the warp, and x of the first lane.
OGEE_INLINE bool from_above(bool x, i32 places) { return __shfl_down_sync(0xffffffffu, (u32)x, places) != 0u; }
OGEE_INLINE u8 from_above(u8 x, i32 places) { return (u8)__shfl_down_sync(0xffffffffu, (u32)x, places); }
OGEE_INLINE u32 from_above(u32 x, i32 places) { return __shfl_down_sync(0xffffffffu, x, places); }
OGEE_INLINE u64 from_above(u64 x, i32 places) { return __shfl_down_sync(0xffffffffu, x, places); }
OGEE_INLINE f32 from_above(f32 x, i32 places) { return __shfl_down_sync(0xffffffffu, x, places); }
OGEE_INLINE f64 from_above(f64 x, i32 places) { return __shfl_down_sync(0xffffffffu, x, places); }
OGEE_INLINE bool from_first(bool x) { return __shfl_sync(0xffffffffu, (u32)x, 0) != 0u; }
OGEE_INLINE u8 from_first(u8 x) { return (u8)__shfl_sync(0xffffffffu, (u32)x, 0); }
OGEE_INLINE u32 from_first(u32 x) { return __shfl_sync(0xffffffffu, x, 0); }
OGEE_INLINE u64 from_first(u64 x) { return __shfl_sync(0xffffffffu, x, 0); }
OGEE_INLINE f32 from_first(f32 x) { return __shfl_sync(0xffffffffu, x, 0); }
OGEE_INLINE f64 from_first(f64 x) { return __shfl_sync(0xffffffffu, x, 0); }

OGEE_INLINE i32 lesser(i32 x, i32 y) { return x < y ? x : y; }
OGEE_INLINE i64 lesser(i64 x, i64 y) { return x < y ? x : y; }
OGEE_INLINE i64 start_in(u64 start, i64 most) { return lesser((i64)start, most) < 0 ? 0 : lesser((i64)start, most); }

// Whether an address is a multiple of a number of bytes; a copy of so many bytes between such addresses.
OGEE_INLINE bool is_aligned(const void* at, u32 bytes) { return (u64)at % bytes == 0u; }
template <u32 bytes> struct Piece;
template <> struct Piece<1> { typedef u8 Type; };
template <> struct Piece<2> { typedef unsigned short Type; };
template <> struct Piece<4> { typedef u32 Type; };
template <> struct Piece<8> { typedef uint2 Type; };
template <> struct Piece<16> { typedef uint4 Type; };
template <u32 bytes> OGEE_INLINE void copy(void* to, const void* from) {
  typedef typename Piece<bytes>::Type Type;
  *(Type*)to = *(const Type*)from;
}
)";
}

} // namespace ogee::codegen::cuda
