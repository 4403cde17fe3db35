import { execFileSync } from "node:child_process";
import { join } from "node:path";

/**
 * `npm run sbom`: what zt-bot is built from, as CycloneDX on standard output, from the lock file. npm's own `--omit dev` leaves
 * out everything that a development package needs too (half of what runs), so it is done here.
 */
interface Bom {
  components: { "bom-ref": string; properties?: { name: string; value: string }[] }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

const DEVELOPMENT = "cdx:npm:package:development";
const args = ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application", "--package-lock-only"];
const all = execFileSync("npm", args, {
  cwd: join(import.meta.dirname, ".."),
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
  maxBuffer: 64 * 1024 * 1024,
});
const bom = JSON.parse(all) as Bom;
const development = new Set(
  bom.components
    .filter(({ properties = [] }) => properties.some(({ name }) => name === DEVELOPMENT))
    .map((component) => component["bom-ref"]),
);
const isKept = (ref: string): boolean => !development.has(ref);
const kept: Bom = {
  ...bom,
  components: bom.components.filter((component) => isKept(component["bom-ref"])),
  dependencies: bom.dependencies
    .filter(({ ref }) => isKept(ref))
    .map((one) => ({ ...one, dependsOn: (one.dependsOn ?? []).filter(isKept) })),
};
process.stdout.write(`${JSON.stringify(kept, null, 2)}\n`);
