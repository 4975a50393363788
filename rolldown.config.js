// Bundles the commands and the entries of threads into dist/bundle, which loads in a fraction of the time of single files.
/** zod's error messages in sixty languages are half of it, and nnfit writes its own. */
const englishOnly = {
  name: "english only",
  load: (id) => (/zod\/v4\/locales\/index\.js$/.test(id) ? 'export { default as en } from "./en.js";' : null),
};

export default {
  input: [
    "dist/cli/main.js",
    "dist/engine/worker.js",
    "dist/train/thread.js",
    "dist/predict/predictionThread.js",
    "dist/search/trialThread.js",
  ],
  platform: "node",
  external: ["jsonc-parser"],
  plugins: [englishOnly],
  output: {
    dir: "dist/bundle",
    format: "cjs", // require is faster than import, and a command loads a hundred chunks
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name]-[hash].cjs",
  },
};
