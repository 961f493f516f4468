import { createStore } from "@/lib/store";
import type { Answered, Asked } from "./request/execution";

/** A run of this session. It is kept in this tab alone, and gone with it. */
export interface Run {
  id: number;
  at: string;
  asked: Asked;
  answered: Answered;
}

const LONGEST = 50;

export const history = createStore<readonly Run[]>([]);

let count = 0;

export function remember(asked: Asked, answered: Answered): Run {
  count += 1;
  const run = { id: count, at: new Date().toISOString(), asked, answered };
  history.set((before) => [run, ...before].slice(0, LONGEST));
  return run;
}
