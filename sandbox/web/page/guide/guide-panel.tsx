import { type ReactElement, useState } from "react";
import type { GuideState, Playing } from "../../../scenarios/player.ts";
import { CurrentStep } from "./current-step.tsx";
import { ScenarioList } from "./scenario-list.tsx";
import type { AskGuide } from "./use-guide.ts";

const paces = [
  { seconds: 3, name: "Fast" },
  { seconds: 8, name: "Normal" },
  { seconds: 20, name: "Slow" },
];

/**
 * Three stories, one of them under way: which step is current, why it is taken, what to look at. It stands beside the
 * messages and never on them: on a phone it takes its room at the bottom, and can be folded.
 */
export function GuidePanel(props: {
  guide: GuideState;
  ask: AskGuide;
  /** Whether the page shows where the current step is to be seen. */
  isThere: boolean;
  onGo: () => void;
  /** Puts a line into the message field. */
  onFill: (text: string) => void;
  onClose: () => void;
}): ReactElement {
  const { ask, guide } = props;
  const { playing } = guide;
  const [isFolded, setIsFolded] = useState(false);
  return (
    <aside className="guide" aria-labelledby="guide-title" data-folded={isFolded || undefined}>
      <header className="guide-header">
        <h2 id="guide-title">{playing === null ? "Guide" : playing.title}</h2>
        {playing !== null && <Progress playing={playing} />}
        <button
          type="button"
          className="icon-button guide-fold"
          aria-label={isFolded ? "Unfold the guide" : "Fold the guide"}
          aria-expanded={!isFolded}
          onClick={() => setIsFolded(!isFolded)}
        >
          <span aria-hidden="true">{isFolded ? "▴" : "▾"}</span>
        </button>
        <button type="button" className="icon-button" aria-label="Close guide" onClick={props.onClose}>
          <span aria-hidden="true">✕</span>
        </button>
      </header>
      <p className="visually-hidden" role="status">
        {playing !== null && (playing.steps[playing.current]?.title ?? "The end")}
      </p>
      {/* oxlint-disable-next-line jsx_a11y/no-noninteractive-tabindex -- so that the arrow keys can scroll it */}
      <div
        // Each step is read from its top.
        key={playing?.current}
        className="guide-body"
        role="region"
        aria-label="Steps"
        tabIndex={0}
      >
        {playing === null ? (
          <ScenarioList scenarios={guide.scenarios} ask={ask} />
        ) : (
          <>
            <CurrentStep
              playing={playing}
              ask={ask}
              isThere={props.isThere}
              onGo={props.onGo}
              onFill={props.onFill}
            />
            <AllSteps playing={playing} />
          </>
        )}
      </div>
      {playing !== null && (
        <footer className="guide-footer">
          <label>
            Speed{" "}
            <select
              value={guide.pace}
              onChange={(event) => ask({ do: "pace", seconds: Number(event.target.value) })}
            >
              {withOwn(guide.pace).map(({ seconds, name }) => (
                <option key={seconds} value={seconds}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <button type="button" className="button" onClick={() => ask({ do: "stop" })}>
            All scenarios
          </button>
        </footer>
      )}
    </aside>
  );
}

/** The pace that the sandbox was started with may be none of the three. */
function withOwn(pace: number): typeof paces {
  if (paces.some(({ seconds }) => seconds === pace)) return paces;
  return [...paces, { seconds: pace, name: `${pace} s a step` }];
}

function Progress({ playing: { current, steps } }: { playing: Playing }): ReactElement {
  const step = Math.min(current + 1, steps.length);
  return (
    <span className="guide-progress">
      <progress aria-label="Steps done" max={steps.length} value={current} />
      <span className="visually-hidden">Step </span>
      {step}/{steps.length}
    </span>
  );
}

function AllSteps({ playing: { current, steps } }: { playing: Playing }): ReactElement {
  return (
    <details className="guide-all">
      <summary>All steps</summary>
      <ol>
        {steps.map(({ title, doneBy }, index) => (
          <li key={title} aria-current={index === current ? "step" : undefined}>
            <span aria-hidden="true">{doneBy === null ? (index === current ? "▸" : "○") : "✓"}</span>
            <span>
              {title}
              {doneBy !== null && <span className="visually-hidden">, done</span>}
              {doneBy === "you" && <span className="guide-by"> by you</span>}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
