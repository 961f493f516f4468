import type { Breakdown } from "./breakdown";

/** What usage is told apart by below the charts. */
export const BREAKDOWNS: readonly Breakdown[] = [
  {
    title: "Integrations",
    group_by: "integration",
    filterOf: ({ label }) => (label ? { integration: label } : undefined),
  },
  {
    title: "Actions",
    group_by: "action",
    filterOf: ({ label }) => {
      const [action, integration] = (label ?? "").split("/").reverse();
      return action && integration ? { integration, action } : undefined;
    },
  },
  {
    title: "Users",
    group_by: "user",
    filterOf: ({ id }) => (id ? { user_id: id } : undefined),
  },
  {
    title: "Errors",
    group_by: "error_code",
    status: ["error", "refused", "unknown"],
    filterOf: ({ id }) => (id ? { error_code: id } : undefined),
  },
];
