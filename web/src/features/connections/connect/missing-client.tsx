import { Link } from "@tanstack/react-router";
import { KeyRound } from "lucide-react";
import { EmptyState } from "@/components/empty-state";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { useMayAdministerOrganization } from "./use-administers";

interface MissingClientProps {
  workspaceId: string;
  slug: string;
  service: string;
}

/** A service that knows its callers by an OAuth client, and there is none yet. */
export function MissingClient({ workspaceId, slug, service }: MissingClientProps) {
  const administers = useMayAdministerOrganization(workspaceId);
  if (administers === undefined) return <Skeleton className="h-48" />;
  return (
    <EmptyState
      icon={KeyRound}
      className="py-6"
      title={`${service} needs an OAuth client first`}
      description={
        administers
          ? `Register Portway with ${service} once, and enter the client's id and secret. Everybody here can connect then.`
          : `An admin of your organization has to register Portway with ${service} once. Ask one of them.`
      }
      action={
        administers && (
          <Button asChild variant="primary">
            <Link
              to="/w/$workspaceId/integrations/$slug"
              params={{ workspaceId, slug }}
              search={{ tab: "oauth" }}
            >
              Set up the OAuth client
            </Link>
          </Button>
        )
      }
    />
  );
}
