import { Link } from "@tanstack/react-router";
import { CircleCheck, KeyRound } from "lucide-react";
import type { IntegrationOutput } from "@/api";
import type { Column } from "@/components/data-table";
import { ServiceLogo } from "@/components/service-logo";
import { StateBadge } from "@/components/status-badge";
import { Badge } from "@/components/ui/badge";
import { categoryWord, formatNumber } from "@/lib/format";
import { authWord } from "./auth-words";
import { isConnected } from "./filter-integrations";

export function integrationColumns(workspaceId: string): Column<IntegrationOutput>[] {
  return [
    {
      id: "name",
      header: "Service",
      width: "minmax(0,1fr)",
      cell: (row) => <Service row={row} workspaceId={workspaceId} />,
    },
    {
      id: "category",
      header: "Category",
      width: "9rem",
      from: 900,
      cell: ({ category }) => <Quiet>{categoryWord(category)}</Quiet>,
    },
    {
      id: "auth",
      header: "Credential",
      width: "11rem",
      from: 640,
      cell: ({ auth_type }) => <Quiet>{authWord(auth_type)}</Quiet>,
    },
    {
      id: "actions",
      header: "Actions",
      width: "4rem",
      align: "end",
      from: 480,
      cell: ({ action_count }) => <Quiet>{formatNumber(action_count)}</Quiet>,
    },
    {
      id: "connections",
      header: "Connections",
      width: "8.5rem",
      from: 560,
      cell: (row) => <ConnectionState {...row} />,
    },
  ];
}

function Quiet({ children }: { children: string }) {
  return <span className="text-muted-foreground">{children}</span>;
}

function Service({ row, workspaceId }: { row: IntegrationOutput; workspaceId: string }) {
  const { slug, name, description, organization_id } = row;
  return (
    <div className="flex min-w-0 items-center gap-3">
      <ServiceLogo slug={slug} name={name} />
      <div className="min-w-0">
        <div className="flex min-w-0 items-center gap-2">
          {/* For the mouse: a new tab, the address. The keyboard has the row. */}
          <Link
            to="/w/$workspaceId/integrations/$slug"
            params={{ workspaceId, slug }}
            tabIndex={-1}
            className="truncate font-medium"
          >
            {name}
          </Link>
          {organization_id && <Badge tone="outline">Own</Badge>}
          {isConnected(row) && (
            <span className="shrink-0 text-success sm:hidden">
              <CircleCheck className="size-3.5" aria-hidden />
              <span className="sr-only">Connected</span>
            </span>
          )}
        </div>
        <p className="truncate text-muted-foreground text-xs">{description.replaceAll("`", "") || slug}</p>
      </div>
    </div>
  );
}

/** How many connections the workspace has, and whether any of them needs somebody. */
export function ConnectionState({ connections }: Pick<IntegrationOutput, "connections">) {
  if (!connections || connections.total === 0) return <span className="sr-only">Not connected</span>;
  const { total, needs_attention } = connections;
  return needs_attention > 0 ? (
    <StateBadge
      tone="warning"
      icon={KeyRound}
    >{`${formatNumber(needs_attention)} of ${formatNumber(total)} to fix`}</StateBadge>
  ) : (
    <StateBadge tone="success" icon={CircleCheck}>{`${formatNumber(total)} connected`}</StateBadge>
  );
}
