import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = import.meta.dirname;

/** Two pages of one bundle: the sandbox itself, and one message alone for pictures. */
export default defineConfig({
  root: here,
  base: "./",
  logLevel: "error",
  plugins: [react()],
  build: {
    target: "es2022",
    // The page's policy takes fonts as files only.
    assetsInlineLimit: 0,
    // The emoji names that come with slack-blocks-to-jsx make one large chunk; it is only ever served from this machine.
    chunkSizeWarningLimit: 4_000,
    rolldownOptions: { input: [join(here, "index.html"), join(here, "picture.html")] },
  },
});
