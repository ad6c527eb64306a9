#include "audio/child/floor.h"

#include <math.h>
#include <string.h>

enum { QUIET_SHARE = 10, WINDOWS_PER_SECOND = 50 };

void floor_init(struct floor_meter *f, int sample_rate_hz)
{
    memset(f, 0, sizeof *f);
    f->window = sample_rate_hz / WINDOWS_PER_SECOND + 1;
}

static void window_end(struct floor_meter *f)
{
    const double db = 10.0 * log10(f->energy / f->in_window + 1e-13);
    const long level = lrint(10.0 * db) + FLOOR_LEVELS - 1;

    f->levels[level < 0 ? 0 : level >= FLOOR_LEVELS ? FLOOR_LEVELS - 1 : level]++;
    f->windows++;
    f->energy = 0.0;
    f->in_window = 0;
}

void floor_add(struct floor_meter *f, const AVFrame *block)
{
    const int channels = block->ch_layout.nb_channels;

    for (int i = 0; i < block->nb_samples; i++) {
        double sum = 0.0;

        for (int c = 0; c < channels; c++) {
            const double x =
                (double)((const float *)(const void *)block->extended_data[c])[i];

            sum += x * x;
        }
        f->energy += sum / channels;
        if (++f->in_window == f->window)
            window_end(f);
    }
}

uint64_t floor_silent(const struct floor_meter *f)
{
    return f->levels[0];
}

double floor_dbfs(const struct floor_meter *f, uint64_t silent)
{
    uint64_t below = 0, rank;

    if (silent >= f->windows)
        return -120.0;
    rank = silent + (f->windows - silent) / QUIET_SHARE;
    for (int i = 0; i < FLOOR_LEVELS; i++) {
        below += f->levels[i];
        if (below > rank)
            return i / 10.0 - 120.0;
    }
    return -120.0;
}
