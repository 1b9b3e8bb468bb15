// Runs the verifier, compiled from prover/wasm, on evidence that the page gathered.

async function load() {
  const response = await fetch("/assets/verifier.wasm");
  if (response.status === 404) throw new Error("This node was built without the verifier for browsers (ci/build-wasm); arknet verify checks receipts too.");
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), {});
  return instance.exports;
}

// Each part is its length and its bytes.
function evidence(verifier, parts) {
  const size = parts.reduce((sum, part) => sum + 4 + part.length, 0);
  const start = verifier.arknet_input(size) >>> 0;
  if (start === 0) throw new Error("The browser has too little memory for this receipt and its data.");
  const memory = new Uint8Array(verifier.memory.buffer, start, size);
  const view = new DataView(verifier.memory.buffer, start, size);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length, true);
    memory.set(part, at + 4);
    at += 4 + part.length;
  }
}

onmessage = async ({ data: parts }) => {
  try {
    const verifier = await load();
    evidence(verifier, parts);
    const start = performance.now();
    let length;
    try {
      length = verifier.arknet_check() >>> 0;
    } catch (error) {
      throw new Error(`The verifier gave up: ${error.message}. The receipt is not to be believed on this page; try arknet verify.`);
    }
    const ms = performance.now() - start;
    const output = new Uint8Array(verifier.memory.buffer, verifier.arknet_output() >>> 0, length);
    postMessage({ found: JSON.parse(new TextDecoder().decode(output)), ms });
  } catch (error) {
    postMessage({ error: error.message });
  }
};
