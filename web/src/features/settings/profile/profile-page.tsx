import { useSession } from "@/app/session";
import { Page } from "@/components/page";
import { SettingsHeader } from "../settings-header";
import { AboutCard } from "./about-card";
import { PasswordCard } from "./password-card";
import { SessionsCard } from "./sessions-card";
import { ThemeCard } from "./theme-card";

/** Oneself: in all workspaces. */
export function ProfilePage() {
  const { has_password } = useSession();
  return (
    <Page width="narrow" className="lg:mx-0">
      <SettingsHeader title="Profile" description="You, in all workspaces." />
      <AboutCard />
      {has_password && <PasswordCard />}
      <SessionsCard />
      <ThemeCard />
    </Page>
  );
}
