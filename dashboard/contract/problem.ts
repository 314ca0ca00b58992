import * as z from "zod/mini";

/** A problem document [RFC 9457]. `code` is stable; a screen says it in its own language. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.optional(z.string()),
    issues: z
      .optional(z.array(z.object({ path: z.string(), message: z.string() })))
      .check(z.describe("Which parameter or field, e.g. `query.from`, and what it must be")),
  })
  .check(z.meta({ id: "Problem" }));

export type Problem = z.infer<typeof problemSchema>;
