/** A form's value as it is sent: without members and entries that nothing was entered for. */
export function cleanValue<T>(value: T): T {
  if (Array.isArray(value))
    return value.filter((entry) => entry !== undefined && entry !== null).map(cleanValue) as T;
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, cleanValue(member)])) as T;
}
