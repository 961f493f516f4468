import {
  Activity,
  CircleAlert,
  Hash,
  type LucideIcon,
  Plug,
  Shapes,
  SquareFunction,
  UserRound,
} from "lucide-react";
import type { ExecutionFilters } from "./filters";

/** A filter whose values are chosen from a list; the time and what is typed have fields of their own. */
export type Dimension = Exclude<keyof ExecutionFilters, "q" | "range" | "from" | "to">;

interface About {
  label: string;
  icon: LucideIcon;
  /** A value that the list does not have can be typed. */
  typed?: boolean;
  several?: boolean;
}

export const DIMENSIONS: Record<Dimension, About> = {
  status: { label: "Status", icon: Activity, several: true },
  integration: { label: "Integration", icon: Shapes },
  action: { label: "Action", icon: SquareFunction, typed: true },
  connection_id: { label: "Connection", icon: Plug },
  user_id: { label: "User", icon: UserRound },
  status_code: { label: "Status code", icon: Hash, typed: true },
  error_code: { label: "Error code", icon: CircleAlert, typed: true },
};

export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as Dimension[];

/** Those that are set. */
export function activeDimensions(filters: ExecutionFilters): Dimension[] {
  return DIMENSION_NAMES.filter((name) => filters[name] !== undefined);
}

/** A filter's values as its list has them. An action is told apart by its integration: `gmail/send-email`. */
export function valuesOf(filters: ExecutionFilters, name: Dimension): string[] {
  if (name === "action" && filters.action)
    return [[filters.integration, filters.action].filter(Boolean).join("/")];
  const value = filters[name];
  return value === undefined ? [] : [value].flat().map(String);
}

/** The change of the address that sets them. */
export function changeTo(name: Dimension, values: readonly string[]): Record<string, unknown> {
  const [first] = values;
  if (DIMENSIONS[name].several) return { [name]: values.length > 0 ? values : undefined };
  if (name !== "action" || first === undefined) return { [name]: first };
  const [action, integration] = first.split("/").reverse();
  return integration ? { integration, action } : { action };
}
