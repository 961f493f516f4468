import { Link } from "@tanstack/react-router";
import type { ActionOutput, ConnectionOutput } from "@/api";
import { Field } from "@/components/ui/field";
import { useSearchPatch } from "@/components/use-search-patch";
import { reasonOf } from "@/features/connections/connection-status";
import type { PlaygroundSearch } from "../routes";
import { ActionChoice } from "./action-choice";
import { ConnectionChoice } from "./connection-choice";

interface ChoicesProps {
  connection: ConnectionOutput;
  action: ActionOutput | undefined;
  search: PlaygroundSearch;
}

/** With what, and what. */
export function Choices({ connection, action, search }: ChoicesProps) {
  const patch = useSearchPatch();
  const { id, workspace_id, integration, organization_id } = connection;
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="Connection" error={unusable(connection)}>
        <ConnectionChoice
          workspaceId={workspace_id}
          chosen={connection}
          onChange={(next) => patch(changeOf(next, id))}
        />
      </Field>
      <Field label="Action">
        <ActionChoice
          integration={integration}
          organizationId={organization_id}
          chosen={action ?? (search.action ? { slug: search.action, name: "" } : undefined)}
          onChange={(slug) =>
            patch({ connection: id, integration: undefined, action: slug, parameters: undefined })
          }
        />
      </Field>
    </div>
  );
}

/** Why it would be refused, and where to mend it. */
function unusable(connection: ConnectionOutput) {
  const { id, workspace_id, can, status } = connection;
  if (!can.use) return "Only its owner may use this connection.";
  if (status === "active") return undefined;
  return (
    <>
      {reasonOf(connection) ?? "It cannot be used now."}{" "}
      <Link
        to="/w/$workspaceId/connections/$connectionId"
        params={{ workspaceId: workspace_id, connectionId: id }}
        className="underline"
      >
        Mend it
      </Link>
    </>
  );
}

function changeOf(next: string, before: string) {
  const change = { connection: next, integration: undefined };
  return next === before ? change : { ...change, action: undefined, parameters: undefined };
}
