import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { type FormEvent, useState } from "react";
import { problemOf, requestPasswordResetMutation, resetPasswordMutation } from "@/api";
import { InlineError } from "@/components/error-state";
import { PasswordInput } from "@/components/password-input";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { AuthFrame } from "./auth-frame";
import { forgetLinkToken, useLinkToken } from "./link-token";
import { SignInInstead } from "./sign-in-instead";

/** With a mailed link, chooses a new password; without one, asks for the mail. */
export function ResetPasswordPage() {
  const token = useLinkToken();
  return token ? <NewPassword token={token} /> : <AskForMail />;
}

function NewPassword({ token }: { token: string }) {
  const [password, setPassword] = useState("");
  const reset = useMutation({
    ...resetPasswordMutation(),
    onSettled: (_done, error) => {
      if (!error || problemOf(error).code === "not_found") forgetLinkToken("/reset-password");
    },
  });
  const fault = reset.error ? problemOf(reset.error).faultsAt().get("/password") : undefined;

  function send(event: FormEvent) {
    event.preventDefault();
    reset.mutate({ body: { token, password } });
  }

  if (reset.isSuccess)
    return (
      <AuthFrame title="Your password is changed" description="You are signed out everywhere.">
        <Button variant="primary" size="lg" asChild>
          <Link to="/sign-in">Sign in</Link>
        </Button>
      </AuthFrame>
    );
  return (
    <AuthFrame title="Choose a new password" footer={<SignInInstead words="Know it again?" />}>
      <form onSubmit={send} className="flex flex-col gap-4">
        <Field label="New password" required hint="At least 10 characters." error={fault}>
          <PasswordInput
            autoComplete="new-password"
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </Field>
        {!fault && <InlineError error={reset.error} outside />}
        <Button type="submit" variant="primary" size="lg" busy={reset.isPending}>
          Change the password
        </Button>
      </form>
    </AuthFrame>
  );
}

function AskForMail() {
  const [email, setEmail] = useState("");
  const ask = useMutation(requestPasswordResetMutation());

  function send(event: FormEvent) {
    event.preventDefault();
    ask.mutate({ body: { email } });
  }

  return (
    <AuthFrame
      title="Forgot the password"
      description={ask.isSuccess ? undefined : "A link to choose a new one comes by mail."}
      footer={<SignInInstead words="Know it again?" />}
    >
      {ask.isSuccess ? (
        <p className="flex gap-2">
          <CircleCheck className="mt-0.5 size-4 shrink-0 text-success" aria-hidden />
          If there is an account for this address, a mail is on its way.
        </p>
      ) : (
        <form onSubmit={send} className="flex flex-col gap-4">
          <Field label="Email" required>
            <Input
              type="email"
              autoComplete="username"
              value={email}
              onChange={(e) => setEmail(e.target.value)}
            />
          </Field>
          <InlineError error={ask.error} outside />
          <Button type="submit" variant="primary" size="lg" busy={ask.isPending}>
            Send the link
          </Button>
        </form>
      )}
    </AuthFrame>
  );
}
