type Config = Record<string, unknown>;

/** Where an API key goes. Without a word of the row, it is `Authorization: Bearer`. */
export interface KeyPlace {
  in: "bearer" | "header" | "query";
  name: string;
}

/** The place that the row names; undefined for one that takes more than a place and a name to say. */
export function keyPlaceOf(config: Config): KeyPlace | undefined {
  const placement = config.credential_placement;
  if (placement === undefined) return { in: "bearer", name: "" };
  if (!Array.isArray(placement) || placement.length !== 1) return undefined;
  const { in: place, name, value, ...more } = placement[0] as Record<string, unknown>;
  if (value !== "{api_key}" || Object.keys(more).length > 0 || typeof name !== "string") return undefined;
  return place === "header" || place === "query" ? { in: place, name } : undefined;
}

export function withKeyPlace(config: Config, place: KeyPlace): Config {
  const { credential_placement: _, ...rest } = config;
  if (place.in === "bearer") return rest;
  return { ...rest, credential_placement: [{ in: place.in, name: place.name, value: "{api_key}" }] };
}

/** With a member set, or without it where there is nothing to say. */
export function withMember(config: Config, name: string, value: string | string[]): Config {
  const { [name]: _, ...rest } = config;
  return value.length > 0 ? { ...rest, [name]: value } : rest;
}

export function textOf(config: Config, name: string): string {
  const found = config[name];
  return typeof found === "string" ? found : "";
}

export function listOf(config: Config, name: string): string[] {
  const found = config[name];
  return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
}
