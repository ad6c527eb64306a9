// The network in C against its authors' two models, as TensorFlow Lite runs them: real speech in
// noise, frame by frame.
//   node --test network.test.mjs, with RUN_DTLN, TFLITE_JS, TFLITE_WASM, MODEL_1 and MODEL_2
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { dtln, HOP } from "./dtln.mjs";
import { modelOpen, runtimeOpen } from "./tflite.mjs";

const SPEECH = "/usr/share/codec2/raw/speech_orig_16k.wav"; // 16 bit, 16 kHz, mono
const RATE = 16000;
const SECONDS = 6;
const SNR_DB = 5;
const LEVEL = 10 ** (-26 / 20);
const BATCH = 32;
const LEAST_DB = 100;

const power = (x) => x.reduce((sum, v) => sum + v * v, 0) / x.length;

// The samples of a plain WAV of 44 bytes of header.
function speech() {
  const bytes = readFileSync(SPEECH);
  assert.equal(bytes.toString("latin1", 36, 40), "data");
  assert.equal(bytes.readUInt32LE(24), RATE);
  return Float64Array.from({ length: SECONDS * RATE }, (_, i) => bytes.readInt16LE(44 + 2 * i) / 32768);
}

// Steady noise, the same each time.
function noise(count) {
  let state = 2026;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2147483648;
  });
}

// What the engine feeds the network: noisy speech at -26 dBFS, with its first second mirrored ahead
// of it.
function input() {
  const clean = speech();
  const hiss = noise(clean.length);
  const scale = Math.sqrt(power(clean) / power(hiss) / 10 ** (SNR_DB / 10));
  const mixed = clean.map((v, i) => v + scale * hiss[i]);
  const gain = LEVEL / Math.sqrt(power(mixed));
  const whole = [...mixed.subarray(0, RATE - (RATE % HOP)).map((v) => v * gain)].reverse();
  whole.push(...mixed.map((v) => v * gain));
  return Float32Array.from(whole.slice(0, whole.length - (whole.length % (BATCH * HOP))));
}

function ours(kernels, samples) {
  const done = spawnSync(process.env.RUN_DTLN, [kernels, String(BATCH)], {
    input: Buffer.from(samples.buffer),
    maxBuffer: 1 << 26,
  });
  if (done.status === 77) return null; // not of this processor
  assert.equal(done.status, 0, done.stderr.toString());
  return new Float32Array(done.stdout.buffer.slice(done.stdout.byteOffset, done.stdout.byteOffset + done.stdout.length));
}

let samples, wanted;

before(async () => {
  const runtime = await runtimeOpen(process.env.TFLITE_JS, process.env.TFLITE_WASM);
  const [model1, model2] = [process.env.MODEL_1, process.env.MODEL_2].map((path) => modelOpen(runtime, path));
  assert.deepEqual(model1.shapes, ["1,1,257", "1,2,128,2", "1,1,257", "1,2,128,2"]);
  assert.deepEqual(model2.shapes, ["1,1,512", "1,2,128,2", "1,1,512", "1,2,128,2"]);
  samples = input();
  wanted = dtln(model1, model2, samples);
});

test("the models take noise away", () => {
  assert.ok(power(wanted) > 0.3 * LEVEL ** 2, "speech stays");
  assert.ok(power(wanted) < 0.9 * power(samples), "noise goes");
});

for (const kernels of ["portable", "avx2", "avx512"]) {
  test(`${kernels}: no frame differs`, (t) => {
    const got = ours(kernels, samples);
    if (!got) return t.skip("not of this processor");
    assert.equal(got.length, wanted.length);
    const level = power(wanted);
    const errors = wanted.map((v, i) => v - got[i]);
    let worst = 0;
    for (let at = 0; at < errors.length; at += HOP) worst = Math.max(worst, power(errors.subarray(at, at + HOP)));
    const [overallDb, worstDb] = [power(errors), worst].map((error) => 10 * Math.log10(level / error));
    t.diagnostic(`${kernels}: ${overallDb.toFixed(1)} dB over all, ${worstDb.toFixed(1)} dB in the worst frame`);
    assert.ok(overallDb >= LEAST_DB, `${overallDb} dB`);
    assert.ok(worstDb >= LEAST_DB, `${worstDb} dB`);
  });
}
