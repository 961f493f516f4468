import type { ConnectionOutput, IntegrationDetailOutput } from "@/api";
import { Card, CardContent, CardHeader } from "@/components/ui/card";

interface PermissionsProps {
  connection: ConnectionOutput;
  service?: IntegrationDetailOutput;
}

/** The scopes that the service has granted, in its own words and in ours. */
export function Permissions({ connection: { scopes }, service }: PermissionsProps) {
  if (scopes.length === 0) return null;
  const described = new Map(service?.scopes.map(({ name, description }) => [name, description]));
  return (
    <Card>
      <CardHeader title="Permissions" description="What the service has granted." />
      <CardContent>
        <ul className="flex flex-col gap-2">
          {scopes.map((scope) => (
            <li key={scope}>
              {described.get(scope) && <span className="block">{described.get(scope)}</span>}
              <code className="block break-all text-muted-foreground">{scope}</code>
            </li>
          ))}
        </ul>
      </CardContent>
    </Card>
  );
}
