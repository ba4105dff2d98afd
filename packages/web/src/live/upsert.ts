/** Puts an entry in its place in a list that runs from new to old, replacing its older self. */
export function upsert<T>(list: readonly T[], entry: T, rank: (entry: T) => number): readonly T[] {
  const place = rank(entry);
  const index = list.findIndex((known) => rank(known) <= place);
  if (index < 0) return [...list, entry];
  const replaces = rank(list[index] as T) === place;
  return [...list.slice(0, index), entry, ...list.slice(replaces ? index + 1 : index)];
}

/** Puts several entries in place and keeps the newest. */
export function upsertAll<T>(
  list: readonly T[],
  entries: readonly T[],
  { rank, most }: { readonly rank: (entry: T) => number; readonly most: number },
): readonly T[] {
  let joined = list;
  for (const entry of entries) joined = upsert(joined, entry, rank);
  return joined.slice(0, most);
}
