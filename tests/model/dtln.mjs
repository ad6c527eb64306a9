// DTLN as its authors describe it, hop by hop, around their two models: a transform of the newest
// 512 samples, model 1's mask on it and back, model 2, overlap and add.
export const HOP = 128;
const WINDOW = 512;
const BINS = WINDOW / 2 + 1;

const COS = Float64Array.from({ length: WINDOW }, (_, i) => Math.cos((2 * Math.PI * i) / WINDOW));
const SIN = Float64Array.from({ length: WINDOW }, (_, i) => Math.sin((2 * Math.PI * i) / WINDOW));

// The sum of its definition, in doubles.
function transform(frame) {
  const re = new Float64Array(BINS);
  const im = new Float64Array(BINS);
  for (let k = 0; k < BINS; k++) {
    for (let i = 0; i < WINDOW; i++) {
      const angle = (k * i) % WINDOW;
      re[k] += frame[i] * COS[angle];
      im[k] -= frame[i] * SIN[angle];
    }
  }
  return { re, im };
}

// The masked spectrum as samples; all bins but the first and the last stand for two.
function inverse({ re, im }, mask) {
  const frame = new Float64Array(WINDOW);
  for (let k = 0; k < BINS; k++) {
    const share = (k === 0 || k === BINS - 1 ? 1 : 2) / WINDOW;
    const a = re[k] * mask[k] * share;
    const b = im[k] * mask[k] * share;
    for (let i = 0; i < WINDOW; i++) {
      const angle = (k * i) % WINDOW;
      frame[i] += a * COS[angle] - b * SIN[angle];
    }
  }
  return frame;
}

// What the network makes of `samples`, 384 late, as a live stream would hear it.
export function dtln(model1, model2, samples) {
  const out = new Float64Array(samples.length);
  const window = new Float64Array(WINDOW);
  const added = new Float64Array(WINDOW);
  let states1 = new Float32Array(WINDOW);
  let states2 = new Float32Array(WINDOW);
  for (let at = 0; at + HOP <= samples.length; at += HOP) {
    let mask, frame;
    window.copyWithin(0, HOP);
    window.set(samples.subarray(at, at + HOP), WINDOW - HOP);
    const spectrum = transform(window);
    const magnitudes = spectrum.re.map((re, k) => Math.hypot(re, spectrum.im[k]));
    [mask, states1] = model1.infer(magnitudes, states1);
    [frame, states2] = model2.infer(inverse(spectrum, mask), states2);
    for (let i = 0; i < WINDOW; i++) added[i] += frame[i];
    out.set(added.subarray(0, HOP), at);
    added.copyWithin(0, HOP);
    added.fill(0, WINDOW - HOP);
  }
  return out;
}
