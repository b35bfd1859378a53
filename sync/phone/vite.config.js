import vue from "@vitejs/plugin-vue";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build, defineConfig } from "vite";

// The built app is package data of the Python distribution: server/web/phone/static, served at /phone/. Addresses are
// relative, so that the server may stand under any path.
const OUT = "../../server/web/phone/static";

// What opening a form needs: every script and style but the reader of pictures of cards. Bytes of gzip; the build fails
// above it.
const BUDGET = 400_000;

const walk = (folder) => readdirSync(folder, { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)]));

function serviceWorker() {
  let out;
  let pass = 0;
  return {
    name: "thonban-service-worker",
    configResolved: (config) => {
      out = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      if ((pass += 1) > 1) return;
      const files = walk(out).map((path) => relative(out, path).replaceAll("\\", "/")).filter((name) => name !== "sw.js");
      const hash = createHash("sha256");
      for (const name of files.toSorted()) hash.update(name).update(readFileSync(join(out, name)));
      const version = hash.digest("hex").slice(0, 12);
      const kept = ["./", ...files.filter((name) => name !== "index.html" && !/\.woff$|LICENSE/.test(name))];
      await build({
        configFile: false,
        root: import.meta.dirname,
        logLevel: "warn",
        publicDir: false,
        define: { __FILES__: JSON.stringify(kept), __VERSION__: JSON.stringify(version) },
        build: {
          outDir: OUT, emptyOutDir: false, target: "es2022",
          rollupOptions: { input: join(import.meta.dirname, "src/sw.js"), output: { format: "iife", entryFileNames: "sw.js" } },
        },
      });
      weigh(out, [...files, "sw.js"], version);
    },
  };
}

function weigh(out, files, version) {
  const size = (name) => gzipSync(readFileSync(join(out, name))).length;
  const weights = Object.fromEntries(files.map((name) => [name, size(name)]));
  const needed = files.filter((name) => /\.(js|css|html)$/.test(name) && !/jsqr/i.test(name));
  const sum = needed.reduce((total, name) => total + weights[name], 0);
  const fonts = files.filter((name) => name.endsWith(".woff2")).reduce((total, name) => total + readFileSync(join(out, name)).length, 0);
  writeFileSync(join(out, "weights.json"), `${JSON.stringify({ version, needed: sum, budget: BUDGET, fonts, weights }, null, 1)}\n`);
  console.log(`phone: ${(sum / 1000).toFixed(0)} kB (gzip) to open a form, of ${BUDGET / 1000}; fonts ${(fonts / 1000).toFixed(0)} kB`);
  if (sum > BUDGET) throw new Error(`The phone app weighs ${sum} bytes, more than its budget of ${BUDGET}.`);
}

export default defineConfig({
  base: "./",
  logLevel: "warn",
  plugins: [vue(), serviceWorker()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    // the form engine is one file
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      onwarn(warning, warn) {
        // the engine's reader of XPath grammars holds an eval that it does not reach
        if (warning.code !== "EVAL") warn(warning);
      },
    },
  },
});
