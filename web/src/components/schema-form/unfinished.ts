import { createContext } from "react";

/** Keeps what is no JSON yet, by its field's id, for when the form comes back from behind another tab. */
export const UnfinishedTexts = createContext<Map<string, string> | undefined>(undefined);
