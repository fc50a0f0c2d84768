// A client whose paths, parameters, bodies and answers are those of openapi.yaml.
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, paths } from "./schema.js";
export type Problem = components["schemas"]["Problem"];
export type DIOM = Client<paths>;

export interface Options {
  baseUrl: string;
  // The access token, or what returns the present one.
  token?: string | (() => string | undefined);
  // The language of problem documents.
  language?: "en" | "zh-CN";
  fetch?: (request: Request) => Promise<Response>;
}

// diom returns a client. Every answer has either data or, as error, a problem document.
export function diom(options: Options): DIOM {
  const client = createClient<paths>({ baseUrl: options.baseUrl, fetch: options.fetch });
  const identify: Middleware = {
    onRequest({ request }) {
      const token = typeof options.token === "function" ? options.token() : options.token;
      if (token) request.headers.set("Authorization", `Bearer ${token}`);
      if (options.language) request.headers.set("Accept-Language", options.language);
      return request;
    },
  };
  client.use(identify);
  return client;
}
