import { useIsMutating } from "@tanstack/react-query";

/** Of what is being tried at a service before it is stored. */
export const TRYING = ["try-credentials"];

/** Whether something is. Until it is known what comes of it, its window stays: it could not be taken back. */
export function useIsTrying(): boolean {
  return useIsMutating({ mutationKey: TRYING }) > 0;
}
