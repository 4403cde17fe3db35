import { WebClient, type WebClientOptions } from "@slack/web-api";

/** Told of each call that Slack refused or left unanswered. */
export type OnSlackFailure = (method: string, error: unknown) => void;

/** A client that tells of its failures, which are thrown as always. */
export class WatchedClient extends WebClient {
  readonly #onFailure: OnSlackFailure;

  constructor(token: string, options: WebClientOptions, onFailure: OnSlackFailure) {
    super(token, options);
    this.#onFailure = onFailure;
  }

  override async apiCall(
    ...[method, args]: Parameters<WebClient["apiCall"]>
  ): ReturnType<WebClient["apiCall"]> {
    try {
      return await super.apiCall(method, args);
    } catch (error) {
      this.#onFailure(method, error);
      throw error;
    }
  }
}
