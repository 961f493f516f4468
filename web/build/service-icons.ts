import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { contrastOf, type Rgb } from "../src/lib/contrast.ts";

const MODULE = "virtual:service-icons";
const CATALOG = fileURLToPath(new URL("../../src/portway/catalog", import.meta.url));
const ICONS = fileURLToPath(new URL("../node_modules/simple-icons", import.meta.url));

/** Where the mark is called otherwise than the folder; null where that name is another company's mark. */
const NAMES: Record<string, string | null> = {
  azure_devops: "azuredevops",
  cal_com: "caldotcom",
  facebook_pages: "facebook",
  dropbox_sign: "dropbox",
  kit: null,
  mistral: "mistralai",
  mongodb_atlas: "mongodb",
  plausible: "plausibleanalytics",
  rocket_chat: "rocketdotchat",
  zoho_crm: "zoho",
};
const LIGHT: Rgb = [255, 255, 255];
const DARK: Rgb = [24, 25, 30];
/** As WCAG 2.2 asks of graphics (1.4.11). */
const ENOUGH = 3;

/** `path` is drawn on 24 by 24; a colour is null where the service's own would not be seen on the theme's ground. */
export interface ServiceIcon {
  path: string;
  light: string | null;
  dark: string | null;
}

/** Serves the marks of the catalog's services, and of those alone, by slug. */
export function serviceIcons(): Plugin {
  return {
    name: "portway:service-icons",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : null),
    load: (id) => (id === `\0${MODULE}` ? `export default ${JSON.stringify(iconsOfCatalog())};` : null),
  };
}

export function iconsOfCatalog(): Record<string, ServiceIcon> {
  const colours = coloursOfMarks();
  const found: Record<string, ServiceIcon> = {};
  for (const folder of readdirSync(CATALOG)) {
    if (!existsSync(join(CATALOG, folder, "integration.yaml"))) continue;
    const name = folder in NAMES ? NAMES[folder] : folder.replaceAll("_", "");
    if (!name) continue;
    const file = join(ICONS, "icons", `${name}.svg`);
    const hex = colours.get(name);
    if (!hex || !existsSync(file)) continue;
    const path = / d="([^"]+)"/.exec(readFileSync(file, "utf8"))?.[1];
    if (path)
      found[folder.replaceAll("_", "-")] = { path, light: seenOn(LIGHT, hex), dark: seenOn(DARK, hex) };
  }
  return found;
}

function coloursOfMarks(): Map<string, string> {
  const text = readFileSync(join(ICONS, "data", "simple-icons.json"), "utf8");
  const marks = JSON.parse(text) as { slug: string; hex: string }[];
  return new Map(marks.map(({ slug, hex }) => [slug, hex]));
}

function seenOn(ground: Rgb, hex: string): string | null {
  const value = Number.parseInt(hex, 16);
  const colour: Rgb = [value >> 16, (value >> 8) & 255, value & 255];
  return contrastOf(colour, ground) >= ENOUGH ? `#${hex}` : null;
}
