import { useMutation, useQuery } from "@tanstack/react-query";
import { acceptInvitationMutation, authOptionsOptions, type MeOutput } from "@/api";
import { sessionOptions } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { AccountForm } from "./account-form";
import { AuthFrame } from "./auth-frame";
import { enter } from "./enter";
import { useLinkToken } from "./link-token";
import { Note } from "./note";
import { SignInInstead } from "./sign-in-instead";

/** Where an invitation's link leads: to a new account, or, for who is signed in, into the workspace. */
export function InvitationPage() {
  const token = useLinkToken();
  const options = useQuery({ ...authOptionsOptions(), staleTime: 0 });
  const signedIn = options.data?.signed_in === true;
  const session = useQuery({ ...sessionOptions(), retry: false, enabled: signedIn });
  if (!token)
    return (
      <AuthFrame title="Invitation" footer={<SignInInstead />}>
        <Note tone="danger">This address lacks its token. Open the whole link of the invitation.</Note>
      </AuthFrame>
    );
  if (options.isPending || (signedIn && session.isPending))
    return (
      <AuthFrame title="You are invited">
        <Skeleton className="h-64" />
      </AuthFrame>
    );
  if (session.data) return <Accept token={token} user={session.data} />;
  return (
    <AuthFrame
      title="You are invited"
      description="Make an account with the address that was invited."
      footer={
        <SignInInstead words="Have an account? Sign in first, then open the link of the invitation once more." />
      }
    >
      <AccountForm submit="Make the account and join" token={{ invitation_token: token }} />
    </AuthFrame>
  );
}

function Accept({ token, user }: { token: string; user: MeOutput }) {
  const accept = useMutation({ ...acceptInvitationMutation(), onSuccess: () => enter() });
  return (
    <AuthFrame title="You are invited" description={<>You are signed in as {user.email ?? user.name}.</>}>
      <InlineError error={accept.error} outside />
      <Button
        variant="primary"
        size="lg"
        busy={accept.isPending}
        onClick={() => accept.mutate({ body: { token } })}
      >
        Accept the invitation
      </Button>
    </AuthFrame>
  );
}
