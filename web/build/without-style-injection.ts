import type { Plugin } from "vite";

const INJECTION = "function __insertCSS(code) {";

/** Keeps sonner from adding a style element without nonce, which the page's policy refuses; its styles.css is imported. */
export function withoutStyleInjection(): Plugin {
  return {
    name: "portway:without-style-injection",
    apply: "build",
    transform: {
      filter: { id: /node_modules\/sonner\/dist\/index\.mjs/ },
      handler(code) {
        if (!code.includes(INJECTION)) throw new Error("sonner adds its styles in another way now.");
        return { code: code.replace(INJECTION, `${INJECTION} return;`), map: null };
      },
    },
  };
}
