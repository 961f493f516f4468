import type { ApiKeyOutput } from "@/api";
import type { Column } from "@/components/data-table";
import { StatusBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { limitsInWords } from "./rate-limit";
import { scopesInWords } from "./scopes";

interface ColumnsOf {
  nameOf: (workspaceId: string) => string;
  onRevoke: (key: ApiKeyOutput) => void;
}

export function keyColumns({ nameOf, onRevoke }: ColumnsOf): Column<ApiKeyOutput>[] {
  return [
    { id: "name", header: "Name", width: "minmax(0,1.6fr)", cell: (key) => <Name apiKey={key} /> },
    {
      id: "status",
      header: "Status",
      width: "5.5rem",
      cell: ({ status }) => <StatusBadge status={status} />,
    },
    {
      id: "scopes",
      header: "May",
      width: "minmax(0,1.4fr)",
      from: 640,
      cell: ({ scopes }) => <span title={scopesInWords(scopes)}>{scopesInWords(scopes)}</span>,
    },
    {
      id: "workspace",
      header: "Workspace",
      from: 860,
      cell: ({ workspace_id }) => (workspace_id ? nameOf(workspace_id) : <Quiet>All of yours</Quiet>),
    },
    {
      id: "limits",
      header: "Limit",
      width: "7.5rem",
      from: 940,
      cell: ({ rate_limits }) => (rate_limits.length > 0 ? limitsInWords(rate_limits) : <Quiet>None</Quiet>),
    },
    {
      id: "created",
      header: "Created",
      width: "6rem",
      from: 1120,
      cell: ({ created_at }) => <TimeAgo time={created_at} />,
    },
    {
      id: "expires",
      header: "Expires",
      width: "6rem",
      from: 760,
      cell: ({ expires_at }) => (expires_at ? <TimeAgo time={expires_at} /> : <Quiet>Never</Quiet>),
    },
    {
      id: "used",
      header: "Last used",
      width: "6.5rem",
      from: 520,
      cell: ({ last_used_at }) => (last_used_at ? <TimeAgo time={last_used_at} /> : <Quiet>Never</Quiet>),
    },
    {
      id: "end",
      header: "",
      width: "4rem",
      align: "end",
      from: 640,
      cell: (key) =>
        key.status !== "revoked" && (
          <Button variant="ghost" size="sm" aria-label={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>
            Revoke
          </Button>
        ),
    },
  ];
}

function Name({ apiKey: { name, prefix } }: { apiKey: ApiKeyOutput }) {
  return (
    <div className="leading-tight">
      <p className="truncate font-medium" title={name}>
        {name}
      </p>
      <code className="text-muted-foreground text-xs">{prefix}…</code>
    </div>
  );
}

function Quiet({ children }: { children: string }) {
  return <span className="text-muted-foreground">{children}</span>;
}
