import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { changePasswordMutation, listSessionsQueryKey, problemOf } from "@/api";
import { useSession } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { PasswordInput } from "@/components/password-input";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { isElsewhere } from "@/lib/faults";

export function PasswordCard() {
  const [count, setCount] = useState(0);
  return (
    <Card>
      <CardHeader
        title="Password"
        description="A new one ends your other sessions. API keys go on working."
      />
      <CardContent>
        <PasswordForm key={count} onDone={() => setCount(count + 1)} />
      </CardContent>
    </Card>
  );
}

/** What has a field that says what is wrong with it. */
const SHOWN = ["/current_password", "/new_password"];

function PasswordForm({ onDone }: { onDone: () => void }) {
  const { email } = useSession();
  const client = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    ...changePasswordMutation(),
    onSuccess: async () => {
      toast.success("The password is changed. Your other sessions have ended.");
      onDone();
      await client.invalidateQueries({ queryKey: listSessionsQueryKey() });
    },
  });
  const problem = change.error ? problemOf(change.error) : undefined;
  const faults = problem?.faultsAt() ?? new Map<string, string>();
  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate({ body: { current_password: current, new_password: next } });
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {/* Password managers want to know whose it is. */}
      <input type="text" autoComplete="username" value={email ?? ""} readOnly hidden />
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label="Current password" error={faults.get("/current_password")} required>
          <PasswordInput
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
          />
        </Field>
        <Field
          label="New password"
          hint="At least 10 characters."
          error={faults.get("/new_password")}
          required
        >
          <PasswordInput
            autoComplete="new-password"
            value={next}
            onChange={(event) => setNext(event.target.value)}
          />
        </Field>
      </div>
      {problem && isElsewhere(problem, SHOWN) && <InlineError error={problem} />}
      <Button
        type="submit"
        className="self-start"
        busy={change.isPending}
        disabled={current === "" || next === ""}
      >
        Change the password
      </Button>
    </form>
  );
}
