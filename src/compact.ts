/** Something that may be there, once or several times. */
export type Maybe<T> = T | readonly T[] | false | null | undefined;

/** What is there of these, as one list: lists are laid open; false, null and undefined are left out. */
export function compact<T>(...items: readonly Maybe<T>[]): T[] {
  return items.flat().filter((item) => item !== false && item != null) as T[];
}
