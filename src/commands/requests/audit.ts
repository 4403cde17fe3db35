import { readNewest, searchAudit, type AuditQuery } from "../../audit/search.ts";
import { parseSince } from "../../audit/since.ts";
import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { whoText } from "../../lookup/who-list.ts";
import { parseWho, type Subject } from "../../lookup/who.ts";
import { actionOf } from "../../actions/index.ts";
import { ACTION_NAMES } from "../../requests/plan.ts";
import { AUDIT_PAGE_SIZE, auditMessage } from "../../views/request/audit.ts";
import type { Message } from "../../views/blocks.ts";
import { MAX_PAGE } from "../../views/list.ts";
import { defineCommand, type ScreenParams } from "../define.ts";

export const audit = defineCommand({
  name: "audit",
  group: "Look up",
  summary: "the audit record of a person or a request",
  details:
    "Newest first. Of a person: what they did, and requests about them. On the server, npm run audit checks and exports the whole record.",
  examples: ["audit", "audit mallory@example.com --since 7d", "audit @bob", "audit ZT-7K3M2QF"],
  role: "auditor",
  calls: [],
  args: {
    "who|request": {
      kind: "subject",
      required: false,
      summary: "an email address, an Access user id, a @mention or a request id",
    },
    since: { kind: "text", summary: "how far back, such as 7d, 12h or 2026-03-01" },
  },
  async run({ deps }, { "who|request": subject, since }) {
    const from = since === undefined ? undefined : parseSince(since, deps.now());
    if (from === null) {
      throw new UserError({
        what: `Can't read "${since}" as a time.`,
        next: "Try 12h, 7d or 2026-03-01.",
      });
    }
    return show(deps, { subject, since: from, page: 1, upTo: await readNewest(deps.db) });
  },
  screen: (deps, params) => show(deps, readParams(params)),
});

interface Shown {
  subject: Subject | undefined;
  since: number | undefined;
  page: number;
  upTo: number;
}

async function show(deps: Deps, { subject, since, page, upTo }: Shown): Promise<Message> {
  const found = await searchAudit(deps.db, {
    ...(await filterBy(deps, subject)),
    ...(since !== undefined && { since }),
    upTo,
    offset: (page - 1) * AUDIT_PAGE_SIZE,
    // One more than is shown tells whether there is another page.
    limit: AUDIT_PAGE_SIZE + 1,
  });
  return auditMessage({
    rows: found.map((row) => ({ ...row, label: labelOf(row.action) })),
    subject,
    since,
    page,
    params: packShown({ subject, since, upTo }),
    now: deps.now(),
  });
}

/** Whom or what is meant, in both worlds where it can be told; Cloudflare is not asked, so it need not answer. */
async function filterBy(
  { directory }: Deps,
  subject: Subject | undefined,
): Promise<Pick<AuditQuery, "requestId" | "person">> {
  const nobody = { slackId: null, email: null, accessId: null };
  switch (subject?.kind) {
    case undefined:
      return {};
    case "request":
      return { requestId: subject.id };
    case "id":
      return { person: { ...nobody, accessId: subject.id } };
    case "email": {
      const { email } = subject;
      return { person: { ...nobody, email, slackId: await directory.findByEmail(email) } };
    }
    case "mention": {
      const { userId: slackId } = subject;
      return { person: { ...nobody, slackId, email: (await directory.person(slackId))?.email ?? null } };
    }
  }
}

/** Words and numbers only: what they lead to is looked up again at the click. */
function packShown({ subject, since, upTo }: Omit<Shown, "page">): Record<string, string | number> {
  return {
    ...(subject !== undefined && { about: subject.kind === "request" ? subject.id : whoText(subject) }),
    ...(since !== undefined && { since }),
    upTo,
  };
}

function readParams({ about, since, upTo = "0", page = "1" }: ScreenParams): Shown {
  return {
    // Never everything in place of something that cannot be read.
    subject: about === undefined ? undefined : (parseWho(about) ?? { kind: "request", id: about }),
    since: since === undefined ? undefined : readCount(since, Number.MAX_SAFE_INTEGER),
    page: Math.max(1, readCount(page, MAX_PAGE)),
    upTo: readCount(upTo, Number.MAX_SAFE_INTEGER),
  };
}

function readCount(text: string, max: number): number {
  const count = Number(text);
  return Number.isSafeInteger(count) ? Math.min(Math.max(0, count), max) : 0;
}

function labelOf(action: string | null): string | null {
  const known = ACTION_NAMES.find((name) => name === action);
  return known === undefined ? action : actionOf({ action: known }).label;
}
