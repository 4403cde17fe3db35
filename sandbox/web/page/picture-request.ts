import type { AnyBlock } from "@slack/types";
import type { StoredMessage } from "../../slack/types.ts";

/** What a picture shows: messages one below the other, or what a Home tab shows. */
export type PictureContent = { messages: StoredMessage[] } | { home: AnyBlock[] };

/** What `renderPicture` hands over, as JSON in the address. */
export interface PictureRequest {
  content: PictureContent;
  /** CSS pixels. */
  width: number;
  bot: { userId: string; name: string };
  /** Milliseconds since the epoch. */
  now: number;
  timeZone: string;
  people: { id: string; realName: string }[];
  userGroups: { id: string; handle: string }[];
}

/** What is to be known of a picture besides its pixels. */
export interface PictureFindings {
  /** The first line below who wrote it: for many readers it is the only one. */
  firstLine: string;
  /** What keeps it from being read, each a sentence. */
  problems: string[];
}
