// node rnnoise.mjs RNNOISE_JS: RNNoise on 32-bit floats at 48 kHz, mono, from standard input to
// standard output; the last frame is filled up with silence. Its samples are 16-bit integers' size.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const SCALE = 32768;

// The package is built for browsers and looks for their global object, no more than that.
globalThis.window = globalThis;
const { Rnnoise } = await import(pathToFileURL(process.argv[2]).href);

const heard = new Float32Array(Uint8Array.from(readFileSync(0)).buffer);
const rnnoise = await Rnnoise.load();
const hop = rnnoise.frameSize;
const out = new Float32Array(Math.ceil(heard.length / hop) * hop);
out.set(heard.map((sample) => sample * SCALE));
const state = rnnoise.createDenoiseState();
for (let at = 0; at < out.length; at += hop) state.processFrame(out.subarray(at, at + hop));
writeFileSync(1, Buffer.from(out.map((sample) => sample / SCALE).buffer));
