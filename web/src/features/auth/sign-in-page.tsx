import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { authOptionsOptions, type ProviderOutput, signInMutation } from "@/api";
import { InlineError } from "@/components/error-state";
import { PasswordInput } from "@/components/password-input";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { AuthFrame } from "./auth-frame";
import { enter } from "./enter";
import { FirstAccount, FirstByLink } from "./first-account";
import { Note } from "./note";
import { ownPath } from "./own-path";

export function SignInPage() {
  const { return_to, error } = useSearch({ from: "/sign-in" });
  const options = useQuery(authOptionsOptions());
  const offered = options.data;
  return (
    <AuthFrame
      title="Sign in"
      footer={
        offered?.sign_up === "open" && (
          <>
            New here?{" "}
            <Link to="/sign-up" className="text-link underline underline-offset-4">
              Make an account
            </Link>
          </>
        )
      }
    >
      {error && <Note tone="danger">{REFUSALS[error] ?? REFUSALS.failed}</Note>}
      {offered?.set_up_link_required && <FirstByLink />}
      {offered?.set_up_required && !offered.set_up_link_required ? (
        <FirstAccount />
      ) : (
        <PasswordForm returnTo={return_to} mail={offered?.mail ?? false} />
      )}
      {options.isError && !offered && <OptionsMissing onRetry={() => void options.refetch()} />}
      {offered && offered.providers.length > 0 && (
        <Providers providers={offered.providers} returnTo={return_to} />
      )}
    </AuthFrame>
  );
}

function PasswordForm({ returnTo, mail }: { returnTo?: string; mail: boolean }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({ ...signInMutation(), onSuccess: () => enter(returnTo) });

  function send(event: FormEvent) {
    event.preventDefault();
    signIn.mutate({ body: { email, password, cookie: true } });
  }

  return (
    <form onSubmit={send} className="flex flex-col gap-4">
      <Field label="Email" required>
        <Input
          type="email"
          autoComplete="username"
          value={email}
          onChange={(e) => setEmail(e.target.value)}
        />
      </Field>
      <Field label="Password" required>
        <PasswordInput
          autoComplete="current-password"
          value={password}
          onChange={(e) => setPassword(e.target.value)}
        />
      </Field>
      <InlineError error={signIn.error} outside />
      <Button type="submit" variant="primary" size="lg" busy={signIn.isPending}>
        Sign in
      </Button>
      {mail && (
        <Link to="/reset-password" className="self-center text-link underline-offset-4 hover:underline">
          Forgot the password?
        </Link>
      )}
    </form>
  );
}

/** Without them it is not known where else one may sign in. */
function OptionsMissing({ onRetry }: { onRetry: () => void }) {
  return (
    <Note tone="danger">
      Other ways to sign in could not be loaded.{" "}
      <button type="button" className="underline underline-offset-4" onClick={onRetry}>
        Try again
      </button>
    </Note>
  );
}

function Providers({ providers, returnTo }: { providers: ProviderOutput[]; returnTo?: string }) {
  return (
    <div className="flex flex-col gap-3">
      <div className="flex items-center gap-3 text-muted-foreground text-xs">
        <span className="h-px flex-1 bg-border" />
        or
        <span className="h-px flex-1 bg-border" />
      </div>
      {providers.map(({ id, name, start_url }) => (
        <Button key={id} size="lg" asChild>
          <a href={`${start_url}?${new URLSearchParams({ return_to: ownPath(returnTo) })}`}>
            <KeyRound aria-hidden /> Continue with {name}
          </a>
        </Button>
      ))}
    </div>
  );
}

/** What the gateway says of a sign-in elsewhere that came to nothing. */
const REFUSALS: Record<string, string> = {
  cancelled: "You did not sign in there. Try again, or use your password.",
  expired: "That took too long, or was begun in another browser. Try again.",
  failed: "That did not work: the provider's answer does not prove who you are. The gateway's log says more.",
  not_invited: "There is no account for you here. Ask an admin for an invitation to your address.",
  unavailable: "The provider does not answer right now. Try again in a moment, or use your password.",
};
