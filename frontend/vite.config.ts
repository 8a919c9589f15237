/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const api = process.env.PYTASK_URL ?? "http://127.0.0.1:8420";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  // The editor is one lazy chunk of several megabytes by nature; a warning about it hides real ones.
  build: { target: "es2023", chunkSizeWarningLimit: 4500 },
  server: {
    proxy: {
      // changeOrigin and the rewritten Origin keep the controller's Host and Origin guard satisfied.
      "/api": { target: api, ws: true, changeOrigin: true, headers: { origin: api } },
      "/healthz": { target: api },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
  },
});
