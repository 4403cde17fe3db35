import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, globSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Pool } from "pg";

import { PEOPLE } from "../../sandbox/workspace.ts";
import { control, NotTried, unless, type Attack } from "./attack.ts";
import { answerTo, approve, ask, changesOf, comesAbout, threadOf, type, wordsOf } from "./people.ts";
import { statusOf } from "./requests.ts";
import { runScript, type Target, type TargetOptions, type Targets } from "./targets.ts";

const READY = "readiness";

/** What happens when the database or its disk is not what it should be, and what its files and roles let others do. */
export const storageAttacks: Attack[] = [
  {
    item: READY,
    name: "locked-database",
    claim:
      "while somebody locks the database /readyz is not 200, look-ups are answered, and nothing blocks the loop",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      control((await statusOf(target, "/readyz")) === 200, "/readyz is not 200 before the attack");
      const lock = await lockDatabase(target);
      const wrong: string[] = [];
      let slowest = 0;
      try {
        // A write that has to wait: it is what would block the loop.
        void type(target, PEOPLE.alice, "revoke dana@example.com --reason stolen laptop").catch(() => {});
        const until = performance.now() + 6000;
        let isUnready = false;
        while (performance.now() < until) {
          const at = performance.now();
          const readiness = statusOf(target, "/readyz", 6000);
          await statusOf(target, "/healthz", 6000);
          slowest = Math.max(slowest, performance.now() - at);
          isUnready ||= (await readiness) !== 200;
        }
        if (!isUnready) wrong.push("/readyz is 200");
        if (slowest > 1000) wrong.push(`/healthz took ${Math.round(slowest)} ms`);
        const words = await answerTo(target, PEOPLE.bob, "user mallory@example.com").catch(String);
        if (!words.includes("active session")) wrong.push(`a look-up is not answered: ${words}`);
      } finally {
        await lock.release();
      }
      const isBack = await comesAbout(async () => (await statusOf(target, "/readyz")) === 200, 30_000, 250);
      control(isBack, "/readyz does not come back after the lock");
      return unless(
        wrong,
        `/readyz was not 200, /healthz took ${Math.round(slowest)} ms at most, a look-up was answered`,
      );
    },
  },
  {
    item: READY,
    name: "full-disk",
    claim: "on a full disk /readyz is not 200, and is again once there is room",
    isolated: true,
    run: (targets) =>
      onSmallDisk(targets, {}, async (target, disk) => {
        control((await statusOf(target, "/readyz")) === 200, "/readyz is not 200 before the attack");
        disk.fill();
        const isUnready = await comesAbout(
          async () => (await statusOf(target, "/readyz")) !== 200,
          20_000,
          250,
        );
        const words = await answerTo(target, PEOPLE.bob, "user mallory@example.com").catch(String);
        disk.empty();
        const isBack = await comesAbout(async () => (await statusOf(target, "/readyz")) === 200, 20_000, 250);
        const wrong = [
          ...(isUnready ? [] : ["/readyz is 200 on a full disk"]),
          ...(words.includes("active session") ? [] : [`a look-up is not answered: ${words}`]),
          ...(isBack ? [] : ["/readyz does not come back"]),
        ];
        return unless(wrong, "/readyz was not 200, a look-up was answered, and it came back");
      }),
  },
  {
    item: READY,
    name: "full-disk-after-a-call",
    claim:
      "when the disk fills after a call, the thread says what is known of it and not that zt-bot was stopped",
    isolated: true,
    timeoutMs: 90_000,
    run: (targets) =>
      onSmallDisk(targets, {}, async (target, disk) => {
        const { cloudflare } = target;
        const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
        const gate = cloudflare.faults.holdAnswer("revoke-user");
        await approve(target, card);
        const arrived = await Promise.race([
          gate.arrived.then(() => true),
          comesAbout(() => false, 10_000).then(() => false),
        ]);
        control(arrived, "the call did not come");
        disk.fill();
        gate.release();
        await comesAbout(() => false, 4000);
        disk.empty();
        const isOver = await comesAbout(() => threadOf(target, card).includes("Next:"), 45_000, 250);
        const words = `${threadOf(target, card)}\n${wordsOf(target, card)}`;
        const calls = changesOf(target).length;
        const wrong = [
          ...(isOver ? [] : ["the request does not end"]),
          ...(/was stopped|was restarted/i.test(words) ? ["it says that zt-bot was stopped"] : []),
          ...(/could not be recorded/i.test(words)
            ? []
            : ["it does not say that the answer could not be recorded"]),
          ...(calls === 1 ? [] : [`the call was sent ${calls} times`]),
        ];
        return unless(wrong, "it says that the answer could not be recorded, and was sent once");
      }),
  },
  {
    item: "files",
    name: "readable-files",
    claim:
      "database files are 0600 and their folder 0700 whatever the umask; a readable .env or policy.yml is warned of",
    isolated: true,
    async run(targets) {
      const target = await targets.prepare({ isFile: true });
      writeFileSync(join(target.folder, ".env"), "LOG_LEVEL=info\n");
      chmodSync(join(target.folder, ".env"), 0o644);
      chmodSync(join(target.folder, "policy.yml"), 0o644);
      const umask = process.umask(0);
      const starting = target.start();
      process.umask(umask);
      await starting;
      await answerTo(target, PEOPLE.alice, "revoke dana@example.com --reason stolen laptop");
      const data = join(target.folder, "data");
      const modes = globSync("data/*", { cwd: target.folder }).map(
        (file) => `${file} ${modeOf(join(target.folder, file))}`,
      );
      control(modes.length >= 2, "there are no database files");
      const wrong = modes.filter((one) => !one.endsWith(" 600"));
      if (modeOf(data) !== "700") wrong.push(`data ${modeOf(data)}`);
      const warnings = target.bot
        .logs()
        .filter(({ level }) => level === "warn")
        .map((line) => JSON.stringify(line))
        .join("\n");
      if (!warnings.includes(".env")) wrong.push("no warning of a readable .env");
      if (!warnings.includes("policy.yml")) wrong.push("no warning of a readable policy.yml");
      return unless(wrong, `${modes.length} files 600, their folder 700, and both warnings`);
    },
  },
  {
    item: "database role",
    name: "least-privilege",
    claim:
      "the bot's own role can neither change, delete nor truncate the record, nor lift its triggers; one that can is warned of",
    isolated: true,
    timeoutMs: 90_000,
    async run(targets) {
      if (targets.dialect !== "postgres") throw new NotTried("this needs PostgreSQL: --database URL");
      const target = await targets.prepare();
      const owner = target.env["DATABASE_URL"] ?? "";
      const role = `zt_attack_${randomBytes(4).toString("hex")}`;
      const url = new URL(owner);
      url.username = role;
      await withPool(owner, (pool) => pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'attack'`));
      url.password = "attack";
      try {
        target.env["DATABASE_URL"] = url.href;
        const migrated = await runScript({ ...target.env, MIGRATION_DATABASE_URL: owner }, "migrate.ts", []);
        control(migrated.code === 0, `npm run migrate: exit code ${migrated.code}: ${migrated.stderr}`);
        await target.start();
        // What the role has to be able to do.
        await ask(target, "revoke mallory@example.com --reason stolen laptop");
        const wrong: string[] = [];
        for (const statement of [
          "UPDATE audit SET actor = 'U0NOBODY1'",
          "DELETE FROM audit",
          "TRUNCATE audit",
          "ALTER TABLE audit DISABLE TRIGGER USER",
          "DROP TABLE audit",
          "ALTER TABLE audit ADD COLUMN note text",
          "CREATE OR REPLACE FUNCTION audit_no_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
          "SET session_replication_role = replica",
          "CREATE TRIGGER lift BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        ]) {
          const refusal = await withPool(url.href, (pool) =>
            pool.query(statement).then(
              () => null,
              (error: unknown) => (error as { code?: string }).code ?? String(error),
            ),
          );
          // 42501: insufficient_privilege. Anything else was stopped by something that this role could lift.
          if (refusal !== "42501") wrong.push(`${statement}: ${refusal ?? "done"}`);
        }
        await target.stop();
        await target.start({ DATABASE_URL: owner });
        const isWarned = await comesAbout(
          () =>
            target.bot
              .logs()
              .some(
                ({ level, ...line }) => level === "warn" && /role|owns|superuser/i.test(JSON.stringify(line)),
              ),
          5000,
        );
        if (!isWarned) wrong.push("no warning when the bot's role owns the tables");
        return unless(wrong, "nine statements refused by rights, and the owner's role is warned of");
      } finally {
        await target.stop();
        await withPool(owner, async (pool) => {
          await pool.query(`DROP OWNED BY ${role}`);
          await pool.query(`DROP ROLE ${role}`);
        });
      }
    },
  },
  {
    item: "required copy",
    name: "copy-withheld",
    claim:
      "with AUDIT_FORWARD_REQUIRED nothing destructive is sent while the copy is behind, and the card says so",
    isolated: true,
    timeoutMs: 90_000,
    async run(targets) {
      let isDown = true;
      const sink = createServer((request, response) => {
        request.resume();
        request.on("end", () => response.writeHead(isDown ? 500 : 204).end());
      });
      sink.listen(0, "127.0.0.1");
      await once(sink, "listening");
      try {
        const target = await targets.start({
          env: {
            AUDIT_FORWARD: `http://127.0.0.1:${(sink.address() as AddressInfo).port}/rows`,
            AUDIT_FORWARD_REQUIRED: "true",
            AUDIT_FORWARD_MAX_LAG: "1/5s",
          },
        });
        const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
        await approve(target, card);
        await comesAbout(() => changesOf(target).length > 0, 8000);
        const early = changesOf(target).length;
        const words = `${wordsOf(target, card)}\n${threadOf(target, card)}`;
        isDown = false;
        const isDone = await comesAbout(() => changesOf(target).length > 0, 60_000, 250);
        control(isDone, "it is not carried out when the copy is taken again either");
        const wrong = [
          ...(early > 0 ? ["it was sent while no copy was taken"] : []),
          ...(/copy|forward/i.test(words) ? [] : ["the card does not say why it waits"]),
        ];
        return unless(wrong, "it waited, said why, and was sent when the copy was taken");
      } finally {
        sink.closeAllConnections();
        sink.close();
      }
    },
  },
];

async function lockDatabase(target: Target): Promise<{ release(): Promise<void> }> {
  if (target.dialect === "sqlite") {
    const file = (target.env["DATABASE_URL"] ?? "").replace(/^file:/, "");
    const database = new DatabaseSync(file);
    database.exec("PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE;");
    return {
      release() {
        database.exec("ROLLBACK");
        database.close();
        return Promise.resolve();
      },
    };
  }
  const pool = new Pool({ connectionString: target.env["DATABASE_URL"] ?? "", max: 1 });
  const client = await pool.connect();
  await client.query("BEGIN");
  // As a dump or a migration does: nobody writes meanwhile, everybody reads.
  const { rows } = await client.query<{ name: string }>(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = current_schema()",
  );
  await client.query(`LOCK TABLE ${rows.map(({ name }) => name).join(", ")} IN EXCLUSIVE MODE`);
  return {
    async release() {
      await client.query("ROLLBACK");
      client.release();
      await pool.end();
    },
  };
}

interface SmallDisk {
  fill(): void;
  empty(): void;
}

/** A bot whose data folder is a disk of a few megabytes of its own. @throws NotTried where none can be mounted */
async function onSmallDisk<T>(
  targets: Targets,
  options: TargetOptions,
  work: (target: Target, disk: SmallDisk) => Promise<T>,
): Promise<T> {
  const target = await targets.prepare({ ...options, isFile: true });
  const data = join(target.folder, "data");
  mkdirSync(data, { mode: 0o700 });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", data], { stdio: "pipe" });
  } catch {
    throw new NotTried("this mounts a small disk, which only root may");
  }
  try {
    await target.start();
    return await work(target, {
      fill: () => fillDisk(join(data, "filler")),
      empty: () => rmSync(join(data, "filler")),
    });
  } finally {
    await target.stop();
    execFileSync("umount", [data], { stdio: "pipe" });
  }
}

function fillDisk(file: string): void {
  for (const size of [1024 * 1024, 4096, 1])
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}

async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 5000 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
