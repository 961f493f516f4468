import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { firstPaint } from "./build/first-paint.ts";
import { serviceIcons } from "./build/service-icons.ts";
import { withoutStyleInjection } from "./build/without-style-injection.ts";

const gateway = process.env.PORTWAY_URL ?? "http://127.0.0.1:8000";
/** What the gateway serves itself; everything else is a page of the console. */
const served = ["/api", "/connect", "/docs", "/mcp", "/healthz", "/readyz", "/metrics"];

export default defineConfig({
  base: "/",
  // The gateway puts a fresh value in place of this word into each page that it sends.
  html: { cspNonce: "__NONCE__" },
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  plugins: [react(), tailwindcss(), firstPaint(), serviceIcons(), withoutStyleInjection()],
  build: {
    outDir: "../src/portway/console",
    emptyOutDir: true,
    manifest: true,
    // The page's policy allows files of its own origin alone, so nothing becomes a data: URL.
    assetsInlineLimit: 0,
    target: "es2023",
    reportCompressedSize: false,
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: Object.fromEntries(served.map((path) => [`^${path}(/|$)`, { target: gateway }])),
  },
  test: { include: ["src/**/*.test.ts", "build/**/*.test.ts"], environment: "node" },
});
