import { ACCESS_AUDIT_LOGS_READ, readCall, writeCall, type Call } from "./call.ts";
import type {
  AccessUserQuery,
  CallOptions,
  Cloudflare,
  Page,
  Whereabouts,
  WriteReceipt,
} from "./cloudflare.ts";
import { type Answer, readList, readResult, receiptOf } from "./envelope.ts";
import { orNull } from "./errors.ts";
import type { ReadRow } from "./fields.ts";
import type { Http } from "./http.ts";
import { Identity, SessionIdentity } from "./identity-schema.ts";
import { iteratePages, readPageInfo } from "./paginate.ts";
import { AccessUser, ActiveSession, FailedLogin, sameEmail } from "./schema.ts";

const USERS = "/accounts/{account_id}/access/users";
const USER = `${USERS}/{user_id}`;
const permission = ACCESS_AUDIT_LOGS_READ;

export const accessUserCalls = {
  list: readCall("list users", USERS, permission),
  create: writeCall("create user", `POST ${USERS}`, null),
  get: readCall("get user", USER, permission),
  update: writeCall("update user", `PUT ${USER}`, "Zero Trust: Seats Write"),
  remove: writeCall("delete user", `DELETE ${USER}`, null),
  activeSessions: readCall("list active sessions", `${USER}/active_sessions`, permission),
  activeSession: readCall("get active session", `${USER}/active_sessions/{nonce}`, permission),
  lastSeenIdentity: readCall("get last seen identity", `${USER}/last_seen_identity`, permission),
  failedLogins: readCall("list failed logins", `${USER}/failed_logins`, permission),
};

/** The page sizes that Access lists accept; any other is refused. */
const PAGE_SIZES = [1, 5, 10, 20, 25, 50, 100, 1000];
const DEFAULT_PAGE_SIZE = 25;
const FIND_PAGE_SIZE = 100;
/** A whole account is read in as few calls as possible: the rate limit is shared with people. */
const ITERATE_PAGE_SIZE = 1000;

export function createAccessUsers(http: Http): Cloudflare["accessUsers"] {
  const calls = accessUserCalls;

  type Ids = Record<string, string>;

  async function readOne<Row>(read: ReadRow<Row>, to: Call, ids: Ids, call?: CallOptions): Promise<Row> {
    return readResult(read, await http.send(to, { ids }, call));
  }

  async function readRows<Row>(read: ReadRow<Row>, to: Call, ids: Ids, call?: CallOptions): Promise<Row[]> {
    const answer = await http.send(to, { ids }, call);
    return readList(read, { answer, log: http.log, list: answer.result }).rows;
  }

  /** `rowCount` counts the rows on the wire, readable or not: it says whether the page was full. */
  async function fetchPage(
    { email, name, search, page = 1, perPage: wanted = DEFAULT_PAGE_SIZE }: AccessUserQuery,
    call?: CallOptions,
  ): Promise<Page<AccessUser> & { rowCount: number }> {
    const perPage = PAGE_SIZES.find((size) => size >= wanted) ?? 1000;
    const query = { name, email, search, page, per_page: perPage };
    const answer = await http.send(calls.list, { query }, call);
    const { rows: items, rowCount } = readList(AccessUser, { answer, log: http.log, list: answer.result });
    const info = readPageInfo(answer.resultInfo);
    return { ...info, items, rowCount, page: info.page ?? page, perPage: info.perPage ?? perPage };
  }

  function iterate(query: AccessUserQuery = {}, call?: CallOptions): AsyncIterable<AccessUser> {
    return iteratePages({
      firstPage: query.page ?? 1,
      call: calls.list.name,
      idOf: (user: AccessUser) => user.id,
      fetchPage: async (page) => {
        const fetched = await fetchPage({ perPage: ITERATE_PAGE_SIZE, ...query, page }, call);
        // By the API document the total counts everybody, whatever was asked for.
        const isFiltered = (query.email ?? query.name ?? query.search) !== undefined;
        return isFiltered ? { ...fetched, totalCount: null } : fetched;
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

  const get = (id: string, call?: CallOptions) => readOne(AccessUser, calls.get, { user_id: id }, call);

  async function findByEmail(email: string, call?: CallOptions): Promise<AccessUser[]> {
    const asked = email.trim();
    if (asked === "") throw new TypeError("email must not be empty");
    const found = await search(asked, call);
    const folded = asked.toLowerCase();
    // Whether Cloudflare's filter folds case is not documented; people type addresses in either case.
    return found.length === 0 && folded !== asked ? search(folded, call) : found;
  }

  async function confirmGone(user: { id: string; email: string }, call?: CallOptions): Promise<Whereabouts> {
    if ((await orNull(get(user.id, call))) !== null) return "there";
    // Without an address only the whole list can tell.
    const listed = user.email === "" ? iterate({}, call) : await findByEmail(user.email, call);
    let other: AccessUser | undefined;
    for await (const one of listed) {
      if (one.id === user.id) return "there";
      if (user.email !== "") other ??= one;
    }
    return other === undefined ? "gone" : { other };
  }

  return {
    list: async (query = {}, call) => {
      const { rowCount: _, ...page } = await fetchPage(query, call);
      return page;
    },
    iterate,
    findByEmail,
    get,
    confirmGone,
    create: async (input, call) => readWritten(await http.send(calls.create, { body: input }, call)),
    update: async (id, input, call) =>
      readWritten(await http.send(calls.update, { ids: { user_id: id }, body: input }, call)),
    remove: async (id, call) => receiptOf(await http.send(calls.remove, { ids: { user_id: id } }, call)),
    activeSessions: (id, call) => readRows(ActiveSession, calls.activeSessions, { user_id: id }, call),
    activeSession: (id, nonce, call) =>
      readOne(SessionIdentity, calls.activeSession, { user_id: id, nonce }, call),
    lastSeenIdentity: (id, call) => readOne(Identity, calls.lastSeenIdentity, { user_id: id }, call),
    failedLogins: (id, call) => readRows(FailedLogin, calls.failedLogins, { user_id: id }, call),
  };
}

/** Done means that the answer shows the user; who it is then, is read again. */
function readWritten(answer: Answer): WriteReceipt {
  readResult(AccessUser, answer);
  return receiptOf(answer);
}
