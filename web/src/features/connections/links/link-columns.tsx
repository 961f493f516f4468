import { Link } from "@tanstack/react-router";
import { Check, CircleDashed, Clock, type LucideIcon, Undo2 } from "lucide-react";
import type { ConnectLinkOutput } from "@/api";
import type { Column } from "@/components/data-table";
import { ServiceLogo } from "@/components/service-logo";
import { StateBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import type { Tone } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";

type Status = ConnectLinkOutput["status"];

const LOOKS: Record<Status, { tone: Tone; icon: LucideIcon; word: string }> = {
  ready: { tone: "primary", icon: CircleDashed, word: "Ready" },
  used: { tone: "success", icon: Check, word: "Used" },
  expired: { tone: "neutral", icon: Clock, word: "Expired" },
  revoked: { tone: "neutral", icon: Undo2, word: "Revoked" },
};

export function linkColumns(
  workspaceId: string,
  onRevoke: (link: ConnectLinkOutput) => void,
): Column<ConnectLinkOutput>[] {
  return [
    { id: "for", header: "For", width: "minmax(0,1.6fr)", cell: (link) => <For link={link} /> },
    { id: "status", header: "Status", width: "6.5rem", cell: ({ status }) => <LinkStatus status={status} /> },
    {
      id: "made",
      header: "Made",
      width: "7rem",
      from: 760,
      cell: ({ created_at }) => <TimeAgo time={created_at} />,
    },
    {
      id: "expires",
      header: "Expires",
      width: "7rem",
      from: 600,
      cell: ({ status, expires_at }) => (status === "ready" ? <TimeAgo time={expires_at} /> : "–"),
    },
    {
      id: "end",
      header: "",
      width: "7.5rem",
      align: "end",
      cell: (link) => <End link={link} workspaceId={workspaceId} onRevoke={() => onRevoke(link)} />,
    },
  ];
}

function LinkStatus({ status }: { status: Status }) {
  const { tone, icon, word } = LOOKS[status];
  return (
    <StateBadge tone={tone} icon={icon}>
      {word}
    </StateBadge>
  );
}

function For({ link: { integration, end_user_id, reconnect } }: { link: ConnectLinkOutput }) {
  return (
    <div className="flex min-w-0 items-center gap-2.5">
      <ServiceLogo slug={integration} name={integration} className="size-6" />
      <span className="truncate font-medium">{end_user_id ?? (reconnect ? "To authorize again" : "–")}</span>
      <span className="truncate text-muted-foreground">{integration}</span>
    </div>
  );
}

interface EndProps {
  link: ConnectLinkOutput;
  workspaceId: string;
  onRevoke: () => void;
}

function End({ link: { status, connection_id }, workspaceId, onRevoke }: EndProps) {
  if (status === "ready")
    return (
      <Button variant="ghost" size="sm" onClick={onRevoke}>
        Revoke
      </Button>
    );
  if (status !== "used" || !connection_id) return null;
  return (
    <Link
      to="/w/$workspaceId/connections/$connectionId"
      params={{ workspaceId, connectionId: connection_id }}
      className="text-link hover:underline"
    >
      Connection
    </Link>
  );
}
