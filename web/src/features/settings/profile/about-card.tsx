import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import {
  authOptionsOptions,
  changeMeMutation,
  listMembersQueryKey,
  problemOf,
  requestEmailVerificationMutation,
} from "@/api";
import { sessionOptions, useSession, useWorkspace } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { StateBadge } from "@/components/status-badge";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

/** Name and address. */
export function AboutCard() {
  return (
    <Card>
      <CardHeader title="About you" description="Other members see your name and address." />
      <CardContent className="flex flex-col gap-4">
        <NameForm />
        <Address />
      </CardContent>
    </Card>
  );
}

function NameForm() {
  const { name: before } = useSession();
  const { id: workspace_id } = useWorkspace();
  const client = useQueryClient();
  const [name, setName] = useState(before ?? "");
  const save = useMutation({
    ...changeMeMutation(),
    onSuccess: async (me) => {
      client.setQueryData(sessionOptions().queryKey, me);
      await client.invalidateQueries({ queryKey: listMembersQueryKey({ path: { workspace_id } }) });
      toast.success("Saved.");
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate({ body: { name: name.trim() || null } });
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <div className="flex items-end gap-2">
        <Field label="Name" className="flex-1">
          <Input
            value={name}
            maxLength={200}
            autoComplete="name"
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Button type="submit" busy={save.isPending} disabled={name.trim() === (before ?? "")}>
          Save
        </Button>
      </div>
      <InlineError error={save.error} />
    </form>
  );
}

function Address() {
  const { email, email_verified } = useSession();
  if (!email)
    return <p className="text-muted-foreground">Whoever signs you in here told no address of yours.</p>;
  return (
    <div className="flex flex-col gap-1.5">
      <p className="font-medium">Email</p>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span className="min-w-0 break-all">{email}</span>
        {email_verified ? (
          <StateBadge tone="success" icon={CircleCheck}>
            Verified
          </StateBadge>
        ) : (
          <>
            <StateBadge tone="warning" icon={CircleAlert}>
              Not verified
            </StateBadge>
            <Verify email={email} />
          </>
        )}
      </div>
    </div>
  );
}

function Verify({ email }: { email: string }) {
  const mail = useQuery(authOptionsOptions()).data?.mail;
  const send = useMutation({
    ...requestEmailVerificationMutation(),
    onSuccess: () => toast.success(`A link to confirm the address is on its way to ${email}.`),
    onError: (error) => toast.error(problemOf(error).detail),
  });
  if (mail === false)
    return <span className="text-muted-foreground text-xs">No mail server is configured to verify it.</span>;
  return (
    <Button size="sm" busy={send.isPending} onClick={() => send.mutate({ body: { email } })}>
      Send the link again
    </Button>
  );
}
