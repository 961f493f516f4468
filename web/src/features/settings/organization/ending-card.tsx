import { useState } from "react";
import { toast } from "sonner";
import { deleteOrganization, type OrganizationOutput, removeOrganizationMember } from "@/api";
import { useSession } from "@/app/session";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { GuardedButton } from "@/components/guarded-button";
import { Card } from "@/components/ui/card";
import { useGoOn } from "../leave";

/** Leaving the organization, and deleting it. */
export function EndingCard({ organization }: { organization: OrganizationOutput }) {
  const { id, name, can } = organization;
  const { id: user_id } = useSession();
  const goOn = useGoOn();
  const [asking, setAsking] = useState<"leave" | "delete">();
  const isGone = (workspace: { organization_id: string }) => workspace.organization_id === id;
  async function leave() {
    await removeOrganizationMember({ path: { organization_id: id, user_id }, throwOnError: true });
    toast.success(`You left ${name}.`);
    await goOn(isGone);
  }
  async function remove() {
    await deleteOrganization({ path: { organization_id: id }, throwOnError: true });
    toast.success(`${name} is deleted.`);
    await goOn(isGone);
  }
  return (
    <Card className="divide-y">
      <Ending
        title="Leave the organization"
        text="You lose access to all its workspaces. Its last owner cannot leave."
      >
        <GuardedButton variant="danger" allowed onClick={() => setAsking("leave")}>
          Leave
        </GuardedButton>
      </Ending>
      <Ending
        title="Delete the organization"
        text="With its workspaces, their connections and their credentials. Audit logs stay."
      >
        <GuardedButton
          variant="danger"
          allowed={can.delete}
          why="Only its owners delete an organization."
          onClick={() => setAsking("delete")}
        >
          Delete
        </GuardedButton>
      </Ending>
      <ConfirmDialog
        open={asking === "leave"}
        onOpenChange={(open) => !open && setAsking(undefined)}
        title={`Leave “${name}”?`}
        description="You lose access to all its workspaces at once, also with API keys. Coming back takes a new invitation."
        action="Leave organization"
        onConfirm={leave}
      />
      <ConfirmDialog
        open={asking === "delete"}
        onOpenChange={(open) => !open && setAsking(undefined)}
        title={`Delete “${name}”?`}
        description="All its workspaces, connections, credentials, integrations and webhooks are erased, for all its members. This cannot be undone."
        action="Delete organization"
        typeToConfirm={name}
        onConfirm={remove}
      />
    </Card>
  );
}

function Ending({ title, text, children }: { title: string; text: string; children: React.ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 px-4 py-3.5">
      <div className="min-w-0">
        <h2 className="font-medium">{title}</h2>
        <p className="text-muted-foreground">{text}</p>
      </div>
      {children}
    </div>
  );
}
