import type { CallOptions, Cloudflare, WriteReceipt } from "../../api/cloudflare.ts";
import { isCloudflareFailure } from "../../api/errors.ts";
import { changeExisting } from "../../lookup/registrations.ts";
import type { PlanWith } from "../define.ts";
import { joinReceipts, raysOf, type Receipt } from "../receipt.ts";
import type { DeviceAction, DeviceOptions } from "./options.ts";

/** The deprecated call refuses more; the others get no more at once either: ids travel in the address. */
const BATCH = 200;

/**
 * Sends the change for those that exist. Repeating a batch is harmless, so a failure in the middle starts over from
 * the first.
 */
export async function changeChosen(
  cloudflare: Cloudflare,
  { target, options }: PlanWith<DeviceAction, DeviceOptions>,
  send: (ids: string[], call?: CallOptions) => Promise<WriteReceipt>,
  call?: CallOptions,
): Promise<Receipt> {
  const receipts: WriteReceipt[] = [];
  for (let from = 0; from < options.registrations.length; from += BATCH) {
    const ids = options.registrations.slice(from, from + BATCH).map((one) => one.id);
    try {
      const { receipt } = await changeExisting(cloudflare, { userId: target.id, ids }, (some) =>
        send(some, call),
      );
      if (receipt !== null) receipts.push(receipt);
    } catch (error) {
      if (isCloudflareFailure(error)) error.earlierRays = raysOf(receipts);
      throw error;
    }
  }
  return joinReceipts(receipts);
}
