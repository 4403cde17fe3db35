/**
 * A newer version of zt-bot made this request, and this one doesn't know all of its plan. While replicas are upgraded one by
 * one it is left to the newer ones: nothing of it is changed, shown or carried out here.
 */
export class NewerRequestError extends Error {
  override readonly name = "NewerRequestError";
  readonly requestId: string;

  constructor(requestId: string, cause: unknown) {
    super(`request ${requestId} was made by a newer version of zt-bot`, { cause });
    this.requestId = requestId;
  }
}
