/** Users whose records are odd: hostile text, ids of another kind, nulls, emails that nearly match. */
import type { Builder } from "./builder.ts";
import { DAY, HOUR, MINUTE } from "./builder.ts";

export function addOddStories(builder: Builder): void {
  addHostileName(builder);
  addGithubUser(builder);
  addServiceAccount(builder);
  addLookalikes(builder);
  addOtherRiskId(builder);
}

/** Every text that an attacker can choose tries to be more than text: mentions, links, code, direction, emoji. */
function addHostileName(builder: Builder): void {
  const user = builder.person({
    email: "bobby.tables@example.com",
    name: "<!channel> *Bobby* _Tables_ <https://evil.example|your bank> `rm` & \u202Egnp.exe\u202C 🦹‍♀️",
    story: "Name, app, device and risk event try mentions, links, right-to-left text and emoji; 1 session",
    lastLoginAgo: 4 * HOUR,
    gatewaySeat: true,
  });
  builder.session(
    user,
    { country: "US", groups: ["<!here>", { id: "x", name: "*admins* <@U0000000000>", email: "" }] },
    { apps: ["<!here> Wiki & `friends`"], issuedAgo: 4 * HOUR },
  );
  builder.device(user, { name: "`$(reboot)` <@U0000000000>\u202Ekoob\u202C" });
  builder.failedLogin(user, "<https://evil.example|Payroll>", 3 * HOUR);
  builder.risk(user, [
    { name: "<!everyone> *urgent*", level: "low", ago: 6 * HOUR, details: "```<!channel>``` & <b>bold</b>" },
  ]);
}

/** GitHub as the identity provider: the identity's id is a number, and groups are plain strings. */
function addGithubUser(builder: Builder): void {
  const user = builder.person({
    email: "octavia@example.com",
    name: "Octavia Hub",
    story: "Signs in with GitHub: the identity's id is a number, groups are plain strings; 1 session",
    lastLoginAgo: 90 * MINUTE,
  });
  builder.session(
    user,
    {
      country: "DE",
      idp: "github",
      id: 583_231,
      groups: ["example-org", "example-org/platform"],
      noPosture: true,
    },
    { apps: ["GitLab", "Build artifacts"], issuedAgo: 90 * MINUTE },
  );
}

/** A service account: dates that are empty, names that are null, an identity without an email, a session without apps. */
function addServiceAccount(builder: Builder): void {
  const user = builder.person({
    email: "svc-backup@example.com",
    name: null,
    story: "A service account with odd nulls: no name, empty dates, an identity without an email; 1 session",
    lastLoginAgo: 8 * HOUR,
    odd: {
      name: null,
      access_seat: null,
      gateway_seat: null,
      active_device_count: null,
      created_at: "",
      last_successful_login: "",
      x_internal: { shard: 7 },
    },
  });
  builder.session(
    user,
    {
      country: "",
      noPosture: true,
      odd: {
        id: "",
        name: null,
        email: undefined,
        groups: null,
        amr: null,
        geo: null,
        idp: { id: "", type: "", version: 0, scim: null },
        common_name: "backup.example.com",
        service_token_id: "88bf3b6d86161464f6509f7219099e57.access",
        service_token_status: true,
        device_sessions: null,
        mtls_auth: null,
      },
    },
    { apps: [], issuedAgo: 8 * HOUR, odd: { apps: null, ttl: "86400" } },
  );
  builder.failedLogin(user, "Vault", 2 * HOUR, { app_name: null, ray_id: null });
}

/** Two accounts that differ by case only, and a third with a +tag, which is somebody else. */
function addLookalikes(builder: Builder): void {
  const accounts = [
    ["sam.lee@example.com", "Sam Lee", "One of two accounts that differ by case only (Sam.Lee@); 1 session"],
    [
      "Sam.Lee@example.com",
      "Sam Lee (old)",
      "The other of two accounts that differ by case only (sam.lee@); 1 session",
    ],
    ["sam.lee+admin@example.com", "Sam Lee (admin)", "A +tag is another account: not sam.lee@; 1 session"],
  ] as const;
  for (const [email, name, story] of accounts) {
    const user = builder.person({ email, name, story, lastLoginAgo: 7 * HOUR });
    builder.session(user, { country: "GB" }, { apps: ["Confluence"], issuedAgo: 7 * HOUR });
  }
}

/** The risk API knows this user by another id than Access does; the summary tells which. */
function addOtherRiskId(builder: Builder): void {
  const user = builder.person({
    email: "rita@example.com",
    name: "Rita Risk",
    story: "The risk API has another id for this user than Access; medium risk, 2 events; 1 session",
    lastLoginAgo: 6 * HOUR,
  });
  builder.session(user, { country: "US" }, { apps: ["Sentry"], issuedAgo: 6 * HOUR });
  builder.risk(
    user,
    [
      { name: "Impossible travel", level: "medium", ago: 7 * HOUR },
      { name: "Unusual user agent", level: "low", ago: 2 * DAY },
    ],
    { riskUserId: "0f6c2f64-9f0e-4b7e-8a53-5c1f4f7a3f10" },
  );
}
