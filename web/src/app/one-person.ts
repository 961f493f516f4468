import { onSettingChanged, writeSetting } from "@/lib/local-setting";

/** All tabs share the session's cookies: whoever signs in in one is who the others act as from then on. */
const PERSON = "person";

let own: string | undefined;

/** The page is this user's; it is loaded anew when another tab is somebody else's. */
export function signedInAs(userId: string): void {
  if (userId === own) return;
  own = userId;
  writeSetting(PERSON, userId);
}

/** Nobody is signed in any more. */
export function forgetPerson(): void {
  own = undefined;
  writeSetting(PERSON, null);
}

onSettingChanged(PERSON, (userId) => {
  if (own !== undefined && userId !== own) window.location.reload();
});
