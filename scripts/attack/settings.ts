import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { CHANNELS, PEOPLE, POLICY } from "../../sandbox/workspace.ts";
import { control, NotTried, unless, type Attack } from "./attack.ts";
import { answerTo, ask, comesAbout } from "./people.ts";
import type { Ran, Target } from "./targets.ts";

const CHANNEL = "approvals channel";
const PACKAGE = "packaging";
const ROOT = join(import.meta.dirname, "..", "..");

/** What settings, and the way it is started, let others do. */
export const settingAttacks: Attack[] = [
  {
    item: CHANNEL,
    name: "shared-channel",
    claim:
      "an approvals channel that is shared outside the organization is refused at start and at each request",
    isolated: true,
    timeoutMs: 120_000,
    async run(targets) {
      const target = await targets.start();
      await ask(target, "revoke dana@example.com --reason stolen laptop");
      const wrong: string[] = [];
      target.slack.setChannel(CHANNELS.approvals, { isExtShared: true });
      // What Slack said may be remembered for half a minute.
      await comesAbout(() => false, 31_000);
      const before = target.slack.messages(CHANNELS.approvals).length;
      const words = await answerTo(target, PEOPLE.alice, "revoke mallory@example.com --reason stolen laptop");
      if (await comesAbout(() => target.slack.messages(CHANNELS.approvals).length > before, 3000))
        wrong.push("a card was posted there");
      if (!/shared|outside/i.test(words)) wrong.push(`who asked is told: ${words.slice(0, 100)}`);
      await target.stop();
      const bot = target.begin();
      const exit = await Promise.race([bot.exited, bot.logged("ready", 30_000).then(() => null)]);
      if (exit === null) wrong.push("it starts");
      else if (!/shared|outside/i.test(bot.stderr() + bot.stdout()))
        wrong.push("it does not say why it does not start");
      return unless(wrong, `no card, a sentence, and exit code ${exit?.code ?? "none"} at start`);
    },
  },
  {
    item: CHANNEL,
    name: "public-channel",
    claim: "an approvals channel that everybody may join is warned of",
    isolated: true,
    async run(targets) {
      const target = await targets.prepare();
      target.slack.setChannel(CHANNELS.approvals, { isPrivate: true });
      await target.start();
      const isWarned = (): boolean =>
        warningsOf(target).some((line) => /public|anybody|everybody/i.test(line));
      control(!(await comesAbout(isWarned, 2000)), "a private one is warned of");
      await target.stop();
      target.slack.setChannel(CHANNELS.approvals, { isPrivate: false });
      await target.start();
      return unless(
        (await comesAbout(isWarned, 5000)) ? [] : ["no warning"],
        "a warning, and none for a private one",
      );
    },
  },
  {
    item: "policies",
    name: "policies-that-undo-themselves",
    claim: "a policy that undoes itself is named at start, and to operators in Slack",
    isolated: true,
    timeoutMs: 120_000,
    async run(targets) {
      // About a file of its own: of PostgreSQL there would be warnings of the role.
      const target = await targets.prepare({ isFile: true });
      const file = target.env["ZT_POLICY_FILE"] ?? "";
      target.slack.setPerson("U0GONE001", {
        name: "gone",
        realName: "Gone",
        email: "gone@example.com",
        deleted: true,
      });
      target.slack.setChannel(CHANNELS.approvals, { isPrivate: true });
      const start = async (policy: string): Promise<{ named: string; help: string }> => {
        writeFileSync(file, policy);
        const bot = target.begin();
        const exit = await Promise.race([bot.exited, bot.logged("ready", 30_000).then(() => null)]);
        if (exit !== null) return { named: bot.stderr() + bot.stdout(), help: "refused" };
        const url = String(bot.logs("ready")[0]?.["url"]);
        target.slack.setDelivery({ mode: "http", url: `${url}/slack/events` });
        await comesAbout(() => bot.logs().some(isWarning), 2500);
        const help = await answerTo(target, PEOPLE.alice, "help").catch(String);
        const named = bot
          .logs()
          .filter(isWarning)
          .map((line) => JSON.stringify(line))
          .join("\n");
        await bot.stop();
        return { named, help };
      };
      const good = await start(POLICY);
      control(good.named === "", `a good policy is warned of: ${good.named}`);
      const wrong: string[] = [];
      for (const [what, [policy, word]] of Object.entries(BAD_POLICIES)) {
        const { named, help } = await start(policy);
        if (named === "") wrong.push(`${what}: not named at start`);
        else if (!word.test(named)) wrong.push(`${what}: something else is named`);
        if (help !== "refused" && !/policy/i.test(help.replace(good.help, "")))
          wrong.push(`${what}: not named in /zt`);
      }
      return unless(wrong, `${Object.keys(BAD_POLICIES).length} policies, each named; a good one is not`);
    },
  },
  {
    item: PACKAGE,
    name: "old-node",
    claim: "npm start on Node 20 is a sentence that says what to do",
    async run() {
      const old = await findOldNode();
      // As `npm ci --omit=dev` leaves it, without the Node that comes with the tools.
      const folder = mkdtempSync(join(tmpdir(), "zt-attack-"));
      cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
      for (const name of ["src", "scripts"]) symlinkSync(join(ROOT, name), join(folder, name));
      const ran = await run(old.folder, ["start"], folder);
      rmSync(folder, { recursive: true });
      const said = `${ran.stdout}${ran.stderr}`;
      control(ran.code !== 0, "it starts");
      const wrong = [
        ...(/ERR_\w+|SyntaxError|bad option/.test(said) ? ["it is an error of Node's"] : []),
        ...(/Node(\.js)? ?(2[2-9]|v?2[2-9])/.test(said)
          ? []
          : [`it does not say which Node: ${said.slice(-150)}`]),
      ];
      return unless(wrong, `on ${old.version}: ${said.trim().split("\n").at(-1)}`);
    },
  },
  {
    item: PACKAGE,
    name: "password-fragments",
    claim: "no part of a database password reaches any output, also where it was not escaped",
    isolated: true,
    timeoutMs: 120_000,
    async run(targets) {
      const target = await targets.prepare();
      const wrong: string[] = [];
      const urls = [
        "postgres://zt:first@SECOND-PART@127.0.0.1:1/zt",
        "postgres://zt:first/SECOND-PART@127.0.0.1:1/zt",
        "postgres://zt:first?SECOND-PART@127.0.0.1:1/zt",
        "postgres://zt:first#SECOND-PART@127.0.0.1:1/zt",
        "postgres://zt:first:SECOND-PART@127.0.0.1:1/zt",
        "postgres://zt:first%SECOND-PART@127.0.0.1:1/zt",
        "postgres://zt:first SECOND-PART@127.0.0.1:1/zt",
      ];
      let said = "";
      for (const url of urls) {
        const bot = target.begin({ DATABASE_URL: url });
        await Promise.race([bot.exited, comesAbout(() => false, 10_000)]);
        await bot.kill();
        const words = bot.stdout() + bot.stderr();
        if (/second-part/i.test(words)) wrong.push(url.replace(/^postgres:\/\/zt:/, ""));
        said += words;
      }
      control(said !== "", "nothing is said of any of them");
      return unless(
        wrong.map((url) => `${url} is quoted`),
        `${urls.length} ways to write it, and none is quoted`,
      );
    },
  },
  {
    item: PACKAGE,
    name: "debugger-signal",
    claim: "SIGUSR1 opens no debugger",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      control(!(await isOpen(9229)), "something listens on 9229 before the attack");
      target.bot.signal("SIGUSR1");
      const isDebugged = await comesAbout(() => isOpen(9229), 2000);
      return unless(isDebugged ? ["127.0.0.1:9229 takes a debugger"] : [], "nothing listens on 9229");
    },
  },
  {
    item: PACKAGE,
    name: "what-is-in-it",
    claim: "a command lists what it is made of, and SECURITY.md says what each leaked secret gives",
    async run() {
      const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
        scripts: Record<string, string>;
      };
      const wrong: string[] = [];
      if (scripts["sbom"] === undefined) wrong.push("there is no npm run sbom");
      else {
        const ran = await run(join(process.execPath, ".."), ["run", "--silent", "sbom"]);
        const parts =
          ran.code === 0 ? (JSON.parse(ran.stdout) as { components?: unknown[] }).components : undefined;
        if ((parts?.length ?? 0) < 10) wrong.push(`npm run sbom: exit code ${ran.code}`);
      }
      const file = join(ROOT, "SECURITY.md");
      const words = existsSync(file) ? readFileSync(file, "utf8") : "";
      control(
        readFileSync(join(ROOT, ".env.example"), "utf8").includes("SLACK_BOT_TOKEN"),
        "there are no secrets",
      );
      for (const name of [
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_APP_TOKEN",
        "CLOUDFLARE_API_TOKEN",
        "DATABASE_URL",
      ])
        if (!words.includes(name)) wrong.push(`SECURITY.md does not say what ${name} gives`);
      return unless(wrong, "both are there");
    },
  },
];

function isWarning({ level }: { level: string }): boolean {
  return level === "warn";
}

function warningsOf(target: Target): string[] {
  return target.bot
    .logs()
    .filter(({ level }) => level === "warn")
    .map((line) => JSON.stringify(line));
}

const { alice, bob } = PEOPLE;

/** Each with what has to be named. */
const BAD_POLICIES: Record<string, [policy: string, word: RegExp]> = {
  "who acts alone tells themselves": [
    `${POLICY}break_glass: { members: [${alice}], notify: [${alice}] }\n`,
    /break_glass/,
  ],
  "a quorum above the eligible": [`${POLICY}quorum: 5\n`, /quorum/],
  "one person as the only operator and approver": [
    POLICY.replace(/^operators: .*$/m, `operators: [${bob}, ${alice}]`)
      .replace(/^approvers: .*$/m, `approvers: [${bob}]`)
      .replace(`operators: [${bob}, ${alice}]`, `operators: [${bob}]`)
      .concat(`viewers: [${alice}]\n`),
    /operator|approver/,
  ],
  "a ttl of years": [POLICY.replace("revoke: { ttl: 1h }", "revoke: { ttl: 1000d }"), /ttl/],
  "ids from the example": [
    POLICY.replace(/^approvers: .*$/m, "approvers: [S0LEADS01, U0123ALICE]"),
    /U0123ALICE/,
  ],
  "nobody by that id": [POLICY.replace(/^approvers: .*$/m, "approvers: [S0LEADS01, U0NOBODY1]"), /U0NOBODY1/],
  "somebody deactivated": [
    POLICY.replace(/^approvers: .*$/m, "approvers: [S0LEADS01, U0GONE001]"),
    /U0GONE001/,
  ],
};

interface OldNode {
  folder: string;
  version: string;
}

/** A Node 20 on this machine. @throws NotTried */
async function findOldNode(): Promise<OldNode> {
  const own = join(ROOT, "node_modules");
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const file = join(folder, "node");
    if (folder.startsWith(own) || !existsSync(file)) continue;
    const { stdout } = await runFile(file, ["--version"], {});
    if (/^v(1\d|20)\./.test(stdout)) return { folder, version: stdout.trim() };
  }
  throw new NotTried("there is no Node 20 on the PATH of this machine");
}

/** npm with the Node of that folder before all others. */
function run(node: string, args: readonly string[], cwd = ROOT): Promise<Ran> {
  const path = `${node}${delimiter}${process.env["PATH"] ?? ""}`;
  return runFile("npm", args, { PATH: path, HOME: process.env["HOME"] ?? "" }, cwd);
}

function runFile(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd = ROOT,
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd, env, maxBuffer: 64 * 1024 * 1024, timeout: 40_000 };
    const child = execFile(file, args, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

async function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
