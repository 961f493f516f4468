import { useEffect, useRef } from "react";
import { remember } from "./history";
import { type Answered, type Asked, run } from "./request/execution";
import { useStateFor } from "./use-state-for";

interface State {
  /** What was asked last, and what came of it. */
  asked?: Asked;
  answered?: Answered;
  running: boolean;
}

export interface Runner extends State {
  run(asked: Asked): void;
  cancel(): void;
}

/** Runs one thing at a time. A result stays until the next one is there. */
export function useRunner(key: string, initial: () => Pick<State, "asked" | "answered">): Runner {
  const [state, setState] = useStateFor<State>(key, () => ({ ...initial(), running: false }));
  const abort = useRef<AbortController>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever else is chosen, nobody waits for the old one
  useEffect(() => () => abort.current?.abort(), [key]);
  return {
    ...state,
    run(asked) {
      if (state.running) return;
      const controller = new AbortController();
      abort.current = controller;
      setState({ ...state, running: true });
      run(asked, controller.signal).then(
        (answered) => {
          remember(asked, answered);
          setState({ asked, answered, running: false });
        },
        () => setState({ ...state, running: false }),
      );
    },
    cancel: () => abort.current?.abort(),
  };
}
