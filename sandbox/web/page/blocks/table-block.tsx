import type {
  DataTableBlock,
  RawNumberElement,
  RawTextElement,
  RichTextBlock,
  TableBlock,
} from "@slack/types";
import type { ReactElement } from "react";
import { FromLibrary } from "./from-library.tsx";

type Cell = RawTextElement | RawNumberElement | RichTextBlock;

/** A table: the first row is its head. It scrolls sideways in its own frame, so that a phone can read it. */
export function TableBlockView({ block }: { block: TableBlock | DataTableBlock }): ReactElement {
  const [head = [], ...rows] = block.rows;
  const settings = block.type === "table" ? (block.column_settings ?? []) : [];
  const styleOf = (column: number): string =>
    `cell-${settings[column]?.align ?? "left"} ${settings[column]?.is_wrapped ? "cell-wrapped" : ""}`;
  const caption = block.type === "data_table" ? block.caption : "Table";
  return (
    // The frame takes focus so that the arrow keys can scroll it.
    // oxlint-disable-next-line jsx_a11y/no-noninteractive-tabindex
    <div className="table-frame" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <thead>
          <tr>
            {head.map((cell, column) => (
              // oxlint-disable-next-line react/no-array-index-key -- cells have no names
              <th key={column} scope="col" className={styleOf(column)}>
                <CellView cell={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- nor have rows
            <tr key={index}>
              {row.map((cell, column) => (
                // oxlint-disable-next-line react/no-array-index-key
                <td key={column} className={styleOf(column)}>
                  <CellView cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CellView({ cell }: { cell: Cell }): ReactElement {
  if (cell.type === "rich_text") return <FromLibrary block={cell} />;
  return <>{cell.text}</>;
}
