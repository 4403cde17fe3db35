/** The users worth an investigation, one function each. Tests rely on these numbers: they do not come from faker. */
import type { Builder } from "./builder.ts";
import { DAY, HOUR, MINUTE } from "./builder.ts";
import { addOddStories } from "./odd-stories.ts";

export function addStories(builder: Builder): void {
  addMallory(builder);
  addSlackPeople(builder);
  addQuietUser(builder);
  addFormerContractor(builder);
  addManySessions(builder);
  addManyDevices(builder);
  addSprayed(builder);
  addExpiring(builder);
  addResetBefore(builder);
  addOddStories(builder);
}

const security = [{ id: "sec1", name: "Security", email: "security@example.com" }];
const finance = [
  { id: "fin1", name: "Finance", email: "finance@example.com" },
  { id: "eve1", name: "Everyone", email: "everyone@example.com" },
];

/**
 * The main story: an account that someone else uses. Three sessions on five apps, the newest from Brazil while the
 * laptop is in Britain; 17 failed logins in the last 24 hours (6 older ones must not be counted); high risk with four
 * events; two active registrations and one revoked; two of five posture rules failed.
 */
function addMallory(builder: Builder): void {
  const user = builder.person({
    email: "mallory@example.com",
    name: "Mallory Archer",
    story: "3 sessions on 5 apps, one from Brazil; 17 failed sign-ins in 24 h; high risk; 2 devices",
    lastLoginAgo: 40 * MINUTE,
    gatewaySeat: true,
  });
  const laptop = builder.device(user, { name: "Mallory's MacBook Pro", lastSeenAgo: 12 * MINUTE });
  builder.device(user, { name: "DESKTOP-7QK2M1", createdAgo: 3 * HOUR, lastSeenAgo: 35 * MINUTE });
  builder.device(user, {
    name: "Mallory's old iPhone",
    createdAgo: 600 * DAY,
    lastSeenAgo: 90 * DAY,
    revokedAgo: 60 * DAY,
  });
  const usual = { country: "GB", ip: "192.0.2.44", groups: finance, warp: true, deviceId: laptop.id };
  builder.session(user, usual, { apps: ["Grafana", "GitLab"], issuedAgo: 9 * HOUR });
  builder.session(user, usual, { apps: ["Jira"], issuedAgo: 6 * HOUR, ttl: 43_200 });
  builder.session(
    user,
    {
      country: "BR",
      ip: "203.0.113.199",
      groups: finance,
      failing: ["Disk encryption on", "Antivirus running"],
    },
    { apps: ["Payroll", "Admin panel"], issuedAgo: 40 * MINUTE },
  );
  const tried = ["Payroll", "Admin panel", "Vault"];
  for (let index = 0; index < 17; index += 1) {
    builder.failedLogin(user, tried[index % tried.length] ?? "Vault", 45 * MINUTE + index * 50 * MINUTE);
  }
  for (let index = 0; index < 6; index += 1) builder.failedLogin(user, "Jira", (3 + index) * DAY);
  builder.risk(user, [
    {
      name: "Impossible travel",
      level: "high",
      ago: 40 * MINUTE,
      details: {
        from: { country: "GB", ip: "192.0.2.44" },
        to: { country: "BR", ip: "203.0.113.199" },
        minutes: 320,
      },
    },
    {
      name: "Malware detected on device",
      level: "high",
      ago: 2 * HOUR,
      details: { device: "DESKTOP-7QK2M1" },
    },
    { name: "High number of DLP policies triggered", level: "medium", ago: 5 * HOUR, details: { count: 14 } },
    { name: "Unusual user agent", level: "low", ago: 26 * HOUR },
  ]);
}

/** The three people of the sandbox's Slack are Access users too: a responder and two approvers, nothing wrong with them. */
function addSlackPeople(builder: Builder): void {
  const people = [
    {
      email: "alice@example.com",
      name: "Alice Liddell",
      story: "The responder of the sandbox's Slack: 1 session, 1 device, no risk",
    },
    {
      email: "bob@example.com",
      name: "Bob Builder",
      story: "An approver of the sandbox's Slack: 2 sessions, 1 device, no risk",
    },
    {
      email: "carol@example.com",
      name: "Carol Danvers",
      story: "The second approver of the sandbox's Slack: 1 session, no device",
    },
  ];
  for (const { email, name, story } of people) {
    const user = builder.person({ email, name, story, lastLoginAgo: 2 * HOUR, gatewaySeat: true });
    const identity = { country: "DE", groups: security, warp: true };
    builder.session(user, identity, { apps: ["Grafana", "Jira"], issuedAgo: 2 * HOUR });
    if (email === "bob@example.com")
      builder.session(user, identity, { apps: ["Bastion SSH"], issuedAgo: 5 * HOUR });
    if (email !== "carol@example.com")
      builder.device(user, { name: `${name.split(" ")[0] ?? ""}'s ThinkPad X1` });
  }
}

/** Was invited and never came: no login, no identity, no session, nothing. */
function addQuietUser(builder: Builder): void {
  builder.person({
    email: "quentin@example.com",
    name: "Quentin Quiet",
    story: "Nothing at all: never signed in, no seat, no identity on record",
    createdAgo: 30 * DAY,
    lastLoginAgo: null,
  });
}

/** A contractor whose seat was deleted 12 days ago, who tried twice since; the registration is revoked. */
function addFormerContractor(builder: Builder): void {
  const user = builder.person({
    email: "connie@contractor.example.org",
    name: "Connie Tractor",
    story: "A contractor whose seat was removed: no session, a revoked device, 2 failed sign-ins since",
    lastLoginAgo: 14 * DAY,
    accessSeat: false,
  });
  builder.seenBefore(user, { country: "PL", idp: "onetimepin", noPosture: true, groups: [] }, 14 * DAY);
  builder.device(user, { name: "connie-xps", lastSeenAgo: 14 * DAY, revokedAgo: 12 * DAY });
  builder.failedLogin(user, "GitLab", 20 * HOUR);
  builder.failedLogin(user, "GitLab", 11 * DAY);
}

/** Twelve sessions on one app each: lists and tables get long. */
function addManySessions(builder: Builder): void {
  const user = builder.person({
    email: "dana@example.com",
    name: "Dana Dozen",
    story: "12 sessions, one app each",
    lastLoginAgo: 30 * MINUTE,
  });
  const apps = builder.world.apps.slice(0, 12).map((app) => app.name);
  for (const [index, app] of apps.entries()) {
    builder.session(
      user,
      { country: "US", groups: ["Engineering"] },
      { apps: [app], issuedAgo: (12 - index) * HOUR },
    );
  }
}

/** Fourteen active registrations and three revoked: more than a page of the registrations list. */
function addManyDevices(builder: Builder): void {
  const user = builder.person({
    email: "devon@example.com",
    name: "Devon Fleet",
    story: "14 active devices (more than one page) and 3 revoked",
    lastLoginAgo: 3 * HOUR,
    gatewaySeat: true,
  });
  builder.session(user, { country: "NL", warp: true }, { apps: ["Kibana"], issuedAgo: 3 * HOUR });
  for (let index = 1; index <= 14; index += 1)
    builder.device(user, { name: `lab-${String(index).padStart(2, "0")}` });
  for (let index = 1; index <= 3; index += 1) {
    builder.device(user, { name: `retired-${index}`, lastSeenAgo: 100 * DAY, revokedAgo: 90 * DAY });
  }
}

/** Somebody tries passwords and does not get in: 140 failed sign-ins in 24 hours, no session, medium risk. */
function addSprayed(builder: Builder): void {
  const user = builder.person({
    email: "frank@example.com",
    name: "Frank Castle",
    story: "140 failed sign-ins in 24 h and no session: a password spray that did not get in",
    lastLoginAgo: 9 * DAY,
  });
  builder.seenBefore(user, { country: "FR" }, 9 * DAY);
  for (let index = 0; index < 140; index += 1) builder.failedLogin(user, "Vault", (5 + index * 10) * MINUTE);
  builder.risk(user, [
    { name: "Failed login spike", level: "medium", ago: 4 * HOUR, details: { count: 140 } },
  ]);
}

/** One session that ends in ten minutes; another ended an hour ago and must not be shown. */
function addExpiring(builder: Builder): void {
  const user = builder.person({
    email: "erin@example.com",
    name: "Erin Brief",
    story: "1 session that ends within ten minutes; an older one is over already",
    lastLoginAgo: 50 * MINUTE,
  });
  builder.session(user, { country: "IE" }, { apps: ["Wiki"], issuedAgo: 3 * HOUR, ttl: 7200 });
  builder.session(user, { country: "IE" }, { apps: ["Jira", "Wiki"], issuedAgo: 50 * MINUTE, ttl: 3600 });
}

/** The risk was reset yesterday; one low event since. Resetting again is a smaller decision here. */
function addResetBefore(builder: Builder): void {
  const user = builder.person({
    email: "rhea@example.com",
    name: "Rhea Settled",
    story: "Risk reset a day ago, one low event since; 1 session",
    lastLoginAgo: 5 * HOUR,
  });
  builder.session(user, { country: "PT" }, { apps: ["Metabase"], issuedAgo: 5 * HOUR });
  builder.risk(user, [{ name: "Unusual user agent", level: "low", ago: 2 * HOUR }], { lastResetAgo: DAY });
}
