/**
 * What docs/voice.md rules out and cspell can't see, as it is more than a word: in anything that a person reads. Single
 * words stand in cspell.json.
 */
export const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\bin vain\b/i, "failed"],
  [/\bany more\b/i, "no longer"],
  [
    /\b(?:a|of (?:its|their)) (?:problem )?of (?:its|their) own\b|\bproblem of its own\b/i,
    "name the problem",
  ],
  [/\basked (?:for )?by\b/i, "requested by"],
  [/\b(?:done|do it|did it|act|acted|acts) alone\b/i, "break-glass"],
  [/\b(?:has a say|no say)\b/i, "approver"],
  // Without a word beside them they are values.
  [/\b(?:no|some|every)body(?= \w)|(?<=\w[:,]? )(?:no|some|every)body\b/i, "no one, someone, everyone"],
  [/\bonce more\b/i, "again"],
  [/\bwho asked\b/i, "the requester"],
  [/\b(?:logs?|logged|log) in\b|\blog-ins?\b/i, "sign in, sign-in"],
  [/\bcould not be (?:read|looked up|reached)\b/i, "can't read, is unknown"],
  [/\bis no (?:time|page)\b/i, "can't read … as a …"],
  [/\bhas to be mended\b|\bto mend\b/i, "fix"],
  [/\bidentity provider(?! \(IdP\))\b/i, "IdP"],
];
