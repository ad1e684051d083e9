import type { FastifyInstance } from "fastify";

/** Lets the routes of this scope read what a plain HTML form sends. */
export function takeForms(scope: FastifyInstance): void {
  scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
}
