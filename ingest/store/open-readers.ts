import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { openForReading } from "./database.ts";

/** A month of days, its month and its year stay open; each holds some 100 KB and its pages. */
const openReadersMax = 48;

interface Opened<Reader> {
  reader: Reader;
  database: DatabaseSync;
  inode: number;
}

/** Files opened for reading, kept by what they are: one that was replaced is opened anew. */
export class OpenReaders<Reader> {
  readonly #open = new Map<string, Opened<Reader>>();
  readonly #create: (database: DatabaseSync) => Reader;

  constructor(create: (database: DatabaseSync) => Reader) {
    this.#create = create;
  }

  /** Reads one state of the file; `null` if there is none. */
  read<Result>(path: string, work: (reader: Reader) => Result): Result | null {
    const opened = this.#get(path);
    if (opened === null) return null;
    const { database, reader } = opened;
    try {
      database.exec("BEGIN");
      return work(reader);
    } catch (error) {
      // It may be damaged, or be replaced in this moment: the next one looks again.
      this.#close(path);
      throw error;
    } finally {
      if (database.isOpen && database.isTransaction) database.exec("COMMIT");
    }
  }

  close(): void {
    for (const path of this.#open.keys()) this.#close(path);
  }

  #get(path: string): Opened<Reader> | null {
    const inode = statSync(path, { throwIfNoEntry: false })?.ino;
    const found = this.#open.get(path);
    if (found !== undefined && found.inode === inode) {
      this.#open.delete(path);
      this.#open.set(path, found);
      return found;
    }
    this.#close(path);
    if (inode === undefined) return null;
    const [oldest] = this.#open.keys();
    if (this.#open.size >= openReadersMax && oldest !== undefined) this.#close(oldest);
    const database = openForReading(path);
    try {
      if (isBeingMade(database)) {
        database.close();
        return null;
      }
      const opened = { database, reader: this.#create(database), inode };
      this.#open.set(path, opened);
      return opened;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #close(path: string): void {
    this.#open.get(path)?.database.close();
    this.#open.delete(path);
  }
}

/** Its tables come with its layout, in one commit: nothing has been written before that. */
function isBeingMade(database: DatabaseSync): boolean {
  return database.prepare("PRAGMA user_version").get()?.["user_version"] === 0;
}
