import type { ReactElement } from "react";
import type { GuideState } from "../../../scenarios/player.ts";
import type { AskGuide } from "./use-guide.ts";

/** The stories that can be played: by the guide, or step by step with one's own hands. */
export function ScenarioList(props: { scenarios: GuideState["scenarios"]; ask: AskGuide }): ReactElement {
  const start = (scenario: string, mode: "playing" | "paused") => () =>
    props.ask({ do: "start", scenario, mode });
  return (
    <ul className="scenarios">
      {props.scenarios.map(({ name, title, about, steps }) => (
        <li key={name}>
          <h3>{title}</h3>
          <p>{about}</p>
          <div className="guide-buttons" role="group" aria-label={title}>
            <button type="button" className="button button-primary" onClick={start(name, "playing")}>
              Play {steps} steps
            </button>
            <button type="button" className="button" onClick={start(name, "paused")}>
              Step by step
            </button>
          </div>
        </li>
      ))}
    </ul>
  );
}
