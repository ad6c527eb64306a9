#include "audio/child/loudness.h"

#include <ebur128.h>
#include <libavutil/channel_layout.h>
#include <math.h>
#include <stdlib.h>

static const double LEAST_LUFS = -70.0;

struct loudness {
    ebur128_state *state;
    int channels;
    bool has_true_peak;
    double peak;
    float *interleaved;
    size_t room; /* of it, in samples */
};

/* R 128 gives the surround channels more weight, and the low-frequency effects none. */
static int place_of(const AVChannelLayout *layout, enum AVChannel channel)
{
    const bool has_sides = av_channel_layout_index_from_channel(layout,
                                                                AV_CHAN_SIDE_LEFT) >= 0;

    switch (channel) {
    case AV_CHAN_FRONT_LEFT:
        return EBUR128_LEFT;
    case AV_CHAN_FRONT_RIGHT:
        return EBUR128_RIGHT;
    case AV_CHAN_LOW_FREQUENCY:
        return EBUR128_UNUSED;
    case AV_CHAN_SIDE_LEFT:
        return EBUR128_LEFT_SURROUND;
    case AV_CHAN_SIDE_RIGHT:
        return EBUR128_RIGHT_SURROUND;
    case AV_CHAN_BACK_LEFT:
        return has_sides ? EBUR128_Mp135 : EBUR128_LEFT_SURROUND;
    case AV_CHAN_BACK_RIGHT:
        return has_sides ? EBUR128_Mm135 : EBUR128_RIGHT_SURROUND;
    default:
        return EBUR128_CENTER;
    }
}

static int out_of_memory(struct err *reterr)
{
    return err_set(reterr, ERR_TOO_LARGE, "The file needs more memory than it may use.");
}

int loudness_open(int sample_rate_hz, const AVChannelLayout *layout, bool true_peak,
                  struct loudness **ret, struct err *reterr)
{
    const int mode = EBUR128_MODE_I | EBUR128_MODE_HISTOGRAM |
                     (true_peak ? EBUR128_MODE_TRUE_PEAK : 0);
    const int channels = layout->nb_channels;
    struct loudness *l = calloc(1, sizeof *l);

    if (!l)
        return out_of_memory(reterr);
    l->channels = channels;
    l->has_true_peak = true_peak;
    l->state = ebur128_init((unsigned)channels, (unsigned long)sample_rate_hz, mode);
    if (!l->state) {
        loudness_close(&l);
        return out_of_memory(reterr);
    }
    for (int c = 0; c < channels && channels > 1; c++)
        (void)ebur128_set_channel(
            l->state, (unsigned)c,
            place_of(layout, av_channel_layout_channel_from_index(layout, (unsigned)c)));
    *ret = l;
    return 0;
}

int loudness_add(struct loudness *l, const AVFrame *block, struct err *reterr)
{
    const size_t channels = (size_t)l->channels, frames = (size_t)block->nb_samples;

    if (frames * channels > l->room) {
        float *grown = realloc(l->interleaved, frames * channels * sizeof *grown);

        if (!grown)
            return out_of_memory(reterr);
        l->interleaved = grown;
        l->room = frames * channels;
    }
    for (size_t c = 0; c < channels; c++) {
        const float *plane = (const float *)(const void *)block->extended_data[c];

        for (size_t i = 0; i < frames; i++) {
            l->interleaved[i * channels + c] = plane[i];
            l->peak = fmax(l->peak, fabs((double)plane[i]));
        }
    }
    if (ebur128_add_frames_float(l->state, l->interleaved, frames) != EBUR128_SUCCESS)
        return out_of_memory(reterr);
    return 0;
}

double loudness_lufs(const struct loudness *l)
{
    double lufs = LEAST_LUFS;

    if (ebur128_loudness_global(l->state, &lufs) != EBUR128_SUCCESS || !(lufs > LEAST_LUFS))
        return LEAST_LUFS;
    return lufs;
}

double loudness_peak(const struct loudness *l)
{
    double peak = l->peak, one;

    for (int c = 0; c < l->channels && l->has_true_peak; c++) {
        if (ebur128_true_peak(l->state, (unsigned)c, &one) == EBUR128_SUCCESS)
            peak = fmax(peak, one);
    }
    return peak;
}

void loudness_close(struct loudness **loudness)
{
    struct loudness *l = *loudness;

    if (!l)
        return;
    if (l->state)
        ebur128_destroy(&l->state);
    free(l->interleaved);
    free(l);
    *loudness = NULL;
}
