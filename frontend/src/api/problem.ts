/** One thing that is wrong in a request: where (a JSON pointer; a line, of what has lines), and why. */
export interface ProblemDetail {
  pointer?: string
  line?: number
  code: string
  detail?: string
}

interface ProblemBody {
  code?: string
  title?: string
  detail?: string
  traceId?: string
  retryAfter?: number
  errors?: ProblemDetail[]
}

/** An answer that says no: a problem document (RFC 9457), or what stands for one when nobody answered (status 0). */
export class ProblemError extends Error {
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly traceId: string
  readonly errors: ProblemDetail[]
  readonly retryAfter: number

  constructor(
    readonly status: number,
    body: ProblemBody,
  ) {
    super(body.detail || body.title || body.code || String(status))
    this.name = 'ProblemError'
    this.code = body.code ?? (status === 0 ? 'offline' : 'unknown')
    this.title = body.title ?? ''
    this.detail = body.detail ?? ''
    this.traceId = body.traceId ?? ''
    this.errors = body.errors ?? []
    this.retryAfter = body.retryAfter ?? 0
  }
}

/** Reads the problem of an answer that is not ok. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const body = (await response.json().catch(() => ({}))) as ProblemBody
  const wait = Number(response.headers.get('Retry-After'))
  return new ProblemError(response.status, {
    ...body,
    retryAfter: body.retryAfter ?? (Number.isFinite(wait) ? wait : 0),
    traceId: body.traceId ?? response.headers.get('X-Request-Id') ?? '',
  })
}

/** The problem of anything that was thrown. */
export function asProblem(thrown: unknown): ProblemError {
  if (thrown instanceof ProblemError) return thrown
  return new ProblemError(-1, { code: 'console', title: '', detail: thrown instanceof Error ? thrown.message : String(thrown) })
}
