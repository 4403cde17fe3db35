import type { WriteReceipt } from "../api/cloudflare.ts";
import type { CloudflareFailure } from "../api/errors.ts";

/** What came of one attempt: of one call, of several in a row, or of none where it was so already. */
export interface Receipt {
  /** Of the last answer; null where nothing was sent. */
  cfRay: string | null;
  status: number | null;
  /** Of every answer, in order, where there were several. */
  cfRays?: readonly string[];
  /** It was so already: this attempt changed nothing. */
  wasSo?: true;
  /** The call of several that Cloudflare refused for good, while the others were accepted. */
  refusedStep?: string;
}

export const NOTHING_SENT: Receipt = { cfRay: null, status: null, wasSo: true };

/** Of calls that are parts of one: each has a ray of its own in Cloudflare's audit log. */
export function joinReceipts(receipts: readonly WriteReceipt[]): Receipt {
  const last = receipts.at(-1);
  if (last === undefined) return NOTHING_SENT;
  return receipts.length === 1 ? last : { ...last, cfRays: raysOf(receipts) };
}

export function raysOf(receipts: readonly WriteReceipt[]): string[] {
  return receipts.flatMap(({ cfRay }) => cfRay ?? []);
}

/** What the record holds of an attempt that Cloudflare accepted. */
export function recordedReceipt({
  status,
  cfRay,
  cfRays,
  wasSo,
  refusedStep,
}: Receipt): Record<string, unknown> {
  return {
    ok: true,
    status,
    cf_ray: cfRay,
    ...(cfRays === undefined ? {} : { cf_rays: cfRays }),
    ...(wasSo === true ? { was_so: true } : {}),
    ...(refusedStep === undefined ? {} : { refused_step: refusedStep }),
  };
}

/** The rays of an attempt that failed, for the record: what went well before it is in Cloudflare's audit log too. */
export function recordedRays({ cfRay, earlierRays }: CloudflareFailure): Record<string, unknown> {
  return {
    cf_ray: cfRay,
    ...(earlierRays.length === 0 ? {} : { cf_rays: [...earlierRays, ...(cfRay === null ? [] : [cfRay])] }),
  };
}
