/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const api = process.env.PYTASK_URL ?? "http://127.0.0.1:8420";

// changeOrigin and the rewritten Origin keep the controller's Host and Origin guard satisfied.
const proxy = {
  "/api": { target: api, ws: true, changeOrigin: true, headers: { origin: api } },
  "/healthz": { target: api, changeOrigin: true },
};

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: {
      "~": fileURLToPath(new URL("./src", import.meta.url)),
      // The editor's language client, which is exported from its full entry only: that would bring all languages along.
      // A private path, hence the exact version in package.json.
      "monaco-lsp": fileURLToPath(
        new URL("./node_modules/monaco-editor/esm/external/monaco-lsp-client/out/index.js", import.meta.url),
      ),
    },
  },
  // The editor is one lazy chunk of several megabytes by nature; a warning about it hides real ones.
  build: { target: "es2023", chunkSizeWarningLimit: 4500 },
  server: { proxy },
  preview: { proxy },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
  },
});
