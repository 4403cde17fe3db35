/** The first `max` of a list that is read page after page. `isComplete: false`: it goes on after these. */
export async function takeUpTo<Item>(
  max: number,
  all: AsyncIterable<Item>,
): Promise<{ items: Item[]; isComplete: boolean }> {
  const items: Item[] = [];
  for await (const item of all) {
    if (items.length === max) return { items, isComplete: false };
    items.push(item);
  }
  return { items, isComplete: true };
}
