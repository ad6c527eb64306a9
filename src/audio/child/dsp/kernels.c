#include "audio/child/dsp/kernels.h"

#include <string.h>

#define CAT_(a, b) a##_##b
#define CAT(a, b)  CAT_(a, b)
#define TEXT_(x)   #x
#define TEXT(x)    TEXT_(x)
#define NAME(x)    CAT(x, INSTRUCTION_SET)

enum { LOG_AMPLITUDE_TERMS = 7, AHEAD = 8 /* columns to fetch ahead: measured best */ };
/* Least squares on [0, 40], relative error 3e-7. */
static const float LOG_AMPLITUDE[LOG_AMPLITUDE_TERMS] = { 0.446278336f, -2.40995696f,
                                                          5.08458133f,  -5.04470717f,
                                                          2.24370492f,  -0.811207785f,
                                                          1.05276664f };
/* A-priori SNR where speech is present, 15 dB, as Gerkmann and Hendriks chose. */
static const float SPEECH_PRIOR = 31.6227766f;
static const float TINY = 1e-20f;      /* a power: nothing is divided by less */
static const float RATIO_MOST = 1e20f; /* of powers: sound after silence overflows */

#define INSTRUCTION_SET portable
#define TARGET
#define VL 4
#define MV 4
#define MT 2
#define VP 4
#include "audio/child/dsp/kernels_body.inc"
#undef INSTRUCTION_SET
#undef TARGET
#undef VL
#undef MV
#undef MT
#undef VP

#ifdef __x86_64__
#define INSTRUCTION_SET avx2
#define TARGET          __attribute__((target("avx2,fma")))
#define VL              8
#define MV              2
#define MT              6
#define VP              4
#include "audio/child/dsp/kernels_body.inc"
#undef INSTRUCTION_SET
#undef TARGET
#undef VL
#undef MV
#undef MT
#undef VP

#define INSTRUCTION_SET avx512
#define TARGET          __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")))
#define VL              16
#define MV              2
#define MT              10
#define VP              8
#include "audio/child/dsp/kernels_body.inc"
#endif

const struct kernels *kernels_named(const char *name)
{
#ifdef __x86_64__
    if (strcmp(name, "avx512") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512vl")
                   ? &kernels_avx512
                   : NULL;
    if (strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
                   ? &kernels_avx2
                   : NULL;
#endif
    return strcmp(name, "portable") == 0 ? &kernels_portable : NULL;
}

const struct kernels *kernels_best(void)
{
    static const char *const names[] = { "avx512", "avx2" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct kernels *k = kernels_named(names[i]);

        if (k)
            return k;
    }
    return &kernels_portable;
}
