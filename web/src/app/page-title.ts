import type { LinkProps } from "@tanstack/react-router";
import { useEffect, useLayoutEffect } from "react";
import { createStore } from "@/lib/store";

/** A page above this one. */
export interface Crumb {
  label: string;
  link: LinkProps;
}

interface Trail {
  title: string;
  parents: readonly Crumb[];
}

export const trail = createStore<Trail>({ title: "", parents: [] });

/** Names the page in the browser's tab and in the breadcrumb. PageHeader does it. */
export function usePageTitle(title: string, parents: readonly Crumb[] = NO_PARENTS): void {
  useEffect(() => {
    document.title = title ? `${title} · Portway` : "Portway";
  }, [title]);
  useLayoutEffect(() => {
    trail.set({ title, parents });
  }, [title, parents]);
}

const NO_PARENTS: readonly Crumb[] = [];
