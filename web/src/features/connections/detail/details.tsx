import type { ReactNode } from "react";
import type { ConnectionOutput, IntegrationDetailOutput } from "@/api";
import { useSession } from "@/app/session";
import { CopyId } from "@/components/copy-id";
import { TimeAgo } from "@/components/time-ago";
import { Card, CardContent, CardHeader } from "@/components/ui/card";
import { ownerOf } from "../rights";

interface DetailsProps {
  connection: ConnectionOutput;
  service?: IntegrationDetailOutput;
}

export function Details({ connection, service }: DetailsProps) {
  const { id: userId } = useSession();
  const { account_name, account_id, end_user_id, owner, config, origins } = connection;
  const titles = titlesOf(service?.config_schema);
  return (
    <Card>
      <CardHeader title="Details" />
      <CardContent>
        <dl className="grid grid-cols-[8rem_minmax(0,1fr)] gap-x-4 gap-y-2.5">
          <Row label="Account">{account_name ?? (account_id ? <CopyId id={account_id} /> : "Not known")}</Row>
          {account_name && account_id && account_id !== account_name && (
            <Row label="Account id">
              <CopyId id={account_id} />
            </Row>
          )}
          <Row label="Owner">{owner.id === userId ? "You" : ownerOf(connection)}</Row>
          {end_user_id && (
            <Row label="End user">
              <CopyId id={end_user_id} />
            </Row>
          )}
          {Object.entries(config).map(([name, value]) => (
            <Row key={name} label={titles.get(name) ?? name}>
              {typeof value === "string" ? value : JSON.stringify(value)}
            </Row>
          ))}
          <Times connection={connection} />
          {origins.length > 0 && (
            <Row label="Sent to">
              {origins.map((origin) => (
                <code key={origin} className="block truncate" title={origin}>
                  {origin}
                </code>
              ))}
            </Row>
          )}
          <Row label="Connection id">
            <CopyId id={connection.id} />
          </Row>
        </dl>
      </CardContent>
    </Card>
  );
}

function Times({ connection: { created_at, last_used_at, expires_at } }: { connection: ConnectionOutput }) {
  return (
    <>
      {created_at && (
        <Row label="Connected">
          <TimeAgo time={created_at} />
        </Row>
      )}
      <Row label="Last used">{last_used_at ? <TimeAgo time={last_used_at} /> : "Not yet"}</Row>
      <Row label="Token expires">
        {expires_at ? (
          <>
            <TimeAgo time={expires_at} />
            <span className="text-muted-foreground">; renewed before, where it can be</span>
          </>
        ) : (
          "Never, as far as is known"
        )}
      </Row>
    </>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{label}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

/** What the integration calls the members of a connection's config. */
function titlesOf(schema: Record<string, unknown> | null | undefined): Map<string, string> {
  const properties = Object.entries((schema?.properties ?? {}) as Record<string, { title?: string }>);
  return new Map(properties.flatMap(([name, { title }]) => (title ? [[name, title]] : [])));
}
