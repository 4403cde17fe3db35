import { PEOPLE } from "../../workspace.ts";
import { isContained, isOver, isSignedIn } from "../find.ts";
import { approve, atCard, atIncident, close, lookUp, openIncident, request } from "../people.ts";
import type { Scenario, Scene, Step } from "../scenario.ts";

const PEOPLE_COUNT = 40;
const ATTACKER_IP = "198.51.100.23";
const ROUTE = "revoke-user";
/** When the attacker got in. */
const AGO_MS = 10 * 60_000;

/** A list of leaked passwords is tried on everyone, and forty fit. */
export function credentialStuffing(scene: Pick<Scene, "cloudflare">): Scenario {
  const emails = choosePeople(scene);
  const [first = ""] = emails;
  const isEveryoneOut = (now: Scene): boolean => !emails.some((email) => isSignedIn(now, email));
  return {
    title: "Credential stuffing",
    about: "Leaked passwords fit forty accounts. Cloudflare fails half-way through, and zt-bot finishes.",
    setUp({ cloudflare }) {
      cloudflare.faults.clear();
      for (const email of emails) {
        const at = cloudflare.now() - AGO_MS;
        for (let times = 0; times < 12; times += 1) cloudflare.failLogin(email, { ip: ATTACKER_IP, at });
        cloudflare.login(email, { ip: ATTACKER_IP, country: "RU", at, force: true });
      }
    },
    steps: [
      lookUp(first, {
        title: "Alice looks at one of them",
        why: "The same address failed and then got in, at forty accounts within minutes.",
        look: "The first line is the verdict. The newest session is from another country.",
      }),
      openIncident(emails, "Credential stuffing", {
        title: "Alice opens an incident about all forty",
        why: "One thread for forty people: an incident takes up to fifty.",
        look: "The head has a line for each of them.",
      }),
      request(`revoke ${emails.join(" ")} --reason Credential stuffing from ${ATTACKER_IP}`, {
        title: "Alice requests one revocation for all",
        why: "Forty requests would be forty approvals. One plan names everyone, and is frozen.",
        look: "The card lists all forty, and says that the first one is revoked alone.",
      }),
      {
        ...approve("bob", {
          title: "Bob approves it",
          why: "He has looked at the list: none of the forty is a protected person.",
          look: "The first person is revoked alone and verified. Then the others follow.",
        }),
        prepare: (now) => failHalfWay(now, emails),
      },
      {
        title: "Cloudflare fails half-way",
        why: "The guide makes Cloudflare answer 502 once half of them are out.",
        byHand: "This happens by itself.",
        look: "The card says how many are done. Nothing is sent again before it is checked.",
        where: atCard(PEOPLE.bob),
        isDone: ({ cloudflare, startedAt }) =>
          cloudflare.requests.some(
            ({ at, route, status }) => at >= startedAt && route === ROUTE && status === 502,
          ),
      },
      recover,
      {
        title: "zt-bot finishes",
        why: "Those already revoked are not touched. The others are checked, and revoked if still signed in.",
        byHand: "This happens by itself.",
        look: "The card counts everyone. No one was revoked twice.",
        where: atCard(PEOPLE.bob),
        isDone: (now) => isOver(now) && isEveryoneOut(now),
      },
      {
        title: "The incident is contained",
        why: "zt-bot reads all forty again.",
        byHand: "This happens by itself.",
        look: "No one in the head has a session left.",
        where: atIncident(PEOPLE.alice),
        isDone: isContained,
      },
      close({
        title: "Alice closes the incident",
        why: "The passwords are reset elsewhere. zt-bot's part is done.",
        look: "The thread ends with a summary, with figures for all forty.",
      }),
    ],
    moral: "Forty people, one approval, an outage in the middle: everyone out, each verified.",
  };
}

const recover: Step = {
  title: "Cloudflare works again",
  why: "Outages end. zt-bot continues by itself: no one has to press anything.",
  byHand: "In the Cloudflare panel, press Switch all off.",
  look: "The next calls go through.",
  where: atCard(PEOPLE.bob),
  act: async ({ cloudflare }) => cloudflare.faults.clear(),
  isDone: ({ cloudflare }) => cloudflare.faults.list().length === 0,
};

/** Ordinary people, the same ones in every sandbox. */
function choosePeople({ cloudflare }: Pick<Scene, "cloudflare">): string[] {
  return cloudflare.state.users
    .filter(({ email, story }) => story === null && email.endsWith("@example.com"))
    .slice(0, PEOPLE_COUNT)
    .map(({ email }) => email);
}

/** Slow enough to watch; and from the moment when half of them are out, every further revocation fails. */
function failHalfWay(scene: Scene, emails: readonly string[]): void {
  const { cloudflare } = scene;
  cloudflare.faults.set(ROUTE, { kind: "latency", ms: 200 });
  const stop = cloudflare.on("change", () => {
    const out = emails.filter((email) => !isSignedIn(scene, email)).length;
    if (out < emails.length / 2) return;
    stop();
    cloudflare.faults.set(ROUTE, { kind: "status", status: 502 });
  });
  scene.signal.addEventListener("abort", stop);
}
