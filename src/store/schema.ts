import type { Generated } from "kysely";

/** Every time is epoch milliseconds. JSON is text in both databases: it is read whole and never queried. */
export interface Database {
  requests: RequestsTable;
  posts: PostsTable;
  audit: AuditTable;
  request_targets: RequestTargetsTable;
  drafts: DraftsTable;
  deliveries: DeliveriesTable;
  audit_head: AuditHeadTable;
  audit_sinks: AuditSinksTable;
  target_locks: TargetLocksTable;
  switches: SwitchesTable;
  authenticators: AuthenticatorsTable;
  code_tries: CodeTriesTable;
  homes: HomesTable;
  threads: ThreadsTable;
  thread_replies: ThreadRepliesTable;
  block_ends: BlockEndsTable;
  incidents: IncidentsTable;
  incident_people: IncidentPeopleTable;
  incident_entries: IncidentEntriesTable;
  watches: WatchesTable;
  watch_events: WatchEventsTable;
  rate_limits: RateLimitsTable;
  rate_permits: RatePermitsTable;
}

export interface RequestsTable {
  id: string;
  team_id: string;
  action: string;
  /** The frozen plan, as canonical JSON; `plan_hash` is its SHA-256. */
  plan: string;
  plan_hash: string;
  /** What was known of the target when it was asked for, as JSON. */
  evidence: string;
  target_id: string;
  target_email: string;
  requester_id: string;
  /** The channel where it was asked for: the reply and, later, an incident belong there. */
  origin_channel: string;
  reason: string;
  status: string;
  /** What came of it, as JSON: the answer, the verification, the error. */
  result: string | null;
  created_at: number;
  expires_at: number;
  decided_at: number | null;
  decided_by: string | null;
  decision_reason: string | null;
  started_at: number | null;
  finished_at: number | null;
  /** Grows by one with every change a reader of the card should see. */
  version: number;
  /** The version that the card in Slack shows; 0 before it is posted. */
  card_version: number;
  card_channel: string;
  card_ts: string | null;
  /** Set just before the card is first posted: a later attempt looks for that card before posting another. */
  card_attempted_at: number | null;
  /** The publisher of this request's messages holds it until then, so that each is posted by one. */
  publishing_until: number | null;
  /** What keeps its messages from being posted: Slack's code, or see slackTroubleOf. null when nothing does. */
  trouble: string | null;
  trouble_since: number | null;
  /** Somebody stopped a request about several users while it was carried out. */
  stopped_at: number | null;
  stopped_by: string | null;
  /** Who agreed, in order, as JSON; only ever added to. */
  votes: Generated<string>;
  /** Their number: each addition says how many it has seen. */
  vote_count: Generated<number>;
  /** 1: a target was protected when it was asked for. */
  is_protected: Generated<number>;
  /** 1: of such requests with the same plan only one is open at a time; null for those made before there was a rule. */
  once: number | null;
  /** What keeps an approved request from being carried out now, as JSON. */
  held: string | null;
  /** Grows whenever a replica takes the request to carry it out, or to post its messages: see requests/lease.ts. */
  execution_fence: Generated<number>;
  publishing_fence: Generated<number>;
  /** Who carries it out holds it until then. */
  execution_until: number | null;
  /** When it is to be carried out, or looked at again; null: nothing is to be done. */
  execution_due: number | null;
  /** How often in a row carrying it out ended in an error of ours. */
  execution_failures: Generated<number>;
  /** Messages that Slack did not take are not tried again before this. */
  publishing_due: number | null;
  /** When approvers or reviewers are reminded next; null: not again. */
  nudge_at: number | null;
  reminders: Generated<number>;
  /** Since when the second group may approve as well. */
  escalated_at: number | null;
  /** When no approver was there to be reached; null: somebody was, or it was not looked at yet. */
  nobody_there_at: number | null;
  /** Who acted alone and why, as JSON. */
  break_glass: string | null;
  /** Who looked at that afterwards and what they say, as JSON. */
  review: string | null;
  /** Since when somebody should look at it; null: nobody has to (any more). */
  review_due: number | null;
  /** Who is back since it took their access away, as JSON: see watch/watch.ts. */
  back: Generated<string | null>;
}

/** Which request works on which user now: two never do at the same time. */
export interface TargetLocksTable {
  /** The Access user's id; of someone to be created, the email address in lower case. */
  target: string;
  request_id: string;
  at: number;
}

/** Switches of the whole bot: there is a row while one is on. */
export interface SwitchesTable {
  /** "pause"; "policy", as it was last recorded; "verify", how the record was found last; "card-watch", "watch-look" and "pruning", when a replica last looked at the cards, at those who are watched, and for what is no longer needed. */
  name: string;
  /** Who and why, or what, as JSON. */
  data: string;
  at: number;
}

/** The users of a request, in the order in which they come; of several, position 0 comes first and alone. */
export interface RequestTargetsTable {
  request_id: string;
  position: number;
  target_id: string;
  email: string;
  name: string;
  /** waiting, sending (noted before the call is sent), sent (accepted), done (verified), failed, stopped. */
  state: string;
  /** Calls sent so far, and looks after an unclear one that told nothing. */
  attempts: number;
  /** Not before this is it taken up (again). */
  due_at: number;
  /** Of the first call, by Cloudflare's clock. */
  sent_at: number | null;
  /** When the last call's answer was recorded; null while nobody knows of one. */
  answered_at: Generated<number | null>;
  /** What stood before the first call, as JSON of the action's own; null: not read. */
  baseline: Generated<string | null>;
  /** What is known of this user's outcome, as JSON: see Outcome in requests/targets.ts. */
  outcome: Generated<string | null>;
  /** How often it was looked whether the call shows. */
  looks: Generated<number>;
  cf_ray: string | null;
  /** Why it failed or was not touched, in words for people. */
  note: string | null;
  /** What the last look at Cloudflare saw, in words for people. */
  checked: string | null;
}

/** What somebody asked for and has to confirm: a button's value is its id. Forgotten after a day. */
export interface DraftsTable {
  id: string;
  /** The Slack user whose it is: nobody else can go on with it. */
  asker: string;
  /** JSON. */
  data: string;
  created_at: number;
}

/** Messages to post, written in the transaction of the change they tell of, posted in order of `seq`. */
export interface PostsTable {
  seq: Generated<number>;
  request_id: string;
  /** Names the message within its request ("decision", "verification" …): the same one is written once. */
  key: string;
  surface: "thread" | "dm" | "channel";
  /** What the view needs, as JSON. */
  data: string;
  created_at: number;
  attempted_at: number | null;
  posted_at: number | null;
  channel: string | null;
  ts: string | null;
}

/**
 * Append-only, and a chain: triggers refuse UPDATE, DELETE and a row that does not follow the head. See
 * audit/chain.ts for what is hashed.
 */
export interface AuditTable {
  /** 1, 2, 3 …: without gaps, in the order of the transactions. */
  seq: number;
  at: number;
  team_id: string | null;
  request_id: string | null;
  /** A Slack user id, or "zt-bot" for what the bot does by itself. */
  actor: string;
  event: string;
  data: string;
  prev_hash: string;
  hash: string;
}

/** One row: the end of the chain. An append locks it until the transaction ends. */
export interface AuditHeadTable {
  id: number;
  seq: number;
  hash: string;
}

/** How far the record was forwarded to where, and who is at it now. */
export interface AuditSinksTable {
  sink: string;
  /** The last row that the sink took. */
  seq: number;
  /** Its hash; null before the first, and where the row was archived before hashes were kept here. */
  hash: Generated<string | null>;
  claimed_by: string | null;
  claimed_until: number;
}

export interface DeliveriesTable {
  /** Slack's id of the event. */
  id: string;
  at: number;
}

/** What people have set up to give codes with; rows stay, as votes name them. See approvals/step-up. */
export interface AuthenticatorsTable {
  id: string;
  /** A Slack user id. */
  user_id: string;
  /** Which STEP_UP_KEY the secret is sealed under: with another key, nobody has an authenticator. */
  key_id: string;
  /** Sealed: never in plain text. */
  secret: string;
  /** waiting (for somebody else's confirmation), effective, replaced, declined. */
  state: string;
  created_at: number;
  effective_at: number | null;
  /** Who confirmed it; its owner, where a code of the one before did. */
  confirmed_by: string | null;
  /** Six digits that an approver has to hear from its owner. */
  check_number: string;
  /** The last time step (of 30 s) whose code was taken: each is taken once. */
  last_step: number;
  /** The message that asks for the confirmation; null: not posted. */
  channel: string | null;
  ts: string | null;
}

/** Wrong codes of one person. */
export interface CodeTriesTable {
  user_id: string;
  /** Within the 15 minutes from `since` on. */
  wrong: number;
  since: number;
  locked_until: number;
}

/** Who has opened the App Home lately: theirs are kept up to date. */
export interface HomesTable {
  /** A Slack user id. */
  user_id: string;
  opened_at: number;
}

/** Blocks that end by themselves: see execution/block-ends.ts. */
export interface BlockEndsTable {
  request_id: string;
  list_id: string;
  /** In lower case. */
  email: string;
  ends_at: number;
  /** When it is tried next. */
  due_at: number;
  /** "open" or "ended". */
  state: string;
  attempts: Generated<number>;
}

/** Threads in Slack that are not a request's. The id is that of what it is about: an incident, a watch. */
export interface ThreadsTable {
  id: string;
  /** Who draws its messages: see threads/thread.ts. */
  kind: string;
  channel: string;
  /** Of the first message; null before it is posted. */
  ts: string | null;
  /** Of the reply that is the head since the first message was deleted; null: that is the head. */
  head_ts: string | null;
  /** Set just before the head is first posted: a later attempt looks for that one before posting another. */
  attempted_at: number | null;
  /** Grows with every change that the head message shows. */
  version: number;
  /** The version that Slack shows; 0 before it is posted. */
  shown_version: number;
  created_at: number;
  /** Of the replica that posts its messages. */
  publishing_until: number | null;
  publishing_fence: Generated<number>;
  /** What Slack did not take is not tried again before this. */
  publishing_due: number | null;
  /** What keeps its messages from Slack (a code: see slackTroubleOf), and since when. */
  trouble: string | null;
  trouble_since: number | null;
}

/** Messages in such a thread, posted in order of `seq`. */
export interface ThreadRepliesTable {
  seq: Generated<number>;
  thread_id: string;
  /** Names the message within its thread: the same one is written once. */
  key: string;
  /** What the view needs, as JSON. */
  data: string;
  /** Grows when the message is to be edited; as in threads. */
  version: number;
  shown_version: number;
  created_at: number;
  attempted_at: number | null;
  ts: string | null;
}

/** Incidents; their messages are in `threads` under the same id. */
export interface IncidentsTable {
  id: string;
  team_id: string;
  title: string;
  /** open, closed */
  status: string;
  /** 1 (worst) to 4. */
  severity: number;
  /** A Slack user id; null: no one's. */
  owner: string | null;
  channel: string;
  opened_by: string;
  opened_at: number;
  closed_by: string | null;
  closed_at: number | null;
  /** When the first request that takes access away was verified; null: none was. */
  first_contained_at: number | null;
  /** Since when no required gap is left; null: one is, or it is unknown. */
  contained_at: number | null;
}

/** Whom an incident is about. */
export interface IncidentPeopleTable {
  incident_id: string;
  /** The Access user's id. */
  target_id: string;
  email: string;
  name: string;
  /** In the order in which they were added. */
  position: number;
  /** Their row in Cloudflare's list of users as it was then, as JSON. */
  profile: string;
  added_at: number;
  /** null while they belong to it. */
  removed_at: number | null;
  /** What was last read of them, as JSON: see PersonSeen in incidents/gaps.ts. */
  seen: string | null;
  /** They are to be read (again) by then; null: not. */
  look_due: number | null;
  /** Who reads them has until then. */
  look_until: number | null;
  /** Who says that their account is disabled at the identity provider, a Slack user id; null: no one does. */
  idp_disabled_by: string | null;
  idp_disabled_at: number | null;
}

/** What belongs to an incident's story, in order; only ever added to. */
export interface IncidentEntriesTable {
  seq: Generated<number>;
  incident_id: string;
  /** Names the entry within its incident: the same one is written once. */
  key: string;
  /** note, amendment (of a note), request, event */
  kind: string;
  at: number;
  /** A Slack user id, or BOT. */
  actor: string;
  request_id: string | null;
  /** JSON. */
  data: string;
}

/** People who are watched for a time. */
export interface WatchesTable {
  id: string;
  team_id: string;
  /** Whose thread tells of it; null: it has a thread of its own, under its id. */
  request_id: string | null;
  /** The Access user's id. */
  user_id: string;
  email: string;
  name: string;
  asked_by: string;
  /** Who is mentioned, as JSON: Slack user ids. */
  tells: string;
  /** What came before does not count; by Cloudflare's clock. */
  since: number;
  started_at: number;
  until: number;
  /** active, ended, stopped, replaced. */
  state: string;
  ended_at: number | null;
  /** Who stopped it; the request that replaced it. */
  ended_by: string | null;
  /** Grows with each look: of two that look at once, one is written. */
  looks: Generated<number>;
  /** What was known after the last look, as JSON: see watch/look.ts. */
  memory: string;
}

/** What was seen of someone who is watched, each once. */
export interface WatchEventsTable {
  id: string;
  watch_id: string;
  /** Names it within its watch: the same one is told once. */
  key: string;
  at: number;
  /** 1: they are back. */
  is_return: number;
  /** What the view needs, as JSON. */
  data: string;
  told_at: number;
  /** Who said that it was to be expected. */
  expected_by: string | null;
  expected_at: number | null;
}

/** A rate that replicas share: its row is also what they queue at to count it. */
export interface RateLimitsTable {
  name: string;
  /** Cloudflare refuses calls until then, by the database's clock; 0: it does not. */
  paused_until: number;
}

/** Calls that one replica may make, or made: they count against the shared rate until `counts_until`. */
export interface RatePermitsTable {
  id: string;
  name: string;
  priority: string;
  calls: number;
  counts_until: number;
}
