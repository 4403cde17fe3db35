/** What keeps a database from being read or written, in the database's own words. They hold no data of ours. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
}
