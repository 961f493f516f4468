import { Link } from "@tanstack/react-router";
import { ListFilter } from "lucide-react";
import type { ReactNode } from "react";
import type { LogOutput } from "@/api";
import { CopyId } from "@/components/copy-id";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { Tooltip } from "@/components/ui/tooltip";
import { formatExact } from "@/lib/format";
import { userOf } from "../list/columns";
import { Timing } from "./timing";

interface FactsProps {
  row: LogOutput;
  /** Lists only those that share this with it. */
  onFilter: (change: Record<string, unknown>) => void;
}

/** Who did what with what, when and for how long. */
export function Facts({ row, onFilter }: FactsProps) {
  const { connection_id, user_id, status_code, end_user_id, workspace_id } = row;
  return (
    <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-4 gap-y-2">
      <Fact label="Execution">
        <CopyId id={row.id} />
      </Fact>
      <Fact label="Time">
        <time dateTime={row.executed_at}>{exactly(row.executed_at)}</time>
        <TimeAgo time={row.executed_at} className="ml-2 text-muted-foreground" />
      </Fact>
      <Fact label="Duration">
        <Timing row={row} />
      </Fact>
      {status_code !== null && (
        <Fact label="Status code" only="this status code" onFilter={() => onFilter({ status_code })}>
          {status_code}
        </Fact>
      )}
      <Fact
        label="Connection"
        only="this connection"
        onFilter={connection_id ? () => onFilter({ connection_id }) : undefined}
      >
        {connection_id && workspace_id ? (
          <Link
            to="/w/$workspaceId/connections/$connectionId"
            params={{ workspaceId: workspace_id, connectionId: connection_id }}
            className="truncate text-link hover:underline"
          >
            {row.connection_name ?? "Deleted, or not yours to see"}
          </Link>
        ) : (
          "–"
        )}
      </Fact>
      {end_user_id && (
        <Fact label="End user" only="this end user" onFilter={() => onFilter({ q: end_user_id })}>
          <CopyId id={end_user_id} />
        </Fact>
      )}
      <Fact label="User" only="this user" onFilter={user_id ? () => onFilter({ user_id }) : undefined}>
        <span className="truncate" title={row.user_email ?? undefined}>
          {userOf(row) ?? "–"}
        </span>
      </Fact>
      <Ids row={row} />
    </dl>
  );
}

function Ids({ row }: { row: LogOutput }) {
  const { integration, action } = row;
  const ids = [
    { label: "Action", id: integration && action ? `${integration}/${action}` : row.action_id },
    { label: "Action id", id: row.action_id },
    { label: "Connection id", id: row.connection_id },
    { label: "User id", id: row.user_id },
  ];
  return ids.map(
    ({ label, id }) =>
      id && (
        <Fact key={label} label={label}>
          <CopyId id={id} />
        </Fact>
      ),
  );
}

interface FactProps {
  label: string;
  children: ReactNode;
  only?: string;
  onFilter?: () => void;
}

function Fact({ label, children, only, onFilter }: FactProps) {
  return (
    <>
      <dt className="text-muted-foreground">{label}</dt>
      <dd className="group flex min-w-0 items-start gap-1">
        <div className="min-w-0 flex-1 break-words">{children}</div>
        {onFilter && (
          <Tooltip content={`Only ${only}`} side="left">
            <Button
              variant="ghost"
              size="icon-sm"
              aria-label={`List only ${only}`}
              onClick={onFilter}
              className="-my-1 [&_svg]:size-3.5"
            >
              <ListFilter aria-hidden />
            </Button>
          </Tooltip>
        )}
      </dd>
    </>
  );
}

/** To the millisecond, which the order of calls may depend on. */
function exactly(time: string): string {
  const ms = String(new Date(time).getMilliseconds()).padStart(3, "0");
  return formatExact(time).replace(/(\d\d:\d\d:\d\d)/, `$1.${ms}`);
}
