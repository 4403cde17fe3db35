import { PEOPLE } from "../../workspace.ts";
import { isSignedIn } from "../find.ts";
import { atIncident, close, deny, lookUp, note, openIncident, request } from "../people.ts";
import type { Scenario } from "../scenario.ts";

const EMAIL = "rhea@example.com";
/** When she signed in from there. */
const AGO_MS = 10 * 60_000;

/** Rhea is at a conference, and nothing is wrong. */
export const falseAlarm: Scenario = {
  title: "False alarm",
  about: "Rhea signs in from another continent. It turns out to be a conference, and nothing is revoked.",
  setUp(scene) {
    const { cloudflare } = scene;
    const away = { ip: "198.51.100.77", country: "US", apps: ["Metabase"] };
    const at = cloudflare.now() - AGO_MS;
    if (!isSignedIn(scene, EMAIL))
      cloudflare.login(EMAIL, { country: "PT", ip: "192.0.2.17", at, force: true });
    cloudflare.login(EMAIL, { ...away, at, force: true });
    cloudflare.addRiskEvent(EMAIL, {
      name: "Impossible travel",
      level: "high",
      details: { from: { country: "PT" }, to: { country: away.country, ip: away.ip } },
      at,
    });
  },
  steps: [
    lookUp(EMAIL, {
      title: "Alice looks Rhea up",
      why: "Cloudflare reports impossible travel: Portugal, then the United States.",
      look: "The first line is the verdict. The sessions show both countries.",
    }),
    openIncident([EMAIL], "Impossible travel: Rhea", {
      title: "Alice opens an incident",
      why: "It looks bad enough to act, and others need to know.",
      look: "The head shows what is open, and the next step as a button.",
    }),
    request(`revoke ${EMAIL} --reason Impossible travel PT to US`, {
      title: "Alice requests a revocation",
      why: "She can't wait for certainty. The approver decides with fresh eyes.",
      look: "The card in #zt-approvals has the evidence, so Bob doesn't have to look it up.",
    }),
    deny("bob", "Rhea is in New York for a conference: I had lunch with her", {
      title: "Bob denies it, and says why",
      why: "A denial needs a reason: Alice needs to know what was missing.",
      look: "The incident's thread has the denial with its reason. Cloudflare was not called.",
    }),
    note("bob", "Rhea confirms both sign-ins by phone", {
      title: "Bob adds a note",
      why: "Someone who reads this in a month needs to see why nothing was done.",
      look: "The note is in the thread, with a name and a time.",
    }),
    close({
      title: "Alice closes the incident",
      why: "Rhea's sessions stay open: a gap, which zt-bot names and Alice confirms.",
      look: "The head says that gaps were left. The thread says which.",
    }),
    {
      title: "Rhea keeps working",
      why: "Nothing was revoked: both sessions are as they were.",
      byHand: "This happens by itself.",
      look: "The thread tells the whole story in a few lines.",
      where: atIncident(PEOPLE.alice),
      isDone: (scene) => isSignedIn(scene, EMAIL),
    },
  ],
  moral: "Requested, denied with a reason, noted, closed: nothing was done, and the record says why.",
};
