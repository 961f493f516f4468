import type { LogOutput } from "@/api";
import type { Column } from "@/components/data-table";
import { ServiceLogo } from "@/components/service-logo";
import { StatusBadge } from "@/components/status-badge";
import { formatDuration, formatExact, formatMoment } from "@/lib/format";

export const LOG_COLUMNS: Column<LogOutput>[] = [
  { id: "time", header: "Time", width: "8.5rem", cell: (row) => <Moment time={row.executed_at} /> },
  { id: "status", header: "Status", width: "5.5rem", cell: ({ status }) => <StatusBadge status={status} /> },
  { id: "action", header: "Action", width: "minmax(11rem,2.2fr)", cell: (row) => <ActionName row={row} /> },
  {
    id: "result",
    header: "Result",
    width: "minmax(9rem,1.2fr)",
    from: 700,
    cell: (row) => <Result row={row} />,
  },
  {
    id: "connection",
    header: "Connection",
    width: "minmax(0,1.2fr)",
    from: 860,
    cell: ({ connection_name }) => <Quiet>{connection_name}</Quiet>,
  },
  { id: "user", header: "User", from: 980, cell: (row) => <Quiet>{userOf(row)}</Quiet> },
  {
    id: "duration",
    header: "Duration",
    width: "4.5rem",
    align: "end",
    from: 540,
    cell: (row) => <Duration row={row} />,
  },
];

/** Two lines for each, where there is no room for columns. */
export const PHONE_COLUMNS: Column<LogOutput>[] = [
  {
    id: "execution",
    header: "Execution",
    cell: (row) => (
      <div className="flex min-w-0 flex-col gap-1">
        <div className="flex items-center justify-between gap-2">
          <ActionName row={row} />
          <StatusBadge status={row.status} />
        </div>
        <div className="flex items-center justify-between gap-2 text-muted-foreground text-xs">
          <span className="truncate">
            <Moment time={row.executed_at} />
            {row.error_code && <code> · {row.error_code}</code>}
          </span>
          <Duration row={row} />
        </div>
      </div>
    ),
  },
];

/** Whom an execution is of, as people call them. */
export function userOf({ user_name, user_email }: LogOutput): string | null {
  return user_name ?? user_email;
}

/** What was executed; the slug or id, where it has no name any more. */
export function actionOf({ action_name, action, action_id }: LogOutput): string {
  return action_name ?? action ?? action_id ?? "An unknown action";
}

function ActionName({ row }: { row: LogOutput }) {
  const { integration, integration_name } = row;
  return (
    <span className="flex min-w-0 items-center gap-2">
      {integration && (
        <ServiceLogo slug={integration} name={integration_name ?? integration} className="size-5" />
      )}
      <span className="truncate">
        <span className="font-medium">{actionOf(row)}</span>
        {integration_name && <span className="ml-2 text-muted-foreground">{integration_name}</span>}
      </span>
    </span>
  );
}

function Moment({ time }: { time: string }) {
  return (
    <time dateTime={time} title={formatExact(time)}>
      {formatMoment(time)}
    </time>
  );
}

function Quiet({ children }: { children: string | null }) {
  return <span className="text-muted-foreground">{children ?? "–"}</span>;
}

/** What the service answered, and what that was to the caller. */
function Result({ row: { status_code, error_code } }: { row: LogOutput }) {
  if (!error_code) return <Quiet>{status_code === null ? null : String(status_code)}</Quiet>;
  return (
    <span className="text-muted-foreground">
      {status_code !== null && <span className="mr-1.5">{status_code}</span>}
      <code>{error_code}</code>
    </span>
  );
}

function Duration({ row }: { row: LogOutput }) {
  return <span className="whitespace-nowrap">{formatDuration(row.duration_ms)}</span>;
}
