// What a program that uses the client looks like: it starts a leave request, and approves it.
import { diom, type Problem } from "./client.js";

function explain(error: Problem | undefined): never {
  throw new Error(`${error?.code}: ${error?.detail}`);
}

export async function approveLeave(baseUrl: string, username: string, password: string): Promise<string> {
  const anonymous = diom({ baseUrl });
  const login = await anonymous.POST("/auth/login", { body: { username, password } });
  if (!login.data) explain(login.error);
  const client = diom({ baseUrl, token: login.data.accessToken, language: "zh-CN" });

  const started = await client.POST("/api/v1/processes/{key}/start", {
    params: { path: { key: "leave" }, header: { "Idempotency-Key": "leave-2026-001" } },
    body: { businessKey: "2026-001", variables: { days: 3 } },
  });
  if (!started.data) explain(started.error);

  const found = await client.POST("/api/v1/tasks:search", {
    body: { parameters: { view: "todo" }, condition: { all: [{ variable: "days", operator: "ge", value: 3 }, { field: "processKey", value: "leave" }] }, limit: 10 },
  });
  const first = found.data?.items[0];
  if (!first) return started.data.instance.state;

  const done = await client.POST("/api/v1/tasks/{id}/complete", {
    params: { path: { id: first.id } },
    body: { outcome: "approve", comment: "同意" },
  });
  if (!done.data) explain(done.error);
  return done.data.instance.state;
}
