/** What this folder sees of the records: its sessions, and the registry's people. */
export interface PeopleTables {
  person: {
    email: string;
    role: string;
    password_hash: string;
    enabled: number;
    version: number;
  };
  person_kitchen: { email: string; sppg_id: string };
  person_session: PersonSessionRow;
  person_command: PersonCommandRow;
}

/** A command that a person has sent under a key of their own, and its answer. */
export interface PersonCommandRow {
  email: string;
  key_sha256_hex: string;
  request_sha256_hex: string;
  /** `null`: it is being carried out, or its process has died. */
  sealed_answer: string | null;
  begun_at_ms: number;
}

export interface PersonSessionRow {
  token_sha256_hex: string;
  session_id: string;
  email: string;
  /** A hash over the person as they were at sign-in: see `printOf`. */
  person_print: string;
  created_at_ms: number;
  last_seen_at_ms: number;
  expires_at_ms: number;
  address: string | null;
  user_agent: string | null;
}
