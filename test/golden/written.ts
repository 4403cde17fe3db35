import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parseSync, Visitor, type Expression, type SpreadElement } from "oxc-parser";

const ROOT = join(import.meta.dirname, "..", "..");

/** Files of src, as paths from the project's root. */
function sourceFiles(folder = "src"): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .toSorted();
}

type Written = Expression | SpreadElement;

const PARTS = ["what", "why", "next"];

/**
 * Every refusal and error as the source writes it, by its file: what people read of it, with `{…}` for what is filled
 * in. What is thrown deep inside is in no case, and no new one gets past a reviewer this way.
 */
export function writtenRefusals(): Map<string, string> {
  const found = sourceFiles().map((file) => [file, refusalsIn(file)] as const);
  return new Map(
    found.filter(([, texts]) => texts.length > 0).map(([file, texts]) => [file, `${texts.join("\n\n")}\n`]),
  );
}

function refusalsIn(file: string): string[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  const found: string[] = [];
  const told = (parts: readonly (readonly [string, Written])[]) => {
    const lines = parts.map(([part, value]) => `${part === "next" ? "→ " : ""}${textOf(value, source)}`);
    found.push(lines.join("\n"));
  };
  new Visitor({
    ObjectExpression(node) {
      const parts = node.properties.flatMap((one) =>
        one.type === "Property" && one.key.type === "Identifier" && PARTS.includes(one.key.name)
          ? [[one.key.name, one.value] as const]
          : [],
      );
      const names = parts.map(([name]) => name);
      // Two of the three make a refusal; a value that is only passed on is told where it is made.
      const isWritten = parts.some(([, value]) => /["'`]/.test(source.slice(value.start, value.end)));
      if (names.includes("what") && isWritten) told(parts);
      else if (names.includes("why") && names.includes("next") && isWritten) told(parts);
    },
    CallExpression(node) {
      if (node.callee.type !== "Identifier" || node.callee.name !== "refuse") return;
      const [, why, next] = node.arguments;
      if (why !== undefined && next !== undefined)
        told([
          ["what", why],
          ["next", next],
        ]);
    },
  }).visit(parseSync(file, source).program);
  return found;
}

function textOf(node: Written, source: string): string {
  switch (node.type) {
    case "Literal":
      return String(node.value);
    case "TemplateLiteral":
      return node.quasis
        .map((quasi, index) => {
          const filled = node.expressions[index];
          return `${quasi.value.cooked ?? ""}${filled === undefined ? "" : `{${textOf(filled, source)}}`}`;
        })
        .join("");
    case "ConditionalExpression":
      return [node.consequent, node.alternate].map((one) => textOf(one, source)).join(" | ");
    default:
      return source.slice(node.start, node.end).replaceAll(/\s+/g, " ");
  }
}

/** Names of the functions in src/views that make something to be shown: exported, by their return type. */
export function viewFunctions(): string[] {
  return sourceFiles("src/views").flatMap((file) => {
    const { program } = parseSync(file, readFileSync(join(ROOT, file), "utf8"));
    return program.body.flatMap((statement) => {
      if (statement.type !== "ExportNamedDeclaration") return [];
      const { declaration } = statement;
      if (declaration?.type !== "FunctionDeclaration") return [];
      const type = declaration.returnType?.typeAnnotation;
      const isShown =
        type?.type === "TSTypeReference" &&
        type.typeName.type === "Identifier" &&
        ["Message", "ModalView", "HomeView"].includes(type.typeName.name);
      return isShown && declaration.id !== null ? [declaration.id.name] : [];
    });
  });
}
