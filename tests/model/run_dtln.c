/* run_dtln KERNELS HOPS: the network by itself. 32-bit floats at 16 kHz from the standard
 * input, as many back on the standard output, HOPS hops together; what is left of a last
 * batch is dropped. */
#include <stdio.h>
#include <stdlib.h>
#include "audio/child/dsp/dtln.h"

int main(int argc, char **argv)
{
    static float in[DTLN_HOPS_MAX * DTLN_HOP], out[DTLN_HOPS_MAX * DTLN_HOP];
    const struct kernels *k = argc == 3 ? kernels_named(argv[1]) : NULL;
    const size_t hops = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    struct dtln *d = NULL;

    if (argc != 3 || hops < 1 || hops > DTLN_HOPS_MAX)
        return 2;
    if (!k) {
        (void)fprintf(stderr, "This processor does not have %s.\n", argv[1]);
        return 77;
    }
    if (dtln_new(k, &d, NULL) != 0)
        return 1;
    while (fread(in, sizeof *in * DTLN_HOP, hops, stdin) == hops) {
        dtln_run(d, in, out, hops);
        if (fwrite(out, sizeof *out * DTLN_HOP, hops, stdout) != hops)
            return 1;
    }
    dtln_free(&d);
    return 0;
}
