import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  globSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { expect, it, onTestFinished, vi } from "vitest";

import type { LogLine } from "../../../sandbox/bot-process.ts";
import { allOf, buildStage, commandOf, copyContext, envOf, readStages } from "../../support/dockerfile.ts";
import { answerTo, PEOPLE, startWorld } from "../../support/harness.ts";

// It installs all packages.
vi.setConfig({ testTimeout: 400_000 });

const ROOT = join(import.meta.dirname, "..", "..", "..");
/** The user in the image. Only root can become somebody else: others run it as themselves, without write permission. */
const USER = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};
const run = promisify(execFile);

it("the Dockerfile's commands, run in plain folders, make a bot that runs as no one and writes to its data only", async () => {
  const place = mkdtempSync(join(tmpdir(), "zt-image-"));
  chmodSync(place, 0o755);
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const image = join(place, "image");
  const [build, last] = readStages(join(ROOT, "Dockerfile"));
  if (build === undefined || last === undefined) throw new Error("the Dockerfile has not two stages");

  copyContext(ROOT, join(place, "context"));
  buildStage(build, join(place, "build"), { "": join(place, "context") });
  const images = { "": join(place, "context"), build: join(place, "build") };
  // It would make /data of this machine: done below.
  buildStage(last, image, images, (command) => command.startsWith("mkdir /data "));
  const node = provideNode(join(place, "bin", "node"));
  const before = lockFiles(join(image, "app"));
  const data = join(image, "data");
  mkdirSync(data, { mode: 0o700 });
  give(data);

  const world = await startWorld({ mode: "http" });
  const policy = join(image, "config", "policy.yml");
  mkdirSync(dirname(policy));
  cpSync(world.env["ZT_POLICY_FILE"] ?? "", policy);
  give(policy);
  const inImage = Object.entries(envOf(last)).map(([name, value]) => [
    name,
    value.replace(/\/(?=data|config)/, `${image}/`),
  ]);
  const port = String(await freePort());
  const env = {
    ...world.env,
    ...(Object.fromEntries(inImage) as Record<string, string>),
    PORT: port,
    TMPDIR: join(image, "app"),
    PATH: dirname(node),
  };
  const inside = { cwd: join(image, "app"), env, ...USER };
  const [, ...args] = commandOf(allOf(last, "CMD")[0] ?? "");
  const bot = spawn(node, args, { ...inside, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void bot.kill("SIGKILL"));
  const lines: LogLine[] = [];
  const ready = Promise.withResolvers<LogLine>();
  createInterface({ input: bot.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    if (line.msg === "ready") ready.resolve(line);
  });
  const ended = once(bot, "exit");
  await Promise.race([
    ready.promise,
    ended.then(() => {
      throw new Error(`it ended:\n${JSON.stringify(lines)}`);
    }),
  ]);
  const [, ...probe] = commandOf(allOf(last, "HEALTHCHECK")[0] ?? "");
  const isHealthy = () =>
    run(node, probe, inside).then(
      () => true,
      () => false,
    );
  expect(await isHealthy()).toBe(true);

  const { slack } = world;
  slack.setDelivery({ mode: "http", url: `http://127.0.0.1:${port}/slack/events` });
  const { words } = await answerTo(slack, PEOPLE.alice, "sign-ins mallory@example.com");
  expect(words).toContain("denied");
  // It is drawn by a library of machine code, with a font from a file.
  await slack.waitFor(() => JSON.stringify(slack.ephemerals(PEOPLE.alice)).includes('"type":"image"'));
  expect(existsSync(join(data, "audit-signing.key"))).toBe(true);
  expect(globSync("**", { cwd: join(image, "app") }).toSorted()).toEqual(before);
  expect(lines.filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
  if (USER.uid !== undefined)
    expect(readFileSync(`/proc/${bot.pid}/status`, "utf8")).toMatch(/^Uid:\s+1000\s/m);

  bot.kill(allOf(last, "STOPSIGNAL")[0] as NodeJS.Signals);
  expect(await ended).toEqual([0, null]);
  expect(await isHealthy()).toBe(false);
});

/** Where every user can run it: the one of these tests may be in somebody's home. */
function provideNode(to: string): string {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(process.execPath, to);
  } catch {
    cpSync(process.execPath, to);
  }
  return to;
}

/** Nobody can write there any more. @returns all that is there. */
function lockFiles(folder: string): string[] {
  const files = globSync("**", { cwd: folder });
  for (const file of files) {
    const path = join(folder, file);
    const isFolder = globSync("*", { cwd: path }).length > 0;
    chmodSync(path, isFolder || file.endsWith(".node") ? 0o555 : 0o444);
  }
  chmodSync(folder, 0o555);
  return files.toSorted();
}

function give(path: string): void {
  if (USER.uid !== undefined) chownSync(path, USER.uid, USER.gid);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
