interface Page<T> {
  data: T[];
  next_cursor?: string | null;
}

/** All entries of a list that comes in pages; for lists that are short by nature. */
export async function allPages<T>(load: (cursor?: string) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await load(cursor);
    found.push(...page.data);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return found;
}
