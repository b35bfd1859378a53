import { defineConfig } from "vite";

// The built files are package data of the Python distribution: server/web/desk/static, read through its manifest.json
// (entry "src/desk.js": its `file` and its `css`). Addresses are relative, so that the server may stand under any path.
export default defineConfig({
  base: "./",
  logLevel: "warn",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    rollupOptions: {
      input: "src/desk.js",
      onwarn(warning, warn) {
        // htmx holds an eval that desk.js switches off (allowEval = false).
        if (warning.code !== "EVAL") warn(warning);
      },
    },
  },
});
