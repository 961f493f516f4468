import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  Activity,
  Ellipsis,
  KeyRound,
  Pause,
  Pencil,
  Play,
  RotateCcw,
  SquareTerminal,
  Trash2,
} from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import {
  type ConnectionOutput,
  changeConnectionMutation,
  checkConnection,
  type IntegrationDetailOutput,
  problemOf,
} from "@/api";
import { GuardedButton, type Right } from "@/components/guarded-button";
import { Button } from "@/components/ui/button";
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { refreshConnections } from "../connect/refresh";
import { rightTo } from "../rights";
import { DeleteDialog } from "./delete-dialog";
import { ReauthorizeDialog } from "./reauthorize-dialog";
import { RenameDialog } from "./rename-dialog";
import { ReplaceCredentialDialog } from "./replace-credential-dialog";
import { TestResult } from "./test-result";

interface ConnectionActionsProps {
  connection: ConnectionOutput;
  service?: IntegrationDetailOutput;
}

type Open = "reauthorize" | "replace" | "rename" | "delete";

export function ConnectionActions({ connection, service }: ConnectionActionsProps) {
  const [open, setOpen] = useState<Open>();
  const navigate = useNavigate();
  const { id, status, workspace_id: workspaceId } = connection;
  const byRedirect = service?.connects_by === "redirect";
  const broken = status !== "active" && status !== "disabled";
  const windowFor = (which: Open) => ({
    connection,
    service,
    open: open === which,
    onOpenChange: (next: boolean) => setOpen(next ? which : undefined),
  });
  return (
    <div className="flex flex-wrap gap-2 max-sm:[&>button:not([aria-haspopup])_svg]:hidden">
      <TestButton connection={connection} service={service} />
      <GuardedButton
        {...rightTo("authorize", connection)}
        variant={broken ? "primary" : "secondary"}
        disabled={!service}
        onClick={() => setOpen(byRedirect ? "reauthorize" : "replace")}
      >
        {byRedirect ? <RotateCcw /> : <KeyRound />} {byRedirect ? "Re-authorize" : "Replace credential"}
      </GuardedButton>
      {!broken && (
        <GuardedButton
          {...rightTo("use", connection)}
          variant="primary"
          onClick={() =>
            void navigate({
              to: "/w/$workspaceId/playground",
              params: { workspaceId },
              search: { connection: id },
            })
          }
        >
          <SquareTerminal /> Playground
        </GuardedButton>
      )}
      <More connection={connection} byRedirect={byRedirect} onOpen={setOpen} />
      <ReauthorizeDialog {...windowFor("reauthorize")} />
      <ReplaceCredentialDialog {...windowFor("replace")} />
      <RenameDialog {...windowFor("rename")} />
      <DeleteDialog {...windowFor("delete")} />
    </div>
  );
}

interface MoreProps {
  connection: ConnectionOutput;
  byRedirect: boolean;
  onOpen: (which: Open) => void;
}

/** What is seldom done. */
function More({ connection, byRedirect, onOpen }: MoreProps) {
  const disabled = connection.status === "disabled";
  const toggle = useToggle(connection);
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button size="icon" aria-label="More">
          <Ellipsis />
        </Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent align="end">
        <Item right={rightTo("edit", connection)} onSelect={() => onOpen("rename")}>
          <Pencil /> Rename
        </Item>
        {byRedirect && (
          <Item right={rightTo("authorize", connection)} onSelect={() => onOpen("replace")}>
            <KeyRound /> Replace the token
          </Item>
        )}
        <Item right={rightTo(disabled ? "enable" : "edit", connection)} onSelect={toggle}>
          {disabled ? <Play /> : <Pause />} {disabled ? "Enable" : "Disable"}
        </Item>
        <Item right={rightTo("delete", connection)} danger onSelect={() => onOpen("delete")}>
          <Trash2 /> Delete
        </Item>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}

interface ItemProps extends React.ComponentProps<typeof DropdownMenuItem> {
  right: Right;
}

/** Says below it why it cannot be chosen. */
function Item({ right, children, ...props }: ItemProps) {
  return (
    <DropdownMenuItem {...props} disabled={!right.allowed} className="flex-wrap">
      {children}
      {!right.allowed && <span className="w-full max-w-52 pl-6 text-xs">{right.why}</span>}
    </DropdownMenuItem>
  );
}

function useToggle({ id, status }: ConnectionOutput): () => void {
  const client = useQueryClient();
  const disabled = status !== "disabled";
  const change = useMutation({
    ...changeConnectionMutation(),
    onSuccess: () => {
      toast.success(disabled ? "Disabled. Nothing can use it until it is enabled." : "Enabled.");
      return refreshConnections(client);
    },
    onError: (error) => toast.error(problemOf(error).detail),
  });
  return () => change.mutate({ path: { connection_id: id }, body: { disabled } });
}

/** Asks the service whether it takes the credential. */
function TestButton({ connection, service }: ConnectionActionsProps) {
  const client = useQueryClient();
  const { mutate, error, reset, isPending } = useMutation({
    mutationFn: () => checkConnection({ path: { connection_id: connection.id }, throwOnError: true }),
    onSuccess: () => toast.success(`${connection.integration_name} accepts it.`),
    onSettled: () => refreshConnections(client),
  });
  const testable = !service || service.auth_config.verification !== undefined;
  const right = rightTo("authorize", connection);
  return (
    <>
      <GuardedButton
        allowed={right.allowed && testable}
        why={right.allowed ? `${connection.integration_name} has no request to test it with.` : right.why}
        busy={isPending}
        onClick={() => mutate()}
      >
        {!isPending && <Activity />} Test
      </GuardedButton>
      <TestResult error={error} service={connection.integration_name} onClose={reset} />
    </>
  );
}
