import type { AnyRoute, Route } from '@lawbook/api/schema/route';
import type { Result } from '@lawbook/exchange/failures/result';
import { accepted } from '@lawbook/exchange/failures/result';
import type { Asker } from '../gatewayCore.ts';

/** A request that was validated and whose caller is known. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly asker: Asker;
  /** A request header by lower-case name. */
  readonly header: (name: string) => string | undefined;
}

/** What a success answers with; the status is 200 unless stated. */
export interface Answer<R> {
  readonly body: R;
  readonly status?: number;
}

type Handler<P, Q, B, R> = (call: Call<P, Q, B>) => Result<Answer<R>> | Promise<Result<Answer<R>>>;

/** A route with the code behind it. */
export interface Endpoint {
  readonly route: AnyRoute;
  readonly serve: Handler<unknown, unknown, unknown, unknown>;
}

/** Ties code to a route; the compiler holds it to the route's types. */
export function endpoint<P, Q, B, R>(
  route: Route<P, Q, B, R>,
  serve: Handler<P, Q, B, R>,
): Endpoint {
  return {
    route: route as unknown as AnyRoute,
    serve: serve as Handler<unknown, unknown, unknown, unknown>,
  };
}

/** A plain success. */
export function answer<R>(body: R): Result<Answer<R>> {
  return accepted({ body });
}
