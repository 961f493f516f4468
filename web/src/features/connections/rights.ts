import type { ConnectionOutput } from "@/api";
import { useSession, useWorkspace } from "@/app/session";
import type { Right } from "@/components/guarded-button";

/** To connect services, and to make connect links. */
export function useConnectRight(): Right {
  const { scopes } = useSession();
  const { role, can } = useWorkspace();
  const why =
    role === null
      ? "You do not belong to this workspace. Add yourself to its members first."
      : "Viewers do not connect services. Ask an admin for another role.";
  return { allowed: can.connect && scopes.includes("connections:write"), why };
}

type Can = ConnectionOutput["can"];

/** What may be done with a connection. */
export function rightTo(what: keyof Can, connection: Pick<ConnectionOutput, "can" | "owner">): Right {
  return { allowed: connection.can[what], why: REASONS[what](ownerOf(connection)) };
}

const REASONS: Record<keyof Can, (owner: string) => string> = {
  use: (owner) => `Only ${owner} may use this connection.`,
  authorize: (owner) => `Only ${owner} may give it credentials.`,
  edit: (owner) => `Only ${owner} and this workspace's admins may change it.`,
  enable: (owner) => `Only who disabled it may enable it: ${owner}, or an admin.`,
  delete: (owner) => `Only ${owner} and this workspace's admins may delete it.`,
};

/** What its owner is called: name, else address. */
export function ownerOf({ owner }: Pick<ConnectionOutput, "owner">): string {
  return owner.name ?? owner.email ?? "its owner";
}
