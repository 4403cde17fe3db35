import type { ReactElement } from "react";

// Each gives white initials a contrast of at least 4.5:1.
const colors = ["#8a3ffc", "#0b6e4f", "#b3261e", "#1264a3", "#8c4a00", "#7b2d6f", "#3d5a80", "#5b6300"];

/** A colored square with initials. Decoration: the name always stands beside it. */
export function Avatar({ name, color }: { name: string; color?: string | undefined }): ReactElement {
  const initials = name
    .split(/[\s-]+/)
    .slice(0, 2)
    .map((word) => Array.from(word)[0] ?? "")
    .join("")
    .toUpperCase();
  const sum = Array.from(name).reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0);
  return (
    <span
      className="avatar"
      aria-hidden="true"
      style={{ backgroundColor: color ?? colors[sum % colors.length] }}
    >
      {initials}
    </span>
  );
}
