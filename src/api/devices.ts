import { readCall, writeCall, ZERO_TRUST_READ, ZERO_TRUST_WRITE, type Call } from "./call.ts";
import type { CallOptions, Cloudflare, CursorPage, RegistrationQuery, WriteReceipt } from "./cloudflare.ts";
import { readList, readResult, receiptOf } from "./envelope.ts";
import { readCount, readText } from "./fields.ts";
import type { Http } from "./http.ts";
import { collect, iterateCursors } from "./paginate.ts";
import { PhysicalDevice, Registration, sameEmail } from "./schema.ts";

const DEVICES = "/accounts/{account_id}/devices";
const REGISTRATIONS = `${DEVICES}/registrations` as const;
const PHYSICAL = `${DEVICES}/physical-devices` as const;

export const deviceCalls = {
  registrations: readCall("list registrations", REGISTRATIONS, ZERO_TRUST_READ),
  revokeRegistrations: writeCall("revoke registrations", `POST ${REGISTRATIONS}/revoke`, ZERO_TRUST_WRITE),
  unrevokeRegistrations: writeCall(
    "unrevoke registrations",
    `POST ${REGISTRATIONS}/unrevoke`,
    ZERO_TRUST_WRITE,
  ),
  deleteRegistrations: writeCall("delete registrations", `DELETE ${REGISTRATIONS}`, ZERO_TRUST_WRITE),
  revokeDevices: writeCall("revoke devices", `POST ${DEVICES}/revoke`, ZERO_TRUST_WRITE),
  physicalDevices: readCall("list physical devices", PHYSICAL, ZERO_TRUST_READ),
  physicalDevice: readCall("get physical device", `${PHYSICAL}/{device_id}`, ZERO_TRUST_READ),
  revokePhysicalDevice: writeCall(
    "revoke physical device",
    `POST ${PHYSICAL}/{device_id}/revoke`,
    ZERO_TRUST_WRITE,
  ),
};

/** Cloudflare's limit for the deprecated call. */
const MAX_REVOKED_DEVICES = 200;

export function createDevices(http: Http): Cloudflare["devices"] {
  async function fetchPage(
    query: RegistrationQuery = {},
    call?: CallOptions,
  ): Promise<CursorPage<Registration>> {
    const { userIds, ids, deviceIds, status, perPage, cursor } = query;
    const wire = { "user.id": userIds, id: ids, "device.id": deviceIds, status, per_page: perPage, cursor };
    const answer = await http.send(deviceCalls.registrations, { query: wire }, call);
    const { rows } = readList(Registration, { answer, log: http.log, list: answer.result });
    return {
      // Another's registration must never stand here as this user's, should a filter be ignored.
      items: rows.filter(
        ({ id, userId, deviceId }) =>
          (ids?.includes(id) ?? true) &&
          (deviceId === null || (deviceIds?.includes(deviceId) ?? true)) &&
          (userId === null || (userIds?.includes(userId) ?? true)),
      ),
      cursor: readText(answer.resultInfo["cursor"]),
      totalCount: readCount(answer.resultInfo["total_count"]),
    };
  }

  async function fetchPhysical(email: string, cursor: string | undefined, call?: CallOptions) {
    const query = { "last_seen_user.email": email, cursor };
    const answer = await http.send(deviceCalls.physicalDevices, { query }, call);
    const { rows } = readList(PhysicalDevice, { answer, log: http.log, list: answer.result });
    return {
      // Should the filter be ignored, another's device must not stand here as this user's.
      items: rows.filter(({ lastUserEmail }) => sameEmail(lastUserEmail ?? "", email)),
      cursor: readText(answer.resultInfo["cursor"]),
    };
  }

  /** A write on the registrations named in the query, without a body. */
  function changeRegistrations(call: Call) {
    return async (ids: string[], options?: CallOptions): Promise<WriteReceipt> => {
      checkIds(ids);
      return receiptOf(await http.send(call, { query: { id: ids } }, options));
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
      return receiptOf(await http.send(deviceCalls.revokeDevices, { body: ids }, call));
    },
    physicalDevices: async (email, call) => {
      if (email.trim() === "") throw new TypeError("email must not be empty");
      return collect(
        iterateCursors({
          call: deviceCalls.physicalDevices.name,
          firstCursor: undefined,
          idOf: (device: PhysicalDevice) => device.id,
          fetchPage: (cursor) => fetchPhysical(email, cursor, call),
        }),
      );
    },
    physicalDevice: async (id, call) =>
      readResult(
        PhysicalDevice,
        await http.send(deviceCalls.physicalDevice, { ids: { device_id: id } }, call),
      ),
    revokePhysicalDevice: async (id, call) =>
      receiptOf(await http.send(deviceCalls.revokePhysicalDevice, { ids: { device_id: id } }, call)),
  };
}

/** Without an id in it, a write meant for some registrations might be read as one for all. */
function checkIds(ids: string[]): void {
  if (ids.length === 0) throw new TypeError("at least one id is needed");
  if (ids.some((id) => id.trim() === "")) throw new TypeError("an id must not be empty");
}
