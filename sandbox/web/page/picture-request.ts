import type { AnyBlock } from "@slack/types";

/** What `renderPicture` hands over, as JSON in the address. */
export interface PictureRequest {
  blocks: AnyBlock[];
  /** CSS pixels. */
  width: number;
  name: string;
  ephemeral: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  timeZone: string;
  people: { id: string; realName: string }[];
  userGroups: { id: string; handle: string }[];
}
