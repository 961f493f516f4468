import { commands as apiKeys } from "@/features/api-keys/routes";
import { commands as connections } from "@/features/connections/routes";
import { commands as home } from "@/features/home/routes";
import { commands as integrations } from "@/features/integrations/routes";
import { commands as logs } from "@/features/logs/routes";
import { commands as newIntegration } from "@/features/new-integration/routes";
import { commands as playground } from "@/features/playground/routes";
import { commands as settings } from "@/features/settings/routes";
import { commands as usage } from "@/features/usage/routes";
import type { PageCommand } from "../commands";

/** What the features offer everywhere. */
export function featureCommands(): readonly PageCommand[] {
  return [home, connections, newIntegration, integrations, playground, logs, usage, apiKeys, settings].flat();
}
