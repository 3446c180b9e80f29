// The register blocks of libs/kernels in C with 128-bit vectors: cc -O3 -mavx. Same layouts, same sums, same folding.
// Reads lines "BLOCK REPEATS" and answers each with the nanoseconds taken; the operands stay in the first cache.
#include <smmintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef __m128i v128;
#define LOAD(p, i) _mm_loadu_si128((const v128 *)(p) + (i))
#define ADD _mm_add_epi32
#define DOT _mm_madd_epi16
// No instruction: keeps a value in its register and the order of the source, where the compiler would spill sums.
#define PIN(x) __asm__("" : "+x"(x))

static inline v128 fold13(v128 x) { return ADD(_mm_and_si128(x, _mm_set1_epi32(8191)), _mm_srai_epi32(x, 13)); }
static inline v128 fold16(v128 x) { return ADD(_mm_and_si128(x, _mm_set1_epi32(0xffff)), _mm_mullo_epi32(_mm_srai_epi32(x, 16), _mm_set1_epi32(15))); }
static inline v128 fold16wide(v128 wrapped, v128 high) {
  return ADD(fold16(_mm_sub_epi32(wrapped, _mm_slli_epi32(high, 16))), fold16(_mm_mullo_epi32(fold16(high), _mm_set1_epi32(15))));
}

// Q queries x R rows; all loops over constants are unrolled, so that sums are registers.
#define NARROW(name, Q, R, UNROLL)                                                            \
  __attribute__((noinline)) static void name(const char *q, const char *r, long steps, v128 *sums) { \
    v128 a[Q * R];                                                                            \
    _Pragma("GCC unroll 16") for (int i = 0; i < Q * R; i++) a[i] = _mm_setzero_si128();     \
    for (const char *end = r + steps * R * 16; r < end; r += UNROLL * R * 16, q += UNROLL * Q * 16) { \
      _Pragma("GCC unroll 16") for (int u = 0; u < UNROLL; u++)                              \
        _Pragma("GCC unroll 16") for (int i = 0; i < Q; i++) {                               \
          v128 x = LOAD(q, u * Q + i);                                                        \
          PIN(x);                                                                             \
          _Pragma("GCC unroll 16") for (int k = 0; k < R; k++) {                             \
            a[i * R + k] = ADD(a[i * R + k], DOT(x, LOAD(r, u * R + k)));                     \
            PIN(a[i * R + k]);                                                                \
          }                                                                                   \
        }                                                                                     \
    }                                                                                         \
    _Pragma("GCC unroll 16") for (int i = 0; i < Q * R; i++) sums[i / R * 33 + i % R] = fold13(a[i]); \
  }
#define WIDE(name, Q, R, UNROLL)                                                              \
  __attribute__((noinline)) static void name(const char *q, const char *r, long steps, v128 *sums) { \
    v128 a[Q * R], h[Q * R];                                                                  \
    _Pragma("GCC unroll 16") for (int i = 0; i < Q * R; i++) a[i] = h[i] = _mm_setzero_si128(); \
    for (const char *end = r + steps * R * 16; r < end; r += UNROLL * R * 16, q += UNROLL * Q * 16) { \
      _Pragma("GCC unroll 16") for (int u = 0; u < UNROLL; u++)                              \
        _Pragma("GCC unroll 16") for (int i = 0; i < Q; i++) {                               \
          v128 x = LOAD(q, u * Q + i);                                                        \
          _Pragma("GCC unroll 16") for (int k = 0; k < R; k++) {                             \
            v128 d = DOT(x, LOAD(r, u * R + k));                                              \
            a[i * R + k] = ADD(a[i * R + k], d);                                              \
            h[i * R + k] = ADD(h[i * R + k], _mm_srai_epi32(d, 16));                          \
          }                                                                                   \
        }                                                                                     \
    }                                                                                         \
    _Pragma("GCC unroll 16") for (int i = 0; i < Q * R; i++) sums[i / R * 33 + i % R] = fold16wide(a[i], h[i]); \
  }

NARROW(n5x2u1, 5, 2, 1)
NARROW(n5x2u2, 5, 2, 2)
NARROW(n5x2u4, 5, 2, 4)
NARROW(n1x8u1, 1, 8, 1)
NARROW(n1x8u2, 1, 8, 2)
NARROW(n1x8u4, 1, 8, 4)
WIDE(w1x4u1, 1, 4, 1)
WIDE(w1x4u2, 1, 4, 2)
WIDE(w1x4u4, 1, 4, 4)

static const struct {
  const char *name;
  void (*run)(const char *, const char *, long, v128 *);
  long steps;
} blocks[] = {{"block5x2/1", n5x2u1, 64}, {"block5x2/2", n5x2u2, 64}, {"block5x2/4", n5x2u4, 64}, {"block1x8/1", n1x8u1, 64}, {"block1x8/2", n1x8u2, 64}, {"block1x8/4", n1x8u4, 64}, {"wide1x4/1", w1x4u1, 48}, {"wide1x4/2", w1x4u2, 48}, {"wide1x4/4", w1x4u4, 48}};

int main(void) {
  char *q = aligned_alloc(4096, 1 << 16), *r = aligned_alloc(4096, 1 << 16), *sums = aligned_alloc(4096, 1 << 16);
  memset(q, 1, 1 << 16);
  memset(r, 2, 1 << 16);
  memset(sums, 0, 1 << 16);
  char name[32];
  long repeats;
  while (scanf("%31s %ld", name, &repeats) == 2)
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
      if (!strcmp(name, blocks[i].name)) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (long n = 0; n < repeats; n++) blocks[i].run(q, r, blocks[i].steps, (v128 *)sums);
        clock_gettime(CLOCK_MONOTONIC, &to);
        printf("%ld\n", (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec);
        fflush(stdout);
      }
}
