import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { HtmlTagDescriptor, Plugin } from "vite";

const SCRIPT = "src/app/first-paint.js";
const SCRIPT_FILE = /first-paint-.*\.js$/;
const FONT_FILE = /inter-latin-wght-normal-.*\.woff2$/;

/**
 * Puts into the page's head what must be there before the first paint: the script that chooses the theme (a file of
 * its own, as the page's policy allows no inline script), and the preload of the font, so that text does not jump.
 */
export function firstPaint(): Plugin {
  let building = false;
  return {
    name: "portway:first-paint",
    configResolved(config) {
      building = config.command === "build";
    },
    async buildStart() {
      if (!building) return;
      const source = await readFile(fileURLToPath(new URL(`../${SCRIPT}`, import.meta.url)), "utf8");
      this.emitFile({ type: "asset", name: "first-paint.js", source });
    },
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        if (!bundle) return [scriptTag(`/${SCRIPT}`)];
        return [scriptTag(`/${fileLike(bundle, SCRIPT_FILE)}`), preloadTag(fileLike(bundle, FONT_FILE))];
      },
    },
  };
}

function fileLike(bundle: object, pattern: RegExp): string {
  const found = Object.keys(bundle).find((name) => pattern.test(name));
  if (!found) throw new Error(`No built file is like ${pattern}.`);
  return found;
}

function scriptTag(src: string): HtmlTagDescriptor {
  return { tag: "script", attrs: { src, nonce: "__NONCE__" }, injectTo: "head-prepend" };
}

function preloadTag(file: string): HtmlTagDescriptor {
  const attrs = { rel: "preload", as: "font", type: "font/woff2", href: `/${file}`, crossorigin: "" };
  return { tag: "link", attrs, injectTo: "head" };
}
