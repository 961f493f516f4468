import { TriangleAlert } from "lucide-react";
import type { ConnectionOutput } from "@/api";
import { TimeAgo } from "@/components/time-ago";
import { reasonOf } from "../connection-status";

/** What is the matter with a connection, since when, and what to do about it. */
export function StatusNote({ connection }: { connection: ConnectionOutput }) {
  const { status, status_since } = connection;
  if (status === "active") return null;
  return (
    <div role="status" className="flex gap-2 rounded-md bg-warning-soft px-3 py-2 text-warning">
      <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      <p>
        {reasonOf(connection) ?? "It cannot be used."} {adviceFor(connection)}
        {status_since && (
          <span className="opacity-80">
            {" "}
            Since <TimeAgo time={status_since} />.
          </span>
        )}
      </p>
    </div>
  );
}

function adviceFor({ status, can, auth_type }: ConnectionOutput): string {
  if (status === "disabled") return can.enable ? "Enable it to use it again." : "";
  if (!can.authorize) return "Its owner has to authorize it again.";
  return auth_type === "oauth2" || auth_type === "oauth1"
    ? "Re-authorize it: its id stays, and everything that uses it goes on."
    : "Replace its credential: its id stays, and everything that uses it goes on.";
}
