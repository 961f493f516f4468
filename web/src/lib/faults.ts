import type { Fault, Problem } from "@/api";

/** What a problem says of a member of the request's body, by pointers into that member. */
export function faultsIn(problem: Problem | undefined, pointer: string): Fault[] {
  return [...(problem?.faultsAt(pointer) ?? [])].map(([inside, message]) => ({ pointer: inside, message }));
}

/** The same in one line, for a plain field. */
export function faultAt(problem: Problem | undefined, pointer: string): string | undefined {
  return faultsIn(problem, pointer)[0]?.message;
}

/** Whether the problem is about none of these members, so that it has to be said apart. */
export function isElsewhere(problem: Problem, pointers: readonly string[]): boolean {
  const isShown = (fault: Fault) =>
    pointers.some((pointer) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`));
  return problem.errors.length === 0 || !problem.errors.every(isShown);
}
