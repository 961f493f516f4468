import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { authOptionsOptions, type OptionsOutput } from "@/api";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/ui/skeleton";
import { AccountForm } from "./account-form";
import { AuthFrame } from "./auth-frame";
import { useLinkToken } from "./link-token";
import { Note } from "./note";
import { SignInInstead } from "./sign-in-instead";

/** Where the first account is made: by the link that the gateway prints, or without one where it asks for none. */
export function SetUpPage() {
  const token = useLinkToken();
  const options = useQuery(authOptionsOptions());
  const isDone = options.data?.set_up_required === false;
  return (
    <AuthFrame
      title="Welcome to Portway"
      description={
        isDone ? undefined : "Make the first account. It owns everything here, and can invite others."
      }
      footer={isDone && <SignInInstead />}
    >
      {isDone ? (
        <Note>The first account was made already. Sign in with it, or ask its owner for an invitation.</Note>
      ) : (
        <Beginning token={token} options={options} />
      )}
    </AuthFrame>
  );
}

interface BeginningProps {
  token: string | null;
  options: UseQueryResult<OptionsOutput, unknown>;
}

function Beginning({ token, options: { data, error, refetch } }: BeginningProps) {
  if (token || data?.set_up_link_required === false)
    return (
      <AccountForm submit="Make the first account" token={token ? { set_up_token: token } : undefined} />
    );
  if (data)
    return (
      <Note tone="danger">
        This address lacks its token. Open the whole link that <code>portway up</code> printed; it begins anew
        with another link when it is restarted.
      </Note>
    );
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return <Skeleton className="h-64" />;
}
