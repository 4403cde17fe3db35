export { seedWorkspace } from "./seed/workspace.ts";
