import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";

/** One instruction of a Dockerfile: `COPY`, and what follows it. */
export interface Instruction {
  name: string;
  rest: string;
}

/** From one FROM to the next. */
export interface Stage {
  /** null for the last one, which nothing names. */
  name: string | null;
  instructions: Instruction[];
}

/** Reads a Dockerfile, as far as ours uses the language. */
export function readStages(file: string): Stage[] {
  const text = readFileSync(file, "utf8")
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "");
  const stages: Stage[] = [];
  for (const line of text.split("\n").filter((line) => line.trim() !== "")) {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === "FROM") stages.push({ name: / AS (\w+)$/.exec(rest)?.[1] ?? null, instructions: [] });
    else stages.at(-1)?.instructions.push({ name, rest });
  }
  return stages;
}

/** What follows each instruction of this name. */
export function allOf({ instructions }: Stage, name: string): string[] {
  return instructions.filter((one) => one.name === name).map(({ rest }) => rest);
}

/** What follows ENV, as an environment. */
export function envOf(stage: Stage): Record<string, string> {
  const pairs = allOf(stage, "ENV").flatMap((rest) => rest.split(/\s+/).map((pair) => pair.split("=", 2)));
  return Object.fromEntries(pairs as [string, string][]);
}

/** The command in `CMD ["node", …]`, also behind the options of HEALTHCHECK. */
export function commandOf(rest: string): string[] {
  return JSON.parse(/\[.*\]$/s.exec(rest)?.[0] ?? "[]") as string[];
}

/**
 * Does what a stage says in plain folders instead of layers: `/x` in it is `<image>/x`. Commands run as the user of the
 * tests, with this Node first; those that `skip` names don't.
 * @param images the folders of the stages so far, by name; `""` is the context, without what .dockerignore leaves out
 */
export function buildStage(
  stage: Stage,
  image: string,
  images: Record<string, string>,
  skip: (command: string) => boolean = () => false,
): void {
  let folder = image;
  for (const { name, rest } of stage.instructions) {
    if (name === "WORKDIR") {
      folder = join(image, rest);
      mkdirSync(folder, { recursive: true });
    } else if (name === "COPY") {
      const from = /^--from=(\w+)\s+/.exec(rest);
      const words = rest.slice(from?.[0].length ?? 0).split(/\s+/);
      const to = words.pop() ?? "";
      for (const source of words)
        copyInto(join(images[from?.[1] ?? ""] ?? "", source), resolve(folder, to), to);
    } else if (name === "RUN" && !skip(rest)) {
      const PATH = `${dirname(process.execPath)}:${process.env["PATH"]}`;
      execFileSync("sh", ["-c", rest], { cwd: folder, stdio: "pipe", env: { ...process.env, PATH } });
    }
  }
}

function copyInto(source: string, target: string, to: string): void {
  const file = to.endsWith("/") ? join(target, source.split("/").at(-1) ?? "") : target;
  cpSync(source, file, { recursive: true });
}

/** Copies what .dockerignore lets into a build: ours names what is let in, after a line that leaves out everything. */
export function copyContext(root: string, context: string): void {
  const [first, ...rest] = readFileSync(join(root, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (first !== "*" || rest.some((line) => !line.startsWith("!")))
    throw new Error(".dockerignore is not a list of what is let in");
  rmSync(context, { recursive: true, force: true });
  for (const line of rest)
    cpSync(join(root, line.slice(1)), join(context, line.slice(1)), { recursive: true });
}
