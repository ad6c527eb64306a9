/* The weights of DTLN as tools/weights/repack.py lays them out. "In" matrices are in panels
 * of PANEL_ROWS rows, "back" (recurrent) ones in panels of VECTOR_ROWS; vectors follow
 * their matrix's rows, padded with zeros to whole panels. Rows of an LSTM: input, forget,
 * cell, output gates of 128 units each. */
#ifndef AUDIO_CHILD_DSP_DTLN_WEIGHTS_H
#define AUDIO_CHILD_DSP_DTLN_WEIGHTS_H

enum {
    DTLN_UNITS = 128,
    DTLN_GATES = 4 * DTLN_UNITS,
    DTLN_WINDOW = 512,
    DTLN_BINS = DTLN_WINDOW / 2 + 1,
    DTLN_BINS_PADDED = 288,
    DTLN_FEATURES = 256,
};

struct dtln_lstm_257 {
    float in[DTLN_GATES * DTLN_BINS], bias[DTLN_GATES], back[DTLN_GATES * DTLN_UNITS];
};
struct dtln_lstm_256 {
    float in[DTLN_GATES * DTLN_FEATURES], bias[DTLN_GATES], back[DTLN_GATES * DTLN_UNITS];
};
struct dtln_lstm_128 {
    float in[DTLN_GATES * DTLN_UNITS], bias[DTLN_GATES], back[DTLN_GATES * DTLN_UNITS];
};

struct dtln_weights {
    /* first stage: magnitudes to a mask on the spectrum */
    struct dtln_lstm_257 spectrum_1;
    struct dtln_lstm_128 spectrum_2;
    float spectrum_mask[DTLN_BINS_PADDED * DTLN_UNITS],
        spectrum_mask_bias[DTLN_BINS_PADDED];
    /* second stage: samples to features, a mask on these, and back */
    float encoder[DTLN_FEATURES * DTLN_WINDOW], encoder_bias[DTLN_FEATURES];
    float norm_gain[DTLN_FEATURES], norm_bias[DTLN_FEATURES];
    struct dtln_lstm_256 feature_1;
    struct dtln_lstm_128 feature_2;
    float feature_mask[DTLN_FEATURES * DTLN_UNITS], feature_mask_bias[DTLN_FEATURES];
    float decoder[DTLN_WINDOW * DTLN_FEATURES], decoder_bias[DTLN_WINDOW];
};

_Static_assert(sizeof(struct dtln_weights) == 3966080, "what repack.py writes");

extern const struct dtln_weights dtln_weights;

/* Puts the weights into large pages, for this process and those it forks from here on: in
 * small ones each new process pays a thousand faults for them. Where there is no memory or
 * there are no such pages they stay usable as they are. Before any other thread. */
void dtln_weights_gather(void);
/* The weights, wherever they are. */
const struct dtln_weights *dtln_weights_held(void);

#endif
