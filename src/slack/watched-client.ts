import { WebClient, type WebClientOptions } from "@slack/web-api";

/** Told of each call that ended, with what was thrown (null where Slack took it) and the milliseconds that it took. */
export type OnSlackCall = (method: string, error: unknown, ms: number) => void;

/** A client that tells of its calls; failures are thrown as always. */
export class WatchedClient extends WebClient {
  readonly #onCall: OnSlackCall;

  constructor(token: string, options: WebClientOptions, onCall: OnSlackCall) {
    super(token, options);
    this.#onCall = onCall;
  }

  override async apiCall(
    ...[method, args]: Parameters<WebClient["apiCall"]>
  ): ReturnType<WebClient["apiCall"]> {
    const startedAt = performance.now();
    try {
      const answer = await super.apiCall(method, args);
      this.#onCall(method, null, performance.now() - startedAt);
      return answer;
    } catch (error) {
      this.#onCall(method, error, performance.now() - startedAt);
      throw error;
    }
  }
}
