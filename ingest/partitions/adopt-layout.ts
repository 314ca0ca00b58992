import type { LayoutRecords } from "../desk/layout.ts";

/**
 * Has the rows of the records divided as the journal is: they were of another one before. Rejects
 * with `INGEST_LAYOUT_IN_USE` while a process works with them as they are.
 */
export async function adoptLayout(
  records: LayoutRecords,
  { partitions, partitionOf }: { partitions: number; partitionOf: (sppgId: string) => number },
): Promise<boolean> {
  if ((await records.readLayout()) === partitions) return false;
  const kitchens: [string, number][] = [];
  let after: string | null = null;
  for (;;) {
    const page: string[] = await records.kitchensWithRows(after);
    for (const sppgId of page) kitchens.push([sppgId, partitionOf(sppgId)]);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last;
  }
  await records.changeLayout(partitions, kitchens);
  return true;
}
