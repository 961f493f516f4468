import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { type ConnectionOutput, listConnectionsOptions } from "@/api";
import { useSession } from "@/app/session";
import { Combobox } from "@/components/combobox";
import { ServiceLogo } from "@/components/service-logo";

interface ConnectionChoiceProps {
  workspaceId: string;
  /** Only those of this one. */
  integration?: string;
  chosen: ConnectionOutput | undefined;
  onChange: (connectionId: string) => void;
  /** What a Field gives its control. */
  id?: string;
}

/** The connections that the user may run actions with. */
export function ConnectionChoice({ workspaceId, integration, chosen, onChange, id }: ConnectionChoiceProps) {
  const { id: userId } = useSession();
  const [typed, setTyped] = useState("");
  const query = useDeferredValue(typed.trim()) || undefined;
  const { data } = useQuery(
    listConnectionsOptions({
      query: { workspace_id: workspaceId, user_id: userId, integration, query, limit: 50 },
    }),
  );
  const found = (data?.data ?? []).filter(({ can, id: other }) => can.use && other !== chosen?.id);
  const shown = chosen && !query ? [chosen, ...found] : found;
  const options = shown.map(optionOf);
  return (
    <Combobox
      id={id}
      label="Connection"
      options={options}
      value={chosen?.id}
      onChange={onChange}
      onQuery={setTyped}
      placeholder="Choose a connection"
      empty="No connection of yours is called that."
    />
  );
}

function optionOf({ id, name, integration, integration_name, account_name, status }: ConnectionOutput) {
  const account = account_name && account_name !== name ? account_name : integration_name;
  return {
    value: id,
    label: name,
    detail: status === "active" ? account : `${account} · not usable now`,
    icon: <ServiceLogo slug={integration} name={integration_name} className="size-5" />,
  };
}
