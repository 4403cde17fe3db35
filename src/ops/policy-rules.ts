import { personRefusal } from "../approvals/eligibility.ts";
import { refuseChannel } from "../approvals/channel.ts";
import { isListed } from "../approvals/protected-targets.ts";
import { capitalize, list, plural } from "../pluralize.ts";
import type { Policy } from "../policy-file.ts";
import { ACTION_NAMES, type ActionName } from "../requests/plan.ts";
import type { ChannelReading } from "../slack/channels.ts";
import type { Person } from "../slack/directory.ts";
import { duration } from "../views/text.ts";

/** Something in a policy that undoes what it is there for. */
export interface Finding {
  rule: string;
  /** Where in policy.yml: `operators`, `actions.revoke.ttl`. */
  places: readonly string[];
  /** What is so, and what follows from it: one sentence. */
  danger: string;
  /** What fixes it. */
  fix: string;
}

/** What Slack said of whom a policy names, as far as it was asked by now. */
export interface SlackFacts {
  /** User groups that were read; null: Slack does not know the group. */
  groups: ReadonlyMap<string, readonly string[] | null>;
  /** People who were read; null: Slack does not know the id. */
  people: ReadonlyMap<string, Person | null>;
  /** The approvals channel; null: not read. */
  channel: ChannelReading | null;
}

export const NOT_ASKED: SlackFacts = { groups: new Map(), people: new Map(), channel: null };

/** Everything found in a policy. Pure: with NOT_ASKED it is what the file alone shows. */
export function reviewPolicy(policy: Policy, facts: SlackFacts, homeTeamId: string): Finding[] {
  const scene = { policy, facts, homeTeamId, places: placesOf(policy) };
  return Object.entries(RULES).flatMap(([rule, find]) => find(scene).map((found) => ({ rule, ...found })));
}

interface Scene {
  policy: Policy;
  facts: SlackFacts;
  homeTeamId: string;
  places: ReadonlyMap<string, readonly string[]>;
}

type Rule = (scene: Scene) => Omit<Finding, "rule">[];

const DAY_MS = 24 * 60 * 60_000;
/** A request that waits for longer is decided on evidence from another month. */
const LONG_TTL_MS = 30 * DAY_MS;

/** How many approvers are told directly: see reminders/notify-approvers.ts. */
const MAX_TOLD = 20;

const RULES: Record<string, Rule> = {
  "placeholder-id": ({ places }) =>
    ofIds(
      places,
      (id) => isPlaceholder(id),
      (ids) => `${list(ids)} ${ids.length === 1 ? "is an example" : "are examples"}, not of this workspace`,
      "Put the ids of your own workspace in their place",
    ),

  "unknown-person": (scene) =>
    ofPeople(
      scene,
      (person) => person === null,
      (ids) => `Slack knows no user ${list(ids)}: mistyped, or from another workspace`,
      "Copy the id from the person's profile in Slack",
    ),

  "deactivated-person": (scene) =>
    ofPeople(
      scene,
      (person) => person?.isDeactivated === true,
      (ids) =>
        `${list(ids)} ${are(ids)} deactivated in Slack: ignored until reactivated, and then with the old role again`,
      "Remove who has left",
    ),

  "bot-user": (scene) =>
    ofPeople(
      scene,
      (person) => person?.isBot === true,
      (ids) => `${list(ids)} ${ids.length === 1 ? "is a bot" : "are bots"}, and bots are ignored`,
      "Name people instead",
    ),

  "guest-or-stranger": (scene) =>
    ofPeople(
      scene,
      (person) =>
        person !== null &&
        !(person.isBot || person.isDeactivated) &&
        personRefusal({ person }, scene)?.code === "stranger",
      (ids) =>
        `${list(ids)} ${ids.length === 1 ? "is a guest" : "are guests"} or from another organization: ignored`,
      "Name full members of this workspace",
    ),

  "unknown-group": ({ places, facts }) =>
    ofIds(
      places,
      (id) => facts.groups.get(id) === null && !isPlaceholder(id),
      (ids, at) =>
        `Slack knows no user group ${list(ids)}: no one counts as in it${at.includes(PROTECTED) ? ", and everyone counts as protected" : ""}`,
      "Correct the id, or name another group",
    ),

  "empty-group": ({ places, facts }) =>
    ofIds(
      places,
      (id) => facts.groups.get(id)?.length === 0,
      (ids) => `The user group ${list(ids)} has no members: it stands for no one`,
      "Add its members in Slack, or name another group",
    ),

  "one-person": (scene) => {
    const person = onlyPerson(scene);
    if (person === null) return [];
    return [
      {
        places: ["operators", "approvers"],
        danger: `${person} is the only operator and the only approver, and no one can approve what they request`,
        fix: "Name a second approver",
      },
    ];
  },

  "unreachable-quorum": (scene) => {
    if (onlyPerson(scene) !== null) return [];
    const found = ACTION_NAMES.flatMap((action) => unreachable(scene, action));
    // Mostly one line at the top of the file is to blame for all actions.
    return [...Map.groupBy(found, ({ text }) => text)].map(([text, [...those]]) => ({
      places: [...new Set(those.map(({ place }) => place))],
      danger: `${capitalize(listActions(those.map(({ action }) => action)))}${text}`,
      fix: "Name more approvers, or lower the quorum",
    }));
  },

  "one-approver-with-codes": (scene) => {
    const { stepUp, allApprovers } = scene.policy;
    const named = resolve(allApprovers, scene.facts);
    const [first, ...others] = named.isWhole ? ableOf(named, scene) : [];
    if (stepUp.size === 0 || first === undefined || others.length > 0) return [];
    return [
      {
        places: ["approvers", "step_up"],
        danger: `Approvals need a code from an authenticator that another approver has confirmed, and ${first} is the only approver: theirs never counts`,
        fix: "Name a second approver, or remove step_up",
      },
    ];
  },

  "break-glass-told-to-itself": ({ policy: { breakGlass }, facts }) => {
    if (breakGlass === null) return [];
    const members = resolve(breakGlass.members, facts);
    const told = resolve(breakGlass.notify, facts);
    const isSame = isWithin(breakGlass.notify, breakGlass.members, told, members);
    if (!isSame) return [];
    return [
      {
        places: ["break_glass.members", "break_glass.notify"],
        danger: "Everyone who is told of a break-glass can use it too: no one else would notice",
        fix: "Name someone under break_glass.notify who is not among its members",
      },
    ];
  },

  "crowd-of-approvers": ({ policy, facts }) => {
    const those = ACTION_NAMES.filter((action) => {
      const { approvers, notifyApprovers } = policy.action(action);
      return notifyApprovers === "dm" && resolve(approvers, facts).ids.size > MAX_TOLD;
    });
    if (those.length === 0) return [];
    const isGlobal = those.length === ACTION_NAMES.length;
    return [
      {
        places: isGlobal ? ["notify_approvers"] : those.map((action) => `actions.${action}.notify_approvers`),
        danger: `Only ${MAX_TOLD} of the approvers of ${isGlobal ? "every action" : listActions(those)} get a direct message: the others may miss a request`,
        fix: "Name fewer approvers, or use mention",
      },
    ];
  },

  "approvers-protected": ({ policy, facts }) => {
    const { protected: shielded, allApprovers } = policy;
    if (shielded === null) return [];
    const groups = resolve(shielded.groups, facts).ids;
    const isProtected = (id: string): boolean => {
      const email = facts.people.get(id)?.email;
      return groups.has(id) || (email != null && isListed(policy, email));
    };
    const isWhole = (id: string): boolean => {
      const members = id.startsWith("S") ? facts.groups.get(id) : [id];
      if (shielded.groups.includes(id)) return true;
      return members != null && members.length > 0 && members.every(isProtected);
    };
    if (!allApprovers.every(isWhole)) return [];
    return [
      {
        places: ["approvers", "protected"],
        danger: `All approvers are protected: where one is taken over, containing them needs ${plural(shielded.quorum, "other approver")}, and no one can use break-glass`,
        fix: "Name an approver who is not protected, or remove approvers from protected",
      },
    ];
  },

  "escalation-to-nobody-new": ({ policy, facts }) => {
    const those = ACTION_NAMES.filter((action) => {
      const { approvers, escalate } = policy.action(action);
      if (escalate === null) return false;
      return isWithin(escalate.to, approvers, resolve(escalate.to, facts), resolve(approvers, facts));
    });
    if (those.length === 0) return [];
    return [
      {
        places: those.map((action) => `actions.${action}.escalate.to`),
        danger: `The escalation of ${list(those)} adds only people who can approve already: it helps no one who waits`,
        fix: "Name someone under escalate.to who is not an approver yet",
      },
    ];
  },

  "long-ttl": ({ policy }) =>
    ACTION_NAMES.flatMap((action) => {
      const { ttlMs } = policy.action(action);
      if (ttlMs <= LONG_TTL_MS) return [];
      const danger = `A request for ${action} waits ${duration(ttlMs)}: it may be approved on evidence that is long out of date`;
      return [{ places: [`actions.${action}.ttl`], danger, fix: "Set a ttl of hours or a few days" }];
    }),

  "long-approval": ({ policy }) => {
    const found = ACTION_NAMES.flatMap((action) => {
      const { ttlMs, approvalMaxAgeMs } = policy.action(action);
      if (approvalMaxAgeMs <= Math.max(ttlMs, DAY_MS)) return [];
      return [{ action, age: duration(approvalMaxAgeMs) }];
    });
    return [...Map.groupBy(found, ({ age }) => age)].map(([age, [...those]]) => ({
      places: ["approval_max_age"],
      danger: `An approval of ${listActions(those.map(({ action }) => action))} counts for ${age}, longer than the request itself may wait: after a pause it is carried out on a judgement that old`,
      fix: "Set an approval_max_age of a day or less",
    }));
  },

  "shared-channel": ({ policy, facts: { channel } }) => {
    const refusal = channel === null ? null : refuseChannel(channel);
    if (refusal === null) return [];
    return [
      {
        places: [CHANNEL],
        danger: `Nothing can be requested: ${refusal.what} (${policy.approvalsChannel})`,
        fix: capitalize(refusal.next),
      },
    ];
  },

  "public-channel": ({ policy, facts: { channel } }) => {
    if (channel?.audience?.isPublic !== true) return [];
    return [
      {
        places: [CHANNEL],
        danger: `The approvals channel (${policy.approvalsChannel}) is public: everyone in the workspace can read who is being looked into, also the person themselves`,
        fix: "Make it private in Slack, or name a private channel",
      },
    ];
  },
};

/** An action that no one can approve, or fewer than it needs, whichever operator requests it. */
function unreachable(
  scene: Scene,
  action: ActionName,
): { action: ActionName; place: string; text: string }[] {
  const { policy, facts } = scene;
  const { approvers, quorum, quorumByRisk, escalate } = policy.action(action);
  const named = resolve([...approvers, ...(escalate?.to ?? [])], facts);
  if (!named.isWhole) return [];
  const able = ableOf(named, scene);
  const askers = resolve(policy.operators, facts);
  // No one approves their own request: where only approvers can make one, there is always one less.
  const isOneLess = askers.isWhole && ableOf(askers, scene).every((id) => able.includes(id));
  const left = Math.max(0, able.length - (isOneLess ? 1 : 0));
  const short = [
    { place: "quorum", needed: quorum, whom: "" },
    ...Object.entries(quorumByRisk).map(([level, needed]) => ({
      place: `actions.${action}.quorum_by_risk.${level}`,
      needed,
      whom: ` for ${level}-risk users`,
    })),
    { place: "protected.quorum", needed: policy.protected?.quorum ?? 0, whom: " for protected people" },
  ].find(({ needed }) => needed > left);
  if (short === undefined) return [];
  const { place, needed, whom } = short;
  const others = isOneLess ? " apart from the requester" : "";
  const text =
    left === 0
      ? `: no one${others} can approve it`
      : `: needs ${plural(needed, "approval")}${whom}, and only ${left}${others} can approve it`;
  return [{ action, place, text }];
}

/** Who approves an action now, as far as it was read. */
export interface Approving {
  action: ActionName;
  /** How many have to agree, at most: for the riskiest targets where the policy tells them apart. */
  quorum: number;
  /** Slack user ids of those who can. */
  able: readonly string[];
  /** Every group among the approvers was read. */
  isWhole: boolean;
}

/** Of each action, who can approve it and how many have to. Pure; nothing is held against who was not looked up. */
export function listApproving(policy: Policy, facts: SlackFacts, homeTeamId: string): Approving[] {
  const scene = { policy, facts, homeTeamId, places: placesOf(policy) };
  return ACTION_NAMES.map((action) => {
    const { approvers, quorum, quorumByRisk } = policy.action(action);
    const named = resolve(approvers, facts);
    return {
      action,
      quorum: Math.max(quorum, ...Object.values(quorumByRisk)),
      able: ableOf(named, scene),
      isWhole: named.isWhole,
    };
  });
}

/** Who alone may ask for something and alone decides on it; null: it is not one person. */
function onlyPerson(scene: Scene): string | null {
  const [asker, decider] = [scene.policy.operators, scene.policy.allApprovers].map((principals) => {
    const named = resolve(principals, scene.facts);
    const [first, ...others] = named.isWhole ? ableOf(named, scene) : [];
    return others.length === 0 ? first : undefined;
  });
  return asker !== undefined && asker === decider ? asker : null;
}

interface Resolved {
  ids: ReadonlySet<string>;
  /** The members of every group among them are known. */
  isWhole: boolean;
}

/** The people behind ids of people and groups, as far as the groups were read. */
function resolve(principals: readonly string[], { groups }: SlackFacts): Resolved {
  const members = principals.map((id) => (id.startsWith("S") ? groups.get(id) : [id]));
  return { ids: new Set(members.flatMap((ids) => ids ?? [])), isWhole: !members.includes(undefined) };
}

/** Of these people, those who may have a say; nothing is held against who was not looked up. */
function ableOf({ ids }: Resolved, { facts, homeTeamId }: Scene): string[] {
  return [...ids].filter((id) => {
    const person = facts.people.get(id);
    return person === undefined || (personRefusal({ person }, { homeTeamId }) === null && !!person?.email);
  });
}

/** Nobody is in the one who is not in the other, by the ids as they are written or by the people behind them. */
function isWithin(
  ids: readonly string[],
  others: readonly string[],
  people: Resolved,
  otherPeople: Resolved,
): boolean {
  if (ids.every((id) => others.includes(id))) return true;
  return people.isWhole && people.ids.size > 0 && [...people.ids].every((id) => otherPeople.ids.has(id));
}

/** One finding about all ids of the policy for which it is so. */
function ofIds(
  places: Scene["places"],
  is: (id: string) => boolean,
  describe: (ids: readonly string[], places: readonly string[]) => string,
  fix: string,
): Omit<Finding, "rule">[] {
  const ids = [...places.keys()].filter(is);
  if (ids.length === 0) return [];
  const at = [...new Set(ids.flatMap((id) => places.get(id) ?? []))];
  return [{ places: at, danger: describe(ids, at), fix }];
}

/** The same for people whom the policy names themselves, and who were looked up. */
function ofPeople(
  { places, facts }: Scene,
  is: (person: Person | null) => boolean,
  describe: (ids: readonly string[]) => string,
  fix: string,
): Omit<Finding, "rule">[] {
  const isMeant = (id: string): boolean => {
    const person = facts.people.get(id);
    return person !== undefined && !isPlaceholder(id) && is(person);
  };
  return ofIds(places, isMeant, describe, fix);
}

const PROTECTED = "protected.groups";
const CHANNEL = "channels.approvals";

/** Of one group no more people are looked up: no quorum is higher than ten. */
const MAX_OF_GROUP = 20;

/** Every id in a policy, once. */
export function listIds(policy: Policy): string[] {
  return [...placesOf(policy).keys()];
}

/** Whom to look up for the rules: people whom the policy names, and of those in its groups the ones with a say. */
export function peopleToRead(policy: Policy, groups: SlackFacts["groups"]): string[] {
  const inGroups = [...policy.operators, ...policy.allApprovers].flatMap(
    (id) => groups.get(id)?.slice(0, MAX_OF_GROUP) ?? [],
  );
  return [...new Set([...listIds(policy).filter((id) => /^[UW]/.test(id)), ...inGroups])];
}

/** Every id in a policy, with where it stands. */
function placesOf(policy: Policy): Map<string, string[]> {
  const named: [place: string, ids: readonly string[]][] = [
    [CHANNEL, [policy.approvalsChannel]],
    ["operators", policy.operators],
    ["viewers", policy.viewers],
    ["approvers", policy.approvers],
    ...ACTION_NAMES.flatMap((action): [string, readonly string[]][] => {
      const { approvers, escalate } = policy.action(action);
      return [
        // One without approvers of its own has the list of all.
        [`actions.${action}.approvers`, approvers === policy.approvers ? [] : approvers],
        [`actions.${action}.escalate.to`, escalate?.to ?? []],
      ];
    }),
    [PROTECTED, policy.protected?.groups ?? []],
    ["break_glass.members", policy.breakGlass?.members ?? []],
    ["break_glass.notify", policy.breakGlass?.notify ?? []],
  ];
  const places = new Map<string, string[]>();
  for (const [place, ids] of named) for (const id of ids) places.set(id, [...(places.get(id) ?? []), place]);
  return places;
}

/** The ids in policy.example.yml. */
const EXAMPLES: ReadonlySet<string> = new Set([
  "C0123456789",
  "S0123SECOPS",
  "U0123ALICE",
  "S0123HELPDESK",
  "S0123SECLEADS",
  "S0123CISO",
  "S0123EXECS",
  "S0123ONCALL",
]);

/** An example's id, or one that nobody has: U0000000, C012345678, U11111111. */
export function isPlaceholder(id: string): boolean {
  return EXAMPLES.has(id) || /^[A-Z](?:0*123456\d*|0+|(.)\1{5,})$/.test(id);
}

function are(ids: readonly string[]): string {
  return ids.length === 1 ? "is" : "are";
}

function listActions(actions: readonly ActionName[]): string {
  return actions.length === ACTION_NAMES.length ? "every action" : list(actions);
}
