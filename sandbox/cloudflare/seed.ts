/** The account of `npm run sandbox`: two hundred users, most of them ordinary, some worth an investigation. */
import { faker } from "@faker-js/faker/locale/en";
import type { World } from "./world.ts";
import { createBuilder } from "./seed/builder.ts";
import { makeApps, makeIdps } from "./seed/catalogue.ts";
import { addCrowd } from "./seed/crowd.ts";
import { addKeepOut } from "./seed/keep-out.ts";
import { addStories } from "./seed/stories.ts";

const SEED = 20_250_214;
const USERS = 200;

/** Fills an empty world. The same people with the same ids in every run; times are relative to `now`. */
export function seedWorkspace(world: World, now: number): void {
  faker.seed(SEED);
  world.apps.push(...makeApps(faker));
  world.idps.push(...makeIdps(faker));
  const builder = createBuilder(world, faker, now);
  addStories(builder);
  addCrowd(builder, USERS - world.users.length);
  addKeepOut(world, now);
}
