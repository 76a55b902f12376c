/* clones: functions that exist for several processors in one binary; the loader chooses. */
#ifndef NMT_MATH_CLONES_H
#define NMT_MATH_CLONES_H

/* The sanitizers start after the loader's choice, so they build only one; and clang 14 makes clones that other files cannot
 * call. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__clang__) && !defined(NMT_ONE_CLONE)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#define CLONES_FMA __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) /* with fused multiply-add */
#else
#define CLONES
#define CLONES_FMA
#endif
#define INLINE static inline __attribute__((always_inline))

#endif
