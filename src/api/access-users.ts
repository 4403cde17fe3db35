import { ACCESS_AUDIT_LOGS_READ, defineCalls } from "./call.ts";
import type { AccessUserQuery, CallOptions, Cloudflare, Page, WriteReceipt } from "./cloudflare.ts";
import { type Answer, readList, readResult } from "./envelope.ts";
import { readCount } from "./fields.ts";
import type { Http } from "./http.ts";
import { Identity, SessionIdentity } from "./identity-schema.ts";
import { iteratePages } from "./paginate.ts";
import { AccessUser, ActiveSession, FailedLogin, sameEmail } from "./schema.ts";

const USERS = "/accounts/{account_id}/access/users";
const USER = `${USERS}/{user_id}`;
const permission = ACCESS_AUDIT_LOGS_READ;

export const accessUserCalls = defineCalls({
  list: { name: "list users", method: "GET", path: USERS, permission, mode: "read" },
  create: { name: "create user", method: "POST", path: USERS, permission: null, mode: "write" },
  get: { name: "get user", method: "GET", path: USER, permission, mode: "read" },
  update: {
    name: "update user",
    method: "PUT",
    path: USER,
    permission: "Zero Trust: Seats Write",
    mode: "write",
  },
  remove: { name: "delete user", method: "DELETE", path: USER, permission: null, mode: "write" },
  activeSessions: {
    name: "list active sessions",
    method: "GET",
    path: `${USER}/active_sessions`,
    permission,
    mode: "read",
  },
  activeSession: {
    name: "get active session",
    method: "GET",
    path: `${USER}/active_sessions/{nonce}`,
    permission,
    mode: "read",
  },
  lastSeenIdentity: {
    name: "get last seen identity",
    method: "GET",
    path: `${USER}/last_seen_identity`,
    permission,
    mode: "read",
  },
  failedLogins: {
    name: "list failed logins",
    method: "GET",
    path: `${USER}/failed_logins`,
    permission,
    mode: "read",
  },
});

/** The page sizes that Access lists accept; any other is refused. */
const PAGE_SIZES = [1, 5, 10, 20, 25, 50, 100, 1000];
const DEFAULT_PAGE_SIZE = 25;
const FIND_PAGE_SIZE = 100;
/** A whole account is read in as few calls as possible: the rate limit is shared with people. */
const ITERATE_PAGE_SIZE = 1000;

/** A page with the number of rows on the wire, which says whether it was full. */
interface CountedPage {
  page: Page<AccessUser>;
  rowCount: number;
}

export function createAccessUsers(http: Http): Cloudflare["accessUsers"] {
  const calls = accessUserCalls;

  async function fetchPage(query: AccessUserQuery, call?: CallOptions): Promise<CountedPage> {
    const page = query.page ?? 1;
    const perPage = fitPageSize(query.perPage ?? DEFAULT_PAGE_SIZE);
    const { email, name, search } = query;
    const input = { query: { name, email, search, page, per_page: perPage } };
    const answer = await http.send(calls.list, input, call);
    const { rows, rowCount } = readList(AccessUser, { answer, log: http.log, list: answer.result });
    return {
      rowCount,
      page: {
        items: rows,
        page: readCount(answer.resultInfo["page"]) ?? page,
        perPage: readCount(answer.resultInfo["per_page"]) ?? perPage,
        totalCount: readCount(answer.resultInfo["total_count"]),
        totalPages: readCount(answer.resultInfo["total_pages"]),
      },
    };
  }

  function iterate(query: AccessUserQuery = {}, call?: CallOptions): AsyncIterable<AccessUser> {
    const perPage = query.perPage ?? ITERATE_PAGE_SIZE;
    return iteratePages({
      firstPage: query.page ?? 1,
      call: calls.list.name,
      idOf: (user: AccessUser) => user.id,
      fetchPage: async (number) => {
        const { page, rowCount } = await fetchPage({ ...query, perPage, page: number }, call);
        return { items: page.items, rowCount, perPage: page.perPage };
      },
    });
  }

  async function search(email: string, call?: CallOptions): Promise<AccessUser[]> {
    const found: AccessUser[] = [];
    for await (const user of iterate({ email, perPage: FIND_PAGE_SIZE }, call)) {
      if (sameEmail(user.email, email)) found.push(user);
    }
    return found;
  }

  return {
    list: async (query = {}, call) => (await fetchPage(query, call)).page,
    iterate,
    findByEmail: async (email, call) => {
      const asked = email.trim();
      if (asked === "") throw new TypeError("email must not be empty");
      const found = await search(asked, call);
      const folded = asked.toLowerCase();
      // Whether Cloudflare's filter folds case is not documented; people type addresses in either case.
      return found.length === 0 && folded !== asked ? search(folded, call) : found;
    },
    get: async (id, call) =>
      readResult(AccessUser, await http.send(calls.get, { ids: { user_id: id } }, call)),
    create: async (input, call) => readWritten(await http.send(calls.create, { body: input }, call)),
    update: async (id, input, call) => {
      const answer = await http.send(calls.update, { ids: { user_id: id }, body: input }, call);
      return readWritten(answer);
    },
    remove: async (id, call) => receiptOf(await http.send(calls.remove, { ids: { user_id: id } }, call)),
    activeSessions: async (id, call) => {
      const answer = await http.send(calls.activeSessions, { ids: { user_id: id } }, call);
      return readList(ActiveSession, { answer, log: http.log, list: answer.result }).rows;
    },
    activeSession: async (id, nonce, call) => {
      const answer = await http.send(calls.activeSession, { ids: { user_id: id, nonce } }, call);
      return readResult(SessionIdentity, answer);
    },
    lastSeenIdentity: async (id, call) => {
      const answer = await http.send(calls.lastSeenIdentity, { ids: { user_id: id } }, call);
      return readResult(Identity, answer);
    },
    failedLogins: async (id, call) => {
      const answer = await http.send(calls.failedLogins, { ids: { user_id: id } }, call);
      return readList(FailedLogin, { answer, log: http.log, list: answer.result }).rows;
    },
  };
}

/** Done means that the answer shows the user; who it is then, is read anew. */
function readWritten(answer: Answer): WriteReceipt {
  readResult(AccessUser, answer);
  return receiptOf(answer);
}

function receiptOf({ facts }: Answer): WriteReceipt {
  return { cfRay: facts.cfRay, status: facts.status };
}

function fitPageSize(wanted: number): number {
  return PAGE_SIZES.find((size) => size >= wanted) ?? 1000;
}
