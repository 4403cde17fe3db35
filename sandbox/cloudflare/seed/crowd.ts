/** The ordinary users: nothing about them needs a second look. */
import type { Builder } from "./builder.ts";
import { DAY, HOUR, MINUTE } from "./builder.ts";
import { COUNTRIES, DEVICE_KINDS, GROUPS } from "./catalogue.ts";

const FAMILIAR_APPS = ["Grafana", "GitLab", "Jira", "Confluence", "Wiki", "Metabase", "Sentry"] as const;

/** Adds `count` users; one in ten is a partner with another domain and another identity provider. */
export function addCrowd(builder: Builder, count: number): void {
  const taken = new Set(builder.world.users.map((user) => user.email.toLowerCase()));
  for (let index = 0; index < count; index += 1) addOrdinaryUser(builder, taken, index % 10 === 9);
}

function addOrdinaryUser(builder: Builder, taken: Set<string>, isPartner: boolean): void {
  const { faker } = builder;
  const { name, email } = chooseName(builder, taken, isPartner ? "partner.example.net" : "example.com");
  const lastLoginAgo = faker.number.int({ min: 20 * MINUTE, max: 40 * DAY });
  const isHere = lastLoginAgo < 10 * DAY;
  const user = builder.person({
    email,
    name,
    createdAgo: faker.number.int({ min: 60 * DAY, max: 1200 * DAY }),
    lastLoginAgo,
    gatewaySeat: !isPartner && faker.datatype.boolean(0.6),
  });
  const identity = {
    country: faker.helpers.arrayElement(COUNTRIES),
    idp: isPartner ? "google-apps" : "azureAD",
    groups: faker.helpers.arrayElements(GROUPS, { min: 1, max: 3 }).map((group) => ({
      id: faker.string.alphanumeric(8),
      name: group,
      email: `${group.toLowerCase()}@example.com`,
    })),
  };
  builder.seenBefore(user, identity, lastLoginAgo);
  const sessions = isHere ? faker.number.int({ min: 0, max: 2 }) : 0;
  for (let index = 0; index < sessions; index += 1) {
    builder.session(user, identity, {
      apps: faker.helpers.arrayElements(FAMILIAR_APPS, { min: 1, max: 3 }),
      issuedAgo: faker.number.int({ min: 10 * MINUTE, max: 16 * HOUR }),
    });
  }
  if (user.gatewaySeat) {
    builder.device(user, {
      name: `${name.split(" ")[0] ?? "A"}'s ${faker.helpers.arrayElement(DEVICE_KINDS)}`,
      lastSeenAgo: lastLoginAgo,
    });
  }
  // Now and then somebody mistypes a password.
  const slips = faker.datatype.boolean(0.15) ? faker.number.int({ min: 1, max: 2 }) : 0;
  for (let index = 0; index < slips; index += 1) {
    builder.failedLogin(user, "Jira", faker.number.int({ min: HOUR, max: 20 * DAY }));
  }
  if (faker.datatype.boolean(0.03)) {
    builder.risk(user, [{ name: "High number of DLP policies triggered", level: "low", ago: 3 * DAY }]);
  }
}

function chooseName(builder: Builder, taken: Set<string>, domain: string): { name: string; email: string } {
  const { faker } = builder;
  for (;;) {
    const first = faker.person.firstName();
    const last = faker.person.lastName();
    const local = `${first}.${last}`.toLowerCase().replaceAll(/[^a-z.]/g, "");
    const email = `${local}@${domain}`;
    if (taken.has(email)) continue;
    taken.add(email);
    return { name: `${first} ${last}`, email };
  }
}
