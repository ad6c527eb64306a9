// A TFLite model in the run-time of lock.json. Tensors are Float32Arrays in the run-time's own
// memory: read or written between two calls of infer(), not kept across others.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

export async function runtimeOpen(script, wasm) {
  const factory = createRequire(import.meta.url)(script);
  return factory({ wasmBinary: readFileSync(wasm), print() {}, printErr() {} });
}

function tensorsOf(vector) {
  return Array.from({ length: vector.size() }, (_, i) => vector.get(i));
}

export function modelOpen(runtime, path) {
  const bytes = readFileSync(path);
  const at = runtime._malloc(bytes.length); // the model is read where it stands: never freed
  runtime.HEAPU8.set(bytes, at);
  const made = runtime.TFLiteWebModelRunner.CreateFromBufferAndOptions(at, bytes.length, {
    numThreads: 1,
    enableProfiling: false,
    maxProfilingBufferEntries: 0,
  });
  if (!made.ok()) throw new Error(made.errorMessage());
  const model = made.value();
  const inputs = tensorsOf(model.GetInputs());
  const outputs = tensorsOf(model.GetOutputs());
  return {
    shapes: [...inputs, ...outputs].map((tensor) => tensor.shape),
    // One step: arrays in the order of the model's inputs, copies in that of its outputs.
    infer(...arrays) {
      arrays.forEach((array, i) => inputs[i].data().set(array));
      if (!model.Infer()) throw new Error("the model does not run");
      return outputs.map((tensor) => Float32Array.from(tensor.data()));
    },
  };
}
