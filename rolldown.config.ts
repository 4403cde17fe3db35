import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { defineConfig } from "rolldown";
import license from "rollup-plugin-license";

const OUT = join(import.meta.dirname, "dist");

/** A binary for this platform, and the font that it writes with: beside the bundle, where Node looks for them. */
const BESIDE = ["@napi-rs/canvas", "@fontsource/inter"];
/** Of the font's many files, those that are used. */
const KEPT = /\/inter(?:\/files)?$|\/(?:package\.json|LICENSE|files\/inter-latin-400-normal\.woff2)$/;

// Its types are of an ES module, and it is none.
const collectLicenses = license as unknown as typeof license.default;
let licenses = "";

/**
 * `npm run build`: the bot and its tools with all they need, so that a host needs nothing but Node, and a start reads six
 * files in place of some thousand. With source maps, and the licenses of what is in them.
 */
export default defineConfig({
  input: {
    main: "src/main.ts",
    audit: "scripts/audit.ts",
    backup: "scripts/backup.ts",
    doctor: "scripts/doctor.ts",
    migrate: "scripts/migrate.ts",
  },
  platform: "node",
  external: [...BESIDE, "pg-native"],
  output: { dir: OUT, format: "esm", sourcemap: true, cleanDir: true },
  plugins: [
    collectLicenses({
      thirdParty: (packages) => {
        licenses = packages.map((one) => one.text()).join("\n\n---\n\n");
      },
    }),
    {
      name: "beside",
      writeBundle({ dir = OUT }) {
        for (const name of BESIDE) copyPackage(name, dir);
        writeFileSync(join(dir, "LICENSES.txt"), licenses);
        writeFileSync(join(dir, "package.json"), '{ "type": "module" }\n');
      },
    },
  ],
});

/** Copies a package, and those of its optional ones that are installed: the binary for this platform. */
function copyPackage(name: string, dir: string): void {
  const resolver = createRequire(join(import.meta.dirname, "package.json"));
  const folder = dirname(resolver.resolve(`${name}/package.json`));
  const to = join(dir, "node_modules", name);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(folder, to, {
    recursive: true,
    filter: (file) => !file.includes("/@fontsource/") || KEPT.test(file),
  });
  const { optionalDependencies = {} } = resolver(`${name}/package.json`) as {
    optionalDependencies?: Record<string, string>;
  };
  for (const optional of Object.keys(optionalDependencies))
    if (isInstalled(resolver, optional)) copyPackage(optional, dir);
}

function isInstalled(resolver: NodeJS.Require, name: string): boolean {
  try {
    resolver.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
