import { validateMessage, validateView } from "../validate.ts";
import type { Problem } from "../validate.ts";
import { ApiError } from "./method.ts";
import type { ApiArgs, ApiMethod } from "./method.ts";

/** https://docs.slack.dev/reference/methods/blocks.validate: one of `blocks`, `message` and `view`, and nothing is shown. */
export const blockMethods: ApiMethod[] = [
  {
    name: "blocks.validate",
    run(_context, args) {
      const problems = findProblems(args);
      if (problems.length === 0) return {};
      throw new ApiError("invalid_blocks", {
        errors: problems.map(({ pointer, message }) => ({ pointer, code: "failed_constraint", message })),
      });
    },
  },
];

function findProblems({ blocks, message, view }: ApiArgs): Problem[] {
  const given = [blocks, message, view].filter((each) => each !== undefined);
  if (given.length !== 1) throw new ApiError("invalid_arguments");
  if (view !== undefined) return validateView(view);
  // The words beside the blocks are none of its business.
  const shown = blocks ?? (message as { blocks?: unknown } | null)?.blocks;
  return validateMessage({ text: "not looked at", blocks: shown });
}
