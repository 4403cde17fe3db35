import type { ReactElement } from "react";
import type { Playing, ShownStep } from "../../../scenarios/player.ts";
import type { AskGuide } from "./use-guide.ts";

interface StepProps {
  playing: Playing;
  ask: AskGuide;
  isThere: boolean;
  onGo: () => void;
  onFill: (text: string) => void;
}

/** What the last step has brought, and the step in hand: why, how, and the buttons to have it done. */
export function CurrentStep(props: StepProps): ReactElement {
  const { ask, playing } = props;
  const { current, moral, name, steps, trouble } = playing;
  const before = steps[current - 1];
  const step = steps[current];
  return (
    <>
      {before !== undefined && (
        <p className="guide-look">
          <strong>Look:</strong> {before.look}
        </p>
      )}
      {step === undefined ? (
        <section className="guide-step">
          <h3>The end</h3>
          <p>{moral}</p>
          <div className="guide-buttons">
            <button
              type="button"
              className="button"
              onClick={() => ask({ do: "start", scenario: name, mode: "playing" })}
            >
              Play again
            </button>
            <GoThere {...props} />
          </div>
        </section>
      ) : (
        <section className="guide-step">
          <h3>{step.title}</h3>
          <p>{step.why}</p>
          <ByHand step={step} {...props} />
          {trouble !== null && (
            <p className="guide-trouble" role="alert">
              {trouble}
            </p>
          )}
          <Buttons step={step} {...props} />
        </section>
      )}
    </>
  );
}

function ByHand({ step, playing, isThere, onFill }: StepProps & { step: ShownStep }): ReactElement | null {
  const { byHand, isAutomatic, types } = step;
  // While the guide does it, how to do it is only in the way.
  if (playing.mode === "playing" && !isAutomatic) return null;
  return (
    <>
      <p className="guide-hand">{byHand}</p>
      {types !== null && <code className="guide-types">{types}</code>}
      {types?.startsWith("/") && isThere && (
        <button type="button" className="button guide-fill" onClick={() => onFill(types)}>
          Put it in the message field
        </button>
      )}
    </>
  );
}

function Buttons(props: StepProps & { step: ShownStep }): ReactElement {
  const { ask, playing, step } = props;
  const isPlaying = playing.mode === "playing";
  return (
    <div className="guide-buttons">
      {!step.isAutomatic && (
        <button
          type="button"
          className="button button-primary"
          aria-busy={playing.isActing}
          onClick={() => ask({ do: "step" })}
        >
          {isPlaying ? "Now" : "Do it for me"}
        </button>
      )}
      <button type="button" className="button" onClick={() => ask({ do: isPlaying ? "pause" : "play" })}>
        {isPlaying ? "Pause" : "Play"}
      </button>
      <GoThere {...props} />
    </div>
  );
}

function GoThere({ isThere, onGo }: Pick<StepProps, "isThere" | "onGo">): ReactElement | null {
  if (isThere) return null;
  return (
    <button type="button" className="button" onClick={onGo}>
      Go there
    </button>
  );
}
