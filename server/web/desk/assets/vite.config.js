import { defineConfig } from "vite";

// The built files are package data of the Python distribution: server/web/desk/static, read through its manifest.json
// (entries "src/desk.js" and "src/reference.js": each its `file` and its `css`). Addresses are relative, so that the server
// may stand under any path.
export default defineConfig({
  base: "./",
  logLevel: "warn",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    // Swagger UI is one file; the page of the API alone loads it.
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      input: ["src/desk.js", "src/reference.js"],
      onwarn(warning, warn) {
        // htmx holds an eval that desk.js switches off (allowEval = false).
        if (warning.code !== "EVAL") warn(warning);
      },
    },
  },
});
