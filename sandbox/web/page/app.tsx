import { type ReactElement, useEffect } from "react";
import { Client } from "./client.tsx";
import { useRoute } from "./route.ts";
import { useSlackState, useStart } from "./slack-client.ts";

/** The whole page, once a person's workspace has arrived. */
export function App(): ReactElement {
  const [route, go] = useRoute();
  const start = useStart();
  const wanted = route.user ?? start?.user;
  const { state, connected, refused } = useSlackState(wanted);

  useEffect(() => {
    // An old address may name someone who is not in this workspace.
    if (refused && start && route.user !== start.user) go(start);
  }, [refused, start, route.user, go]);

  if (state === undefined || wanted === undefined) {
    return (
      <main className="waiting">
        <h1>zt-bot sandbox</h1>
        <p role="status">
          {connected ? "Opening the workspace…" : "The sandbox does not answer. Is it running?"}
        </p>
      </main>
    );
  }
  return <Client state={state} connected={connected} wanted={wanted} start={start} />;
}
