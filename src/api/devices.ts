import { defineCalls, ZERO_TRUST_READ, ZERO_TRUST_WRITE } from "./call.ts";
import type { Call } from "./call.ts";
import type { CallOptions, Cloudflare, CursorPage, RegistrationQuery, WriteReceipt } from "./cloudflare.ts";
import { readList } from "./envelope.ts";
import { readCount, readText } from "./fields.ts";
import type { Http } from "./http.ts";
import { iterateCursors } from "./paginate.ts";
import { toIsoTime } from "./query.ts";
import type { Query } from "./query.ts";
import { Registration } from "./schema.ts";

const REGISTRATIONS = "/accounts/{account_id}/devices/registrations";

export const deviceCalls = defineCalls({
  registrations: {
    name: "list registrations",
    method: "GET",
    path: REGISTRATIONS,
    permission: ZERO_TRUST_READ,
    mode: "read",
  },
  revokeRegistrations: {
    name: "revoke registrations",
    method: "POST",
    path: `${REGISTRATIONS}/revoke`,
    permission: ZERO_TRUST_WRITE,
    mode: "write",
  },
  unrevokeRegistrations: {
    name: "unrevoke registrations",
    method: "POST",
    path: `${REGISTRATIONS}/unrevoke`,
    permission: ZERO_TRUST_WRITE,
    mode: "write",
  },
  deleteRegistrations: {
    name: "delete registrations",
    method: "DELETE",
    path: REGISTRATIONS,
    permission: ZERO_TRUST_WRITE,
    mode: "write",
  },
  revokeDevices: {
    name: "revoke devices",
    method: "POST",
    path: "/accounts/{account_id}/devices/revoke",
    permission: ZERO_TRUST_WRITE,
    mode: "write",
  },
});

/** Cloudflare's limit for the deprecated call. */
const MAX_REVOKED_DEVICES = 200;

export function createDevices(http: Http): Cloudflare["devices"] {
  async function fetchPage(
    query: RegistrationQuery = {},
    call?: CallOptions,
  ): Promise<CursorPage<Registration>> {
    const answer = await http.send(deviceCalls.registrations, { query: toQuery(query) }, call);
    return {
      items: readList(Registration, { answer, log: http.log, list: answer.result }).rows,
      cursor: readText(answer.resultInfo["cursor"]),
      totalCount: readCount(answer.resultInfo["total_count"]),
    };
  }

  /** A write on the registrations named in the query, without a body. */
  function changeRegistrations(call: Call) {
    return async (ids: string[], options?: CallOptions): Promise<WriteReceipt> => {
      checkIds(ids);
      const { facts } = await http.send(call, { query: { id: ids } }, options);
      return { cfRay: facts.cfRay, status: facts.status };
    };
  }

  return {
    registrations: fetchPage,
    iterateRegistrations: (query = {}, call) =>
      iterateCursors({
        call: deviceCalls.registrations.name,
        firstCursor: query.cursor,
        idOf: (registration: Registration) => registration.id,
        fetchPage: (cursor) => fetchPage({ ...query, cursor }, call),
      }),
    revokeRegistrations: changeRegistrations(deviceCalls.revokeRegistrations),
    unrevokeRegistrations: changeRegistrations(deviceCalls.unrevokeRegistrations),
    deleteRegistrations: changeRegistrations(deviceCalls.deleteRegistrations),
    revokeDevices: async (ids, call) => {
      checkIds(ids);
      if (ids.length > MAX_REVOKED_DEVICES) {
        throw new RangeError(`at most ${MAX_REVOKED_DEVICES} devices can be revoked in one call`);
      }
      const { facts } = await http.send(deviceCalls.revokeDevices, { body: ids }, call);
      return { cfRay: facts.cfRay, status: facts.status };
    },
  };
}

function toQuery(query: RegistrationQuery): Query {
  return {
    "user.id": query.userIds,
    id: query.ids,
    "device.id": query.deviceId,
    "policy.id": query.policyId,
    status: query.status,
    seen_after: toIsoTime(query.seenAfter),
    seen_before: toIsoTime(query.seenBefore),
    search: query.search,
    sort_by: query.sortBy,
    sort_order: query.sortOrder,
    per_page: query.perPage,
    cursor: query.cursor,
  };
}

/** Without an id in it, a write meant for some registrations might be read as one for all. */
function checkIds(ids: string[]): void {
  if (ids.length === 0) throw new TypeError("at least one id is needed");
  if (ids.some((id) => id.trim() === "")) throw new TypeError("an id must not be empty");
}
