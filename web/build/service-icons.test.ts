import { expect, it } from "vitest";
import { iconsOfCatalog } from "./service-icons.ts";

const icons = iconsOfCatalog();

it("has the marks of the catalog's services, and of those alone", () => {
  expect(icons.gmail?.path).toMatch(/^M/);
  expect(icons["google-drive"]).toBeDefined();
  expect(icons.nodedotjs).toBeUndefined();
  expect(Object.keys(icons).length).toBeGreaterThan(90);
});

it("draws a mark in its own colour only where that is seen", () => {
  expect(icons.github).toMatchObject({ light: "#181717", dark: null });
  expect(icons.snapchat).toBeUndefined();
});

it("does not take another company's mark of the same name", () => {
  expect(icons.kit).toBeUndefined();
});
