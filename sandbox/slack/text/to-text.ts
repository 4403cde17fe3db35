/** A value from the wire as text: strings and numbers as they are, anything else as JSON. */
export function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value) ?? "";
}
