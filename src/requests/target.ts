import { z } from "zod";

/** Whom an action is about: the Access user as Cloudflare knew them when it was asked for. */
export const Target = z.strictObject({
  /** "" for somebody who is only to be created. */
  id: z.string(),
  email: z.string(),
  name: z.string(),
});
export type Target = z.infer<typeof Target>;
