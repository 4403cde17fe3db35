import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import lock from "../package-lock.json" with { type: "json" };
import manifest from "../package.json" with { type: "json" };

const CHECK = join(import.meta.dirname, "..", "scripts", "check-node.cjs");

/** Runs the check on a Node that says it is of this version. */
function checkOn(version: string): Promise<{ code: number | null; stderr: string }> {
  const folder = mkdtempSync(join(tmpdir(), "zt-node-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const disguise = join(folder, "disguise.cjs");
  writeFileSync(
    disguise,
    `Object.defineProperty(process, "versions", { value: { node: ${JSON.stringify(version)} } });`,
  );
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ["--require", disguise, CHECK], (_error, _stdout, stderr) =>
      resolve({ code: child.exitCode, stderr }),
    );
  });
}

it.each(["0.12.18", "18.20.8", "20.20.2", "22.18.9"])(
  "Node %s is refused in one sentence before anything is started",
  async (version) => {
    const { code, stderr } = await checkOn(version);
    expect(code).toBe(78);
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringContaining(`zt-bot needs Node.js 22.19 or newer, and this is ${version}`),
    ]);
  },
);

it.each(["22.19.0", "22.20.1", "24.0.0", "100.1.0"])("Node %s is taken", async (version) => {
  expect(await checkOn(version)).toEqual({ code: 0, stderr: "" });
});

it("whatever runs without the development packages looks at its Node first", () => {
  const scripts: Record<string, string> = manifest.scripts;
  for (const name of ["start", "migrate", "audit", "doctor", "setup", "backup", "restore"])
    expect(scripts[`pre${name}`]).toBe("node scripts/check-node.cjs");
});

it("npm run sbom lists all that runs, and nothing that only development needs", { tags: ["slow"] }, () => {
  const root = join(import.meta.dirname, "..");
  const out = execFileSync("npm", ["run", "--silent", "sbom"], {
    cwd: root,
    encoding: "utf8",
    stdio: "pipe",
  });
  const { bomFormat, components, dependencies } = JSON.parse(out) as {
    bomFormat: string;
    components: { "bom-ref": string }[];
    dependencies: { dependsOn: string[] }[];
  };
  expect(bomFormat).toBe("CycloneDX");
  const wanted = Object.entries(lock.packages as Record<string, { version: string; dev?: boolean }>).flatMap(
    ([path, { version, dev = false }]) =>
      path === "" || dev ? [] : [`${path.split("node_modules/").at(-1)}@${version}`],
  );
  const listed = components.map((one) => one["bom-ref"]);
  expect(new Set(listed)).toEqual(new Set(wanted));
  expect(dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !listed.includes(ref))).toEqual(
    [],
  );
});
