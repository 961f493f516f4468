import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { problemOf, signUpMutation } from "@/api";
import { InlineError } from "@/components/error-state";
import { PasswordInput } from "@/components/password-input";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { isElsewhere } from "@/lib/faults";
import { enter } from "./enter";

interface AccountFormProps {
  submit: string;
  /** What lets somebody make an account where not everybody may. */
  token?: { set_up_token: string } | { invitation_token: string };
}

const SIGN_UP = ["sign-up"];

/** What has a field that says what is wrong with it. */
const SHOWN = ["/name", "/email", "/password"];

/** Makes an account, and enters with it. */
export function AccountForm({ submit, token }: AccountFormProps) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const client = useQueryClient();
  const signUp = useMutation({ ...signUpMutation(), mutationKey: SIGN_UP, onSuccess: () => enter() });
  const problem = signUp.error ? problemOf(signUp.error) : undefined;
  const faults = problem?.faultsAt() ?? new Map<string, string>();

  function send(event: FormEvent) {
    event.preventDefault();
    // The second of two clicks comes before the button is told.
    if (client.isMutating({ mutationKey: SIGN_UP })) return;
    signUp.mutate({ body: { email, name: name.trim() || null, password, cookie: true, ...token } });
  }

  return (
    <form onSubmit={send} className="flex flex-col gap-4">
      <Field label="Name" required={false} error={faults.get("/name")}>
        <Input autoComplete="name" maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />
      </Field>
      <Field label="Email" required error={faults.get("/email")}>
        <Input
          type="email"
          autoComplete="username"
          value={email}
          onChange={(e) => setEmail(e.target.value)}
        />
      </Field>
      <Field label="Password" required hint="At least 10 characters." error={faults.get("/password")}>
        <PasswordInput
          autoComplete="new-password"
          value={password}
          onChange={(e) => setPassword(e.target.value)}
        />
      </Field>
      {problem && isElsewhere(problem, SHOWN) && <InlineError error={problem} outside />}
      <Button type="submit" variant="primary" size="lg" busy={signUp.isPending}>
        {submit}
      </Button>
    </form>
  );
}
