import { isCancel, log, password, select, text } from "@clack/prompts";

/** It can't go on: a sentence or two for the person who set it up. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}

export interface Question {
  message: string;
  /** What to do where nobody can be asked: a whole sentence. */
  instead: string;
}

/** How people are asked, and told. */
export interface Ask {
  /** Whether there is somebody to ask. */
  isInteractive: boolean;
  /** Nothing of it is shown. @throws SetupError */
  secret(question: Question): Promise<string>;
  /** @throws SetupError */
  text(question: Question): Promise<string>;
  /** One of several. @throws SetupError */
  choose(question: Question, options: { value: string; label: string }[]): Promise<string>;
  say(what: string): void;
  warn(what: string): void;
  /** The last line. */
  stop(what: string): void;
}

export function createAsk(isInteractive: boolean): Ask {
  const answerTo = async <Value>(
    asked: () => Promise<Value | symbol>,
    { instead }: Question,
  ): Promise<Value> => {
    if (!isInteractive) throw new SetupError(instead);
    const answer = await asked();
    if (isCancel(answer)) throw new SetupError("Cancelled. Nothing was written.");
    return answer as Value;
  };
  const trimmed = async (asked: () => Promise<string | symbol>, question: Question): Promise<string> =>
    ((await answerTo<string | undefined>(asked, question)) ?? "").trim();
  const lines = (write: (line: string) => void) => (what: string) => write(`${what}\n`);
  const out = lines((line) => process.stdout.write(line));
  return {
    isInteractive,
    secret: (question) => trimmed(() => password({ message: question.message }), question),
    text: (question) => trimmed(() => text({ message: question.message }), question),
    choose: (question, options) =>
      answerTo<string>(() => select({ message: question.message, options }), question),
    say: isInteractive ? (what) => log.info(what) : out,
    warn: isInteractive ? (what) => log.warn(what) : out,
    stop: isInteractive ? (what) => log.step(what) : out,
  };
}

/** What a value was found to be; `why` it is not one, as a sentence. */
export type Checked<Found> = { ok: true; found: Found } | { ok: false; why: string };

/**
 * A value that works: the one that is known, or asked for until one does.
 * @throws SetupError where nobody can be asked
 */
export async function settle<Found>(
  ask: Ask,
  known: string | undefined,
  askFor: () => Promise<string>,
  check: (value: string) => Promise<Checked<Found>>,
): Promise<{ value: string; found: Found }> {
  let value = known;
  for (;;) {
    value ??= await askFor();
    const checked = await check(value);
    if (checked.ok) return { value, found: checked.found };
    if (!ask.isInteractive) throw new SetupError(checked.why);
    ask.warn(checked.why);
    value = undefined;
  }
}
