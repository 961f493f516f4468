import type { ConnectionOutput, IntegrationDetailOutput } from "@/api";

/** What every window about a connection is given. */
export interface WindowProps {
  connection: ConnectionOutput;
  /** Undefined until it is loaded. */
  service?: IntegrationDetailOutput;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}
