import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "openapi.json",
  output: { path: "src/api/generated" },
  logs: { level: "warn" },
  plugins: [{ name: "@hey-api/client-fetch", baseUrl: false }, "@tanstack/react-query"],
});
