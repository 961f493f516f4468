import { useQuery } from "@tanstack/react-query";
import { authOptionsOptions, type OptionsOutput } from "@/api";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/ui/skeleton";
import { AccountForm } from "./account-form";
import { AuthFrame } from "./auth-frame";
import { FirstByLink } from "./first-account";
import { Note } from "./note";
import { SignInInstead } from "./sign-in-instead";

export function SignUpPage() {
  const options = useQuery(authOptionsOptions());
  return (
    <AuthFrame title="Make an account" footer={<SignInInstead />}>
      {options.isPending && <Skeleton className="h-64" />}
      {options.isError && <ErrorState error={options.error} onRetry={() => options.refetch()} />}
      {options.data && <Answer options={options.data} />}
    </AuthFrame>
  );
}

function Answer({ options }: { options: OptionsOutput }) {
  if (options.set_up_link_required) return <FirstByLink />;
  if (options.set_up_required || options.sign_up === "open") return <AccountForm submit="Make the account" />;
  return (
    <Note>
      {options.sign_up === "invite"
        ? "Accounts are made by invitation here. Ask an admin to invite your address."
        : "No accounts are made here. Ask the operator."}
    </Note>
  );
}
